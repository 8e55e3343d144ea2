/// The search over BISMO designs for ResNet-20 plans of mixed widths, on one core. Items are design
/// points of the whole space (points/s); those that fit the device, and mirror images, are
/// labelled.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <vector>

#include "base/random.hpp"
#include "chip/overlay/overlay_search.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

/// Layers of plans with widths of 1..8 bits, drawn for every layer.
std::vector<std::vector<Layer>> random_plans(std::size_t count) {
  const Network network = make_builtin_network("resnet20").value();
  Rng rng(1);
  std::vector<std::vector<Layer>> plans;
  for (std::size_t i = 0; i < count; ++i) {
    CompressionPlan plan = CompressionPlan::uniform(network.compute_nodes().size(), 8, 8);
    for (PrecisionPair& pair : plan.layers) {
      pair.weights = static_cast<int>(rng.between(1, 8));
      pair.inputs = static_cast<int>(rng.between(1, 8));
    }
    std::vector<Layer>& layers = plans.emplace_back();
    for (LoweredLayer& lowered : lower(network, plan)) layers.push_back(std::move(lowered.layer));
  }
  return plans;
}

OverlaySearch search(bool any_size, std::vector<ScheduleRule> rules) {
  OverlaySearchOptions options;
  if (any_size) options.device.reset();
  options.rules = std::move(rules);
  return OverlaySearch::make(std::move(options)).value();
}

std::vector<ScheduleRule> rules_of(std::int64_t count) {
  std::vector<ScheduleRule> rules{ScheduleRule::balanced, ScheduleRule::cycles, ScheduleRule::dram};
  rules.resize(static_cast<std::size_t>(count));
  return rules;
}

void label(benchmark::State& state, const OverlaySearch& search, std::size_t front) {
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(search.feasible_designs()));
  state.SetLabel(fmt::format("{} designs, {} fit, {} after mirror images, {} tables, front {}",
                             search.options().space.size(), search.feasible_designs(),
                             search.listed_designs(), search.tables(), front));
}

/// Tables are made anew for every plan.
void first_plan(benchmark::State& state) {
  const auto plans = random_plans(1);
  const OverlaySearch kept = search(state.range(0) != 0, rules_of(state.range(1)));
  std::size_t front = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const OverlaySearch fresh = search(state.range(0) != 0, rules_of(state.range(1)));
    state.ResumeTiming();
    front = fresh.front(plans[0])->size();
  }
  static_cast<void>(kept.front(plans[0]));
  label(state, kept, front);
}
BENCHMARK(first_plan)
    ->ArgsProduct({{0, 1}, {1, 3}})
    ->ArgNames({"any_size", "rules"})
    ->Unit(benchmark::kMillisecond);

/// Tables of all products are there.
void later_plans(benchmark::State& state) {
  const auto plans = random_plans(100);
  const OverlaySearch warm = search(state.range(0) != 0, rules_of(state.range(1)));
  for (const auto& layers : plans) static_cast<void>(warm.front(layers));
  std::size_t i = 0, front = 0;
  for (auto _ : state) front = warm.front(plans[i++ % plans.size()])->size();
  label(state, warm, front);
}
BENCHMARK(later_plans)
    ->ArgsProduct({{0, 1}, {1, 3}})
    ->ArgNames({"any_size", "rules"})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hwflow::chip

BENCHMARK_MAIN();
