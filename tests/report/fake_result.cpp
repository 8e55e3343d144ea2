#include "tests/report/fake_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/random.hpp"
#include "study/budget_winners.hpp"

namespace hwflow::report_test {
namespace {

constexpr std::array<double, 4> kLevelEnergy{6.0, 0.19, 0.03, 0.02};  // pJ per bit, DRAM inward
constexpr double kDramBits = 64.0;
constexpr double kUnits = 168.0;

struct Shape {
  std::string name;
  std::int64_t k, c, p, r;
};

std::vector<Shape> make_shapes() {
  std::vector<Shape> all{{"conv1", 16, 3, 32, 3}};
  std::int64_t before = 16;
  for (int stage = 1; stage <= 3; ++stage) {
    const std::int64_t channels = 8 << stage, size = 64 >> stage;
    for (int block = 1; block <= 3; ++block) {
      for (int conv = 1; conv <= 2; ++conv) {
        all.push_back(
            {fmt::format("stage{}.block{}.conv{}", stage, block, conv), channels, before, size, 3});
        before = channels;
      }
    }
  }
  all.push_back({"fc", 10, 64, 1, 1});
  return all;
}

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> kShapes = make_shapes();
  return kShapes;
}

study::LayerDetails layer_of(const Shape& shape, std::size_t index, PrecisionPair bits) {
  study::LayerDetails layer;
  layer.name = shape.name;
  layer.shape =
      fmt::format("k{} c{} p{} q{} r{} s{}", shape.k, shape.c, shape.p, shape.p, shape.r, shape.r);
  layer.plan_index = index;
  layer.weight_bits = bits.weights;
  layer.input_bits = bits.inputs;
  layer.output_bits = bits.inputs;
  const std::int64_t weights = shape.k * shape.c * shape.r * shape.r;
  const std::int64_t inputs = shape.c * shape.p * shape.p, outputs = shape.k * shape.p * shape.p;
  layer.macs = weights * shape.p * shape.p;
  const std::int64_t dram = weights * bits.weights + (inputs + outputs) * bits.inputs;
  layer.traffic_bits = {dram, dram * 3, layer.macs * (bits.weights + bits.inputs) / 8,
                        layer.macs * 16};
  layer.energy_by_component_pj.clear();
  for (std::size_t level = 0; level < kLevelEnergy.size(); ++level) {
    layer.energy_by_component_pj.push_back(kLevelEnergy[level] *
                                           static_cast<double>(layer.traffic_bits[level]));
  }
  layer.energy_by_component_pj.push_back(0.02 * static_cast<double>(dram));
  layer.energy_by_component_pj.push_back(0.0009 * static_cast<double>(layer.macs) * bits.weights *
                                         bits.inputs);
  for (const double energy : layer.energy_by_component_pj) layer.energy_pj += energy;
  layer.dram_bits = dram;
  const double lanes = 64.0 / (std::max(2, bits.weights) * std::max(2, bits.inputs));
  layer.peak_macs_per_cycle = kUnits * std::max(1.0, std::floor(lanes));
  layer.utilization = shape.p == 1 ? 0.06 : 0.86 - 0.004 * static_cast<double>(shape.p);
  const double compute =
      static_cast<double>(layer.macs) / (layer.peak_macs_per_cycle * layer.utilization);
  layer.compute_cycles = static_cast<std::int64_t>(std::ceil(compute));
  layer.cycles = std::max(layer.compute_cycles,
                          static_cast<std::int64_t>(static_cast<double>(dram) / kDramBits));
  layer.mapping = "DRAM: k2 | GLB: c4 p8 | x: q14 | PE: r3 s3";
  layer.loop_nest =
      "DRAM      for k in 0..2\nGLB         for c in 0..4\n              for p in 0..8\n"
      "array           parallel q in 0..14 (x)\nPE              for r in 0..3\n"
      "                  for s in 0..3";
  layer.mapping_optimal = shape.p != 1;
  layer.mapping_gap = shape.p == 1 ? 0.013 : 0.0;
  return layer;
}

std::vector<study::LayerDetails> layers_of(const CompressionPlan& plan,
                                           const std::vector<Shape>& left = shapes()) {
  std::vector<study::LayerDetails> layers;
  for (std::size_t i = 0; i < left.size(); ++i) {
    layers.push_back(layer_of(left[i], i, plan.layers[i]));
    layers.back().channels = left[i].k;
    layers.back().channels_whole = shapes()[i].k;
  }
  return layers;
}

study::EvaluatedPlan evaluate(const CompressionPlan& plan, int generation, study::Origin origin,
                              Rng& rng) {
  study::EvaluatedPlan evaluated;
  evaluated.plan = plan;
  evaluated.generation = generation;
  evaluated.origin = origin;
  double lost = 0.0;
  const auto layers = layers_of(plan);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    evaluated.hardware.energy_pj += layers[i].energy_pj;
    evaluated.hardware.cycles += layers[i].cycles;
    evaluated.hardware.dram_bits += layers[i].dram_bits;
    evaluated.hardware.macs += layers[i].macs;
    evaluated.hardware.model_bits +=
        shapes()[i].k * shapes()[i].c * shapes()[i].r * shapes()[i].r * plan.layers[i].weights;
    const double edge = i == 0 || i + 1 == layers.size() ? 2.0 : 1.0;
    lost += edge * (std::pow(2.0, -1.5 * plan.layers[i].weights) +
                    std::pow(2.0, -1.5 * plan.layers[i].inputs));
  }
  const double top1 = std::clamp(0.917 * std::exp(-0.05 * lost) + 0.0015 * rng.normal(), 0.1, 1.0);
  evaluated.accuracy = {static_cast<std::int64_t>(top1 * 5000.0), 5000};
  evaluated.objectives = {1.0 - evaluated.accuracy.top1(), evaluated.hardware.energy_pj,
                          static_cast<double>(evaluated.hardware.cycles)};
  return evaluated;
}

