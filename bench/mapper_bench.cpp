// Mappings evaluated and bounded per second, and seconds to map layers of ResNet-18.
// Run: build/bench/mapper_bench --benchmark_min_time=1
#include <benchmark/benchmark.h>

#include <map>
#include <set>
#include <string>

#include "base/check.hpp"
#include "base/random.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/cost/semantics.hpp"
#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/candidate_evaluator.hpp"
#include "chip/mapper/loop_moves.hpp"
#include "chip/mapper/mapper.hpp"

namespace {

using namespace hwflow;

Layer make_layer(std::int64_t k, std::int64_t c, std::int64_t size) {
  ConvShape shape;
  shape.out_channels = k;
  shape.in_channels = c;
  shape.in_height = shape.in_width = size;
  shape.kernel_height = shape.kernel_width = 3;
  shape.pad_top = shape.pad_bottom = shape.pad_left = shape.pad_right = 1;
  auto op = make_convolution(shape);
  HWFLOW_CHECK(op.has_value(), "a ResNet-18 layer");
  return {"conv", *op, {}};
}

chip::Accelerator make_machine(const char* name) {
  auto loaded = chip::load_accelerator(name);
  HWFLOW_CHECK(loaded.has_value(), "a built-in accelerator");
  return *loaded;
}

/// Legal loop nests near a good one: what a search meets.
std::vector<chip::Candidate> neighbours(const Layer& layer, const chip::Accelerator& machine,
                                        const chip::MapSpace& space) {
  chip::MapperOptions options = chip::quick_mapper_options(chip::Objective::edp);
  const auto found = chip::map_layer(layer, machine, options);
  HWFLOW_CHECK(found.has_value(), "a mapping");
  const auto start = space.from_mapping(found->mapping);
  HWFLOW_CHECK(start.has_value(), "a mapping in its space");
  const chip::LoopMoves moves(space);
  Rng rng(1);
  std::vector<chip::Candidate> result{*start};
  while (result.size() < 256) {
    chip::Candidate next = *start;
    if (moves.change(next, rng) && space.fits_mesh(next)) result.push_back(next);
  }
  return result;
}

void BM_evaluate(benchmark::State& state) {
  const Layer layer = make_layer(64, 64, 56);
  const auto machine = make_machine("e168");
  const chip::MapSpace space(layer, machine, chip::MapperOptions::Factors::perfect);
  std::vector<chip::Mapping> mappings;
  for (const auto& candidate : neighbours(layer, machine, space)) {
    mappings.push_back(space.to_mapping(candidate));
  }
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(chip::evaluate(layer, machine, mappings[i++ % mappings.size()]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_evaluate);

void BM_bound(benchmark::State& state) {
  const Layer layer = make_layer(64, 64, 56);
  const auto machine = make_machine("e168");
  const chip::MapSpace space(layer, machine, chip::MapperOptions::Factors::perfect);
  const chip::BoundModel model(layer, machine, space);
  const auto candidates = neighbours(layer, machine, space);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(model.bound(candidates[i++ % candidates.size()], model.all()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_bound);

/// conv2_x of ResNet-18 on e168 under one way of counting, and what it is asked for.
struct Problem {
  explicit Problem(chip::Semantics semantics)
      : machine(chip::with_semantics(make_machine("e168"), semantics)) {}
  Layer layer = make_layer(64, 64, 56);
  chip::Accelerator machine;
  chip::MapSpace space{layer, machine, chip::MapperOptions::Factors::perfect};
  chip::LoopMoves moves{space};
};

bool is_legal(chip::CandidateEvaluator& evaluator, const chip::Candidate& candidate) {
  return std::holds_alternative<chip::Totals>(evaluator.evaluate(candidate));
}

/// Legal mappings, all different, from a random walk over legal ones that starts with all loops at
/// DRAM: every `apart`-th. 1: as annealing meets them, each a small change of the one before (a
/// factor moved, two exchanged, an order changed). kIndependent: the walk has changed all loops
/// between two of them; drawing from the whole map space instead finds few that are legal.
constexpr int kIndependent = 100;
std::vector<chip::Candidate> draw_mappings(const Problem& problem, std::size_t count, int apart) {
  chip::CandidateEvaluator evaluator(problem.layer, problem.machine, problem.space);
  Rng rng(20261126);
  std::set<std::string> seen;
  std::vector<chip::Candidate> drawn;
  chip::Candidate at = problem.space.empty();
  for (const Dim dim : problem.space.dims())
    at.chains[index(dim)][0] = static_cast<std::int32_t>(problem.space.size(dim));
  for (int steps = -1000; drawn.size() < count;) {
    chip::Candidate next = at;
    if (!problem.moves.change(next, rng) || !is_legal(evaluator, next)) continue;
    at = next;
    if (++steps < apart) continue;
    steps = 0;
    const auto* bytes = reinterpret_cast<const char*>(&next);
    if (seen.emplace(bytes, sizeof next).second) drawn.push_back(next);
  }
  return drawn;
}

constexpr std::size_t kMappings = 20'000;

/// Drawn once for each way of counting.
const std::vector<chip::Candidate>& drawn_mappings(const Problem& problem,
                                                   chip::Semantics semantics, bool independent) {
  static std::map<std::pair<chip::Semantics, bool>, std::vector<chip::Candidate>> drawn;
  auto& mappings = drawn[{semantics, independent}];
  if (mappings.empty())
    mappings = draw_mappings(problem, kMappings, independent ? kIndependent : 1);
  return mappings;
}

void set_rate(benchmark::State& state) {
  state.counters["mappings/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// evaluate() on independent mappings. Argument: chip::Semantics.
void BM_evaluate_random(benchmark::State& state) {
  const auto semantics = static_cast<chip::Semantics>(state.range(0));
  const Problem problem(semantics);
  std::vector<chip::Mapping> mappings;
  for (const auto& candidate : drawn_mappings(problem, semantics, true))
    mappings.push_back(problem.space.to_mapping(candidate));
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(chip::evaluate(problem.layer, problem.machine, mappings[i]));
    i = i + 1 == mappings.size() ? 0 : i + 1;
  }
  set_rate(state);
}
BENCHMARK(BM_evaluate_random)->Arg(0)->Arg(1);

/// The fast evaluator. Arguments: chip::Semantics; 1 = independent mappings, 0 = a walk.
void BM_fast_evaluate(benchmark::State& state) {
  const auto semantics = static_cast<chip::Semantics>(state.range(0));
  const Problem problem(semantics);
  const auto& mappings = drawn_mappings(problem, semantics, state.range(1) != 0);
  chip::CandidateEvaluator evaluator(problem.layer, problem.machine, problem.space);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(evaluator.evaluate(mappings[i]));
    i = i + 1 == mappings.size() ? 0 : i + 1;
  }
  set_rate(state);
}
BENCHMARK(BM_fast_evaluate)->ArgsProduct({{0, 1}, {1, 0}});

/// As above with empty tables: each mapping once, by an evaluator that has seen none.
void BM_fast_evaluate_cold(benchmark::State& state) {
  const auto semantics = static_cast<chip::Semantics>(state.range(0));
  const Problem problem(semantics);
  const auto& mappings = drawn_mappings(problem, semantics, state.range(1) != 0);
  for (auto _ : state) {
    chip::CandidateEvaluator evaluator(problem.layer, problem.machine, problem.space);
    for (const auto& candidate : mappings) benchmark::DoNotOptimize(evaluator.evaluate(candidate));
  }
  state.counters["mappings/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(mappings.size()),
      benchmark::Counter::kIsRate);
}
BENCHMARK(BM_fast_evaluate_cold)->ArgsProduct({{0, 1}, {1, 0}})->Unit(benchmark::kMillisecond);

/// Arguments: channels and side of a 3x3 layer, evaluations.
void BM_map_layer(benchmark::State& state) {
  const Layer layer = make_layer(state.range(0), state.range(0), state.range(1));
  const auto machine = make_machine("e168");
  chip::MapperOptions options;
  options.max_evaluations = state.range(2);
  double edp = 0.0, gap = 0.0;
  for (auto _ : state) {
    const auto found = chip::map_layer(layer, machine, options);
    HWFLOW_CHECK(found.has_value(), "a mapping");
    edp = found->value;
    gap = found->gap();
  }
  state.counters["edp"] = edp;
  state.counters["gap"] = gap;
}
BENCHMARK(BM_map_layer)
    ->ArgsProduct({{64}, {56}, {40'000, 400'000}})
    ->ArgsProduct({{128}, {28}, {40'000, 400'000}})
    ->ArgsProduct({{256}, {14}, {40'000, 400'000}})
    ->ArgsProduct({{512}, {7}, {40'000, 400'000}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(2);

/// Time to a proved optimum in Timeloop's counting without forwarding, perfect factors. Arguments:
/// channels and side of a 3x3 layer, 0 = energy and 2 = EDP.
void BM_prove(benchmark::State& state) {
  const Layer layer = make_layer(state.range(0), state.range(0), state.range(1));
  const auto machine =
      chip::with_semantics(make_machine("e168"), chip::Semantics::timeloop_no_forwarding);
  chip::MapperOptions options;
  options.strategy = "products";
  options.objective = static_cast<chip::Objective>(state.range(2));
  double value = 0.0, bounds = 0.0;
  for (auto _ : state) {
    const auto found = chip::map_layer(layer, machine, options);
    HWFLOW_CHECK(found.has_value() && found->optimal, "a proved optimum");
    value = found->value;
    bounds = static_cast<double>(found->nodes);
  }
  state.counters["value"] = value;
  state.counters["bounds"] = bounds;
}
BENCHMARK(BM_prove)
    ->ArgsProduct({{64}, {56}, {0, 2}})
    ->ArgsProduct({{512}, {7}, {0, 2}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
