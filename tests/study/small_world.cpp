#include "tests/study/small_world.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "workload/network_builder.hpp"

namespace hwflow::study {

Network small_network() {
  NetworkBuilder net;
  const Window window{.kernel = 3, .pad = 1};
  const NodeId input = net.input({4, 8, 8});
  const NodeId first = net.conv_bias("conv1", input, 4, window, Activation::relu);
  const NodeId second = net.conv_bias("conv2", first, 4, window, Activation::relu);
  const NodeId third = net.conv_bias("conv3", second, 8, window, Activation::relu);
  net.fully_connected("fc", third, 10);
  return std::move(net).finish("small");
}

chip::Accelerator small_accelerator() {
  chip::Accelerator::Fields fields;
  fields.name = "small";
  chip::MemoryLevel dram;
  dram.name = "DRAM";
  dram.keeps = {{true, true, true}};
  dram.read_energy_pj_per_bit = dram.write_energy_pj_per_bit = 10.0;
  chip::MemoryLevel buffer = dram;
  buffer.name = "buffer";
  buffer.capacity_bits = 8 * 1024 * 8;
  buffer.read_energy_pj_per_bit = buffer.write_energy_pj_per_bit = 1.0;
  buffer.fanout.x = 2;
  buffer.fanout.y = 2;
  fields.levels = {dram, buffer};
  fields.engine.kind =
      chip::VectorisedEngine{8, {2, 4, 8}, chip::VectorisedEngine::Fusion::spatial};
  fields.engine.reference_weight_bits = fields.engine.reference_input_bits = 8;
  fields.float_bits = 8;
  return chip::Accelerator::make(fields).value();
}

Study small_study() {
  Study study;
  study.study = "small";
  study.network = "small";
  study.accelerator = "small";
  study.search.population = 8;
  study.search.generations = 4;
  study.finish.picks = 3;
  return study;
}

Expected<chip::MappingResult> map_by_formula(const Layer& layer) {
  chip::MappingResult result;
  result.mapping.levels.resize(2);
  std::int64_t dram_bits = 0, output_bits = 0;
  for (const Operand& operand : layer.op.operands()) {
    const std::int64_t bits = operand.elements() * bits_of(layer.bits, operand.role);
    dram_bits += bits;
    if (operand.role == Role::outputs) output_bits += bits;
  }
  const std::int64_t macs = layer.op.iterations();
  result.cost.levels.resize(2);
  result.cost.levels[0].energy_pj = static_cast<double>(output_bits);
  result.cost.mac_energy_pj = static_cast<double>(macs * layer.bits.weights * layer.bits.inputs);
  result.cost.energy_pj = result.cost.levels[0].energy_pj + result.cost.mac_energy_pj;
  result.cost.cycles = macs * layer.bits.weights;
  result.cost.dram_bits = dram_bits;
  return result;
}

Expected<LayerCost> bound_by_formula(const Layer& layer, Abstraction model) {
  const Expected<chip::MappingResult> fine = map_by_formula(layer);
  const bool is_coarse = model == Abstraction::coarse;
  LayerCost bound;
  bound.energy_pj = fine->cost.mac_energy_pj / (is_coarse ? layer.bits.inputs : 1);
  bound.cycles = fine->cost.cycles / (is_coarse ? 2 : 1);
  for (const Operand& operand : layer.op.operands()) {
    const std::int64_t bits = operand.elements() * bits_of(layer.bits, operand.role);
    if (operand.role == Role::weights || (operand.role == Role::inputs && !is_coarse)) {
      bound.dram_bits += bits;
    }
  }
  return bound;
}

SmallModels::SmallModels()
    : fine(small_network(), small_accelerator(), HardwareOptions{}, map_by_formula),
      mid(small_network(), small_accelerator(), HardwareOptions{},
          [](const Layer& layer) { return bound_by_formula(layer, Abstraction::mid); }),
      coarse(small_network(), small_accelerator(), HardwareOptions{},
             [](const Layer& layer) { return bound_by_formula(layer, Abstraction::coarse); }) {}

LevelModels SmallModels::all() {
  LevelModels models(fine);
  models.mid = &mid;
  models.coarse = &coarse;
  return models;
}

std::vector<std::int32_t> FakeAccuracyModel::counts_by_score(double share,
                                                             std::span<const std::size_t>) {
  ++scorings;
  std::vector<std::int32_t> counts{4, 4, 8};
  auto surplus = std::llround((1.0 - share) * 16.0);
  for (std::size_t group = 3; group-- > 0;) {
    const auto removed = std::min<std::int64_t>(surplus, counts[group] - 1);
    counts[group] -= static_cast<std::int32_t>(removed);
    surplus -= removed;
  }
  return counts;
}

std::int64_t fake_errors(const CompressionPlan& plan) {
  std::int64_t errors = 0;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    errors += (8 - plan.layers[i].weights) * static_cast<std::int64_t>(i + 1) +
              (8 - plan.layers[i].inputs);
  }
  return errors;
}