bool dominates(const study::EvaluatedPlan& a, const study::EvaluatedPlan& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.objectives.size(); ++i) {
    if (a.objectives[i] > b.objectives[i]) return false;
    better = better || a.objectives[i] < b.objectives[i];
  }
  return better;
}

void find_front(study::CodesignResult& result) {
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    result.evaluated[i].on_front =
        std::none_of(result.evaluated.begin(), result.evaluated.end(),
                     [&](const auto& other) { return dominates(other, result.evaluated[i]); });
    if (result.evaluated[i].on_front) result.front.push_back(i);
  }
  std::sort(result.front.begin(), result.front.end(), [&](std::size_t a, std::size_t b) {
    return result.evaluated[a].objectives < result.evaluated[b].objectives;
  });
}

void search(study::CodesignResult& result) {
  Rng rng(11);
  const std::size_t layers = shapes().size();
  for (const int bits : {8, 4, 2}) {
    CompressionPlan plan = CompressionPlan::uniform(layers, bits, bits);
    plan.layers.front() = plan.layers.back() = {8, 8};
    result.baselines.push_back(result.evaluated.size());
    result.evaluated.push_back(evaluate(plan, 0, study::Origin::uniform, rng));
  }
  for (int generation = 0; generation <= 10; ++generation) {
    for (int i = 0; i < 30; ++i) {
      CompressionPlan plan = CompressionPlan::uniform(layers, 4, 4);
      const std::int64_t low = rng.between(2, 5), high = rng.between(low, 8);
      for (auto& pair : plan.layers) {
        pair = {static_cast<int>(rng.between(low, high)), static_cast<int>(rng.between(low, high))};
      }
      const auto origin = generation == 0 ? study::Origin::random : study::Origin::offspring;
      result.evaluated.push_back(evaluate(plan, generation, origin, rng));
    }
    result.generations.push_back({generation, 33 + 30 * generation, 12 + 3 * generation,
                                  0.62 - 0.2 * std::exp(-0.35 * generation)});
  }
  find_front(result);
  result.algorithm = "nsga2";
  result.accuracy_evaluations = static_cast<std::int64_t>(result.evaluated.size());
}

void show(study::CodesignResult& result, std::size_t evaluated, const std::string& label,
          const std::string& reason, bool baseline) {
  study::PlanDetails plan;
  plan.label = label;
  plan.reason = reason;
  plan.baseline = baseline;
  plan.evaluated = evaluated;
  plan.size = {result.network.channels, result.network.macs, result.network.parameters};
  plan.layers = layers_of(result.evaluated[evaluated].plan);
  const double top1 = result.evaluated[evaluated].accuracy.top1();
  result.evaluated[evaluated].confirmed = {static_cast<std::int64_t>(4'000 * (top1 - 0.002)),
                                           4'000};
  plan.test_fake_quantized = {static_cast<std::int64_t>(10'000 * (top1 + 0.004)), 10'000};
  plan.test_integer = {static_cast<std::int64_t>(10'000 * (top1 + 0.0035)), 10'000};
  plan.held_out = {static_cast<std::int64_t>(4'000 * (top1 + 0.003)), 4'000};
  plan.finetune_seconds = 73.5;
  plan.files = {fmt::format("picks/{}.qdq.onnx", evaluated)};
  result.plans.push_back(plan);
}

void choose(study::CodesignResult& result) {
  show(result, 0, "uniform 8/8", "", true);
  show(result, 1, "uniform 4/4", "", true);
  show(result, 2, "uniform 2/2", "", true);
  const std::size_t n = result.front.size();
  show(result, result.front[n / 12], "least energy within 0.5 points",
       "Its search accuracy is within 0.5 points of float, and no such plan needs less energy.",
       false);
  show(result, result.front[n / 4], "knee", "Farthest from the line between the front's ends.",
       false);
  result.paired_tests.push_back({3, 0, 9010, 71, 83, 836, -0.0012, -0.0036, 0.0012, 0.376});
  result.paired_tests.push_back({3, 1, 8830, 251, 96, 823, 0.0155, 0.0119, 0.0191, 1.2e-17});
  const auto& a = result.evaluated[result.plans[3].evaluated].hardware;
  const auto& b = result.evaluated[0].hardware;
  const auto share = [](auto x, auto y) {
    return 1.0 - static_cast<double>(x) / static_cast<double>(y);
  };
  result.headline = study::Saving{3,
                                  0,
                                  share(a.energy_pj, b.energy_pj),
                                  share(a.cycles, b.cycles),
                                  share(a.dram_bits, b.dram_bits),
                                  share(a.model_bits, b.model_bits),
                                  share(a.macs, b.macs)};
  result.tolerance = 0.005;
  result.finetune_epochs = 2;
}

}  // namespace

study::CodesignResult fake_result() {
  study::CodesignResult result;
  result.run_id = "20261123-0512-3f9a";
  result.started = "2026-11-23T05:12:44Z";
  result.version = "0.1.0";
  result.training_code = "5a1c09e4d7b3f286";
  result.hardware_code = "e07d44b1926c38fa";
  result.seed = 7;
  result.threads = 2;
  result.study_name = "ResNet-20 on Eyeriss";
  result.config_yaml =
      "schema: 1\nname: ResNet-20 on Eyeriss\nnetwork: resnet20\nsearch:\n"
      "  population: 30\n  generations: 10\n  seed: 7\n";
  result.config_hash = "9d1c7f02a6be4e11";
  result.network = {"resnet20", "built in", 40'551'040, 269'722, {}, {}, {}, 698};
  for (const Shape& shape : shapes()) {
    result.network.compute_layers.push_back(shape.name);
    result.network.layer_weights.push_back(shape.k * shape.c * shape.r * shape.r);
    result.network.layer_macs.push_back(result.network.layer_weights.back() * shape.p * shape.p);
  }
  result.accelerator = {"eyeriss",
                        "row-stationary array of 12 x 14 processing elements",
                        "Chen et al., JSSC 2017",
                        "65 nm",
                        "eyeriss_65nm",
                        200.0,
                        168,
                        kDramBits,
                        {"DRAM", "GLB", "spad", "accumulator"}};
  result.data = "cifar10";
  result.accuracy_method = "calibrated post-training quantization, 512 images";
  result.float_search = {4588, 5000};
  result.float_confirmation = {3668, 4000};
  result.float_test = train::AccuracyEstimate{9214, 10'000};
  result.objectives = {study::Objective::accuracy, study::Objective::energy,
                       study::Objective::latency};
  result.energy_components = {"DRAM", "GLB", "spad", "accumulator", "NoC", "MAC"};
  search(result);
  choose(result);
  result.mappings_searched = 1204;
  result.mappings_reused = 5566;
  result.phases = {{"mapping", 41.2}, {"search", 512.8}, {"finish", 221.0}, {"export", 3.1}};
  return result;
}

namespace {

/// Layers [first, last) of a plan as one part of its schedule.
study::GroupDetails part_of(const study::PlanDetails& plan, std::size_t first, std::size_t last) {
  study::GroupDetails group;
  group.is_fused = last - first > 1;
  if (group.is_fused) {
    group.tile = "4 x 32, 2 parts";
    group.policies = "halos retained, bands of rows, weights: 1 of 2 stay";
  }
  group.peak_buffer_bits = 80000;
  group.energy_by_component_pj.assign(plan.layers[first].energy_by_component_pj.size(), 0.0);
  for (std::size_t l = first; l < last; ++l) {
    const study::LayerDetails& layer = plan.layers[l];
    group.members.push_back({layer.name, layer.shape, layer.plan_index, layer.weight_bits,
                             layer.input_bits, layer.output_bits, layer.macs});
    group.energy_pj += layer.energy_pj;
    group.cycles += layer.cycles;
    group.dram_bits += layer.dram_bits;
    for (std::size_t c = 0; c < group.energy_by_component_pj.size(); ++c)
      group.energy_by_component_pj[c] += layer.energy_by_component_pj[c];
  }
  return group;
}

void fuse(study::CodesignResult& result) {
  result.schedule = "fused";
  for (auto& plan : result.plans) {
    plan.groups = {part_of(plan, 0, 4), part_of(plan, 4, 5), part_of(plan, 5, plan.layers.size())};
    plan.layers = {plan.layers[4]};
  }
}

}  // namespace

study::CodesignResult pruned_result() {
  study::CodesignResult result = fake_result();
  std::vector<Shape> halves = shapes();
  for (Shape& shape : halves) {
    if (&shape != &halves.front()) shape.c /= 2;
    if (&shape != &halves.back()) shape.k /= 2;
  }
  study::PlanDetails& pick = result.plans[3];
  study::EvaluatedPlan& evaluated = result.evaluated[pick.evaluated];
  evaluated.plan.channels = {8, 16, 32};
  pick.layers = layers_of(evaluated.plan, halves);
  evaluated.hardware = {};
  for (const study::LayerDetails& layer : pick.layers) {
    evaluated.hardware.energy_pj += layer.energy_pj;
    evaluated.hardware.cycles += layer.cycles;
    evaluated.hardware.dram_bits += layer.dram_bits;
    evaluated.hardware.macs += layer.macs;
  }
  pick.size = {354, 10'248'512, 68'050};
  return result;
}

study::CodesignResult budgeted_result() {
  using study::Objective;
  study::CodesignResult result = fake_result();
  const study::HardwareCost& whole = result.evaluated.front().hardware;
  result.budget_reference = {"uniform 8/8", whole};
  const auto energy = study::BudgetLimit{Objective::energy, 0.5, 0.5 * whole.energy_pj};
  const auto latency =
      study::BudgetLimit{Objective::latency, 0.375, 0.375 * static_cast<double>(whole.cycles)};
  const auto model =
      study::BudgetLimit{Objective::model_size, 0.1, 0.1 * static_cast<double>(whole.model_bits)};
  result.budget_winners = {{{energy}, false, 0, std::nullopt},
                           {{latency}, false, 0, std::nullopt},
                           {{model}, false, 0, std::nullopt},
                           {{energy, latency}, true, 0, std::nullopt}};
  static_cast<void>(study::find_winners(result.budget_winners, result.evaluated, {}));
  return result;
}

study::CodesignResult resilient_result() {
  study::CodesignResult result = fake_result();
  result.objectives.push_back(study::Objective::failure_rate);
  result.normalisers.push_back(1.0);
  result.hypervolume_reference.push_back(1.0);
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    study::EvaluatedPlan& plan = result.evaluated[i];
    plan.hardware.failure_rate = 1e-9 * static_cast<double>(plan.hardware.model_bits);
    plan.objectives.push_back(plan.hardware.failure_rate);
  }
  study::ResilienceSummary found;
  found.sites = {"weights", "activations"};
  found.bit_rate = 1e-7;
  found.images = 256;
  found.calibrated_on = {"uniform 2/2", "uniform 8/8"};
  found.risks = {{"weights", "conv1", 8, 1000, 3, 0.003, 0.001}};
  study::FailureCheck check{0, 2e-5, 2e-6, 3e-5, 1e-5, 9e-5, 8000, 8000, 1000, 3};
  for (const study::PlanDetails& plan : result.plans) {
    check.evaluated = plan.evaluated;
    found.plans.push_back(check);
  }
  for (const std::size_t i : {0U, 1U}) {
    check.evaluated = i;
    found.drawn.push_back(check);
  }
  found.rank_correlation = 1.0;
  result.resilience = found;
  return result;
}

study::CodesignResult leveled_result() {
  study::CodesignResult result = fake_result();
  const std::size_t layers = result.network.compute_layers.size();
  int generation = 0;
  for (const study::Abstraction model :
       {study::Abstraction::coarse, study::Abstraction::mid, study::Abstraction::fine}) {
    const int number = static_cast<int>(model);
    study::LevelSummary level;
    level.model = model;
    level.widths.assign(layers, {{2, 4, 8}, {4, 8}});
    level.space_log10 = 21.0 - 4.2 * number;
    level.priced = 333 - number;
    level.skipped = model == study::Abstraction::fine ? 120 : 0;
    for (int i = 0; i < 4; ++i, ++generation) {
      const double volume = 0.62 - 0.2 * std::exp(-0.3 * generation);
      study::GenerationSummary summary{generation, 33 + 27 * generation, 20 + generation,
                                       volume + 0.05 * (2 - number)};
      summary.final_hypervolume = volume;
      summary.schedules_searched = number < 2 ? 0 : 700 + 40 * i;
      summary.seconds = 11.5 * (generation + 1);
      level.generations.push_back(summary);
    }
    const double share = 0.5 + 0.25 * number;
    for (const std::size_t i : result.front) {
      const auto& plan = result.evaluated[i];
      study::HardwareCost cost = plan.hardware;
      cost.energy_pj *= share;
      cost.cycles = static_cast<std::int64_t>(share * static_cast<double>(cost.cycles));
      const bool is_priced = number > 0 || i % 3 != 0;
      level.front.push_back(
          {plan.plan, plan.accuracy, cost, is_priced ? std::optional(i) : std::nullopt});
    }
    result.levels.push_back(std::move(level));
  }
  result.generations = result.levels.back().generations;
  return result;
}

study::CodesignResult fused_result() {
  study::CodesignResult result = fake_result();
  fuse(result);
  return result;
}

study::CodesignResult hostile_fused_result() {
  study::CodesignResult result = hostile_result();
  fuse(result);
  for (auto& plan : result.plans)
    for (auto& group : plan.groups) group.tile = group.policies = kHostile;
  return result;
}

study::CodesignResult hostile_result() {
  study::CodesignResult result = fake_result();
  for (std::string* text :
       {&result.run_id, &result.started, &result.version, &result.study_name, &result.config_yaml,
        &result.config_hash, &result.network.name, &result.network.source, &result.accelerator.name,
        &result.accelerator.description, &result.accelerator.source, &result.accelerator.technology,
        &result.accelerator.energy_table, &result.data, &result.accuracy_method,
        &result.training_code, &result.hardware_code, &result.search_caveat}) {
    *text = kHostile;
  }
  for (auto& level : result.accelerator.level_names) level = kHostile;
  for (auto& layer : result.network.compute_layers) layer = kHostile;
  for (auto& component : result.energy_components) component = kHostile;
  for (auto& phase : result.phases) phase.name = kHostile;
  for (auto& plan : result.plans) {
    plan.label = plan.reason = kHostile;
    plan.files = {kHostile};
    for (auto& layer : plan.layers) {
      layer.name = layer.shape = layer.mapping = layer.loop_nest = kHostile;
    }
  }
  return result;
}

namespace {

study::DesignPoint point_of(const study::EvaluatedPlan& plan, int design) {
  const double size = design + 1.0;
  return {{4.0, 64.0 * size, 8.0, 1024.0, 2048.0, 0.0},
          {static_cast<double>(plan.hardware.cycles) / size,
           static_cast<double>(plan.hardware.dram_bits), 5000.0 * size, 20.0 * size}};
}

study::CodesignResult with_designs(study::CodesignResult result) {
  result.objectives = {study::Objective::accuracy, study::Objective::latency,
                       study::Objective::dram};
  result.energy_components.clear();
  result.accelerator.level_names = {"DRAM"};
  for (study::PlanDetails& plan : result.plans) {
    for (study::LayerDetails& layer : plan.layers) {
      layer.energy_by_component_pj.clear();
      layer.traffic_bits = {layer.dram_bits};
    }
  }
  study::HardwareSearchSummary found;
  found.order = "nested";
  found.space = "overlay";
  found.objectives = {"latency", "dram", "lut", "bram"};
  found.size_names = {"dm", "dk", "dn", "bm", "bn", "rule"};
  found.designs = 1234;
  found.reference_design = "8 x 64 x 8, 4096 / 4096 entries";
  found.reference = {{8.0, 64.0, 8.0, 4096.0, 4096.0, 0.0}, {1e6, 2e7, 15'301.0, 128.0}};
  found.reference_widths = {8, 8};
  found.limits = {6.5e5, 1.26e7, 13'924.0, 52.48};
  found.least_accuracy = 0.8;
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    const study::EvaluatedPlan& plan = result.evaluated[i];
    found.strategies.push_back({plan.plan, plan.generation, true, 0.0, 0.25, 30, 3, true, i});
    found.chosen.push_back(point_of(plan, 0));
    found.chosen_designs.emplace_back("4 x 64 x 8, 1024 / 2048 entries");
  }
  while (found.strategies.size() < 400) {
    found.strategies.push_back(
        {result.evaluated[0].plan, 3, false, 0.5, 0.0, 30, 0, false, std::nullopt});
  }
  for (const std::size_t i : result.front) {
    for (int design = 0; design < 3; ++design) {
      found.pairs.push_back({i, point_of(result.evaluated[i], design),
                             fmt::format("4 x {} x 8, 1024 / 2048 entries", 64 * (design + 1))});
    }
  }
  for (const study::GenerationSummary& generation : result.generations) {
    found.curve.push_back({generation.generation, generation.evaluations + 20,
                           generation.evaluations, 3 * generation.front_size,
                           generation.hypervolume, 2.0 * generation.generation,
                           0.1 * generation.generation, 4.0 * generation.generation});
  }
  // Uniform plans on designs of their own: three quarters of the cycles and half of the traffic.
  for (const study::PlanDetails& plan : result.plans) {
    if (!plan.baseline) continue;
    const study::EvaluatedPlan& shown = result.evaluated[plan.evaluated];
    study::HardwareCost cost = shown.hardware;
    cost.cycles = cost.cycles * 3 / 4;
    cost.dram_bits /= 2;
    found.own_designs.push_back({plan.evaluated, point_of(shown, 1),
                                 "4 x 128 x 8, 1024 / 2048 entries", cost,
                                 plan.evaluated % 2 == 0});
  }
  result.hardware_search = std::move(found);
  return result;
}

}  // namespace

study::CodesignResult designed_result() { return with_designs(fake_result()); }
study::CodesignResult hostile_designed_result() { return with_designs(hostile_result()); }

}  // namespace hwflow::report_test