namespace {

train::AccuracyEstimate confirmed(const CompressionPlan& plan) {
  const std::int64_t errors = 2 * fake_errors(plan);
  return {2000 - errors - (errors > 0 ? 20 : 0), 2000};
}

}  // namespace

std::optional<train::PlanAccuracy> FakeAccuracyModel::evaluate(const CompressionPlan& plan,
                                                               std::stop_token stop) {
  const int number = ++evaluations;
  if (before_evaluation) before_evaluation(number);
  if (remember_asked) asked.push_back(plan);
  if (trains && stop.stop_requested()) return std::nullopt;
  return train::PlanAccuracy{{1000 - fake_errors(plan), 1000},
                             trains ? std::optional(confirmed(plan)) : std::nullopt};
}

std::optional<train::AccuracyEstimate> FakeAccuracyModel::confirm(const CompressionPlan& plan,
                                                                  std::stop_token) {
  ++confirmations;
  return confirmed(plan);
}

std::optional<train::IntegerNetwork> FakeAccuracyModel::integers(const CompressionPlan& plan,
                                                                 std::stop_token) {
  return train::IntegerNetwork{small_network(), {}, {}, {}, plan};
}

std::optional<train::FinishedPlan> FakeAccuracyModel::finish(const CompressionPlan& plan,
                                                             const train::FinetuneOptions& options,
                                                             const train::ReportFinish& progress,
                                                             std::stop_token stop) {
  ++finishes;
  if (progress) progress({0.5, "epoch 1 of 2"});
  if (within_finish) within_finish();
  if (stop.stop_requested()) return std::nullopt;
  const std::int64_t wrong = 20 + fake_errors(plan) / (options.epochs > 0 ? 8 : 4);
  std::vector<std::uint8_t> correct(200, 1);
  std::fill_n(correct.begin(), std::min<std::int64_t>(wrong, 200), std::uint8_t{0});
  const std::int64_t right = std::count(correct.begin(), correct.end(), 1);
  const Network network = small_network();
  std::vector<train::IntegerNode> nodes(network.nodes().size());
  nodes[1].inputs = {{0.5, -8, 7, plan.layers[0].inputs}};
  nodes[1].compute = train::IntegerCompute{{1, -2, 3}, {1, 3}, {0.25}, -8, 7, 4, {7}};
  train::AccuracyEstimate held_out = confirmed(plan);
  held_out.correct = 2000 - (2000 - held_out.correct) / (options.epochs > 0 ? 4 : 1);
  return train::FinishedPlan{{right, 200},
                             {right, 200},
                             held_out,
                             std::move(correct),
                             {network, std::move(nodes), {0.5F}, {0.25F}, plan},
                             1.5};
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hwflow-study-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<RunStore> open_store(const std::filesystem::path& file) {
  return std::move(RunStore::open(file)).value();
}

}  // namespace hwflow::study
