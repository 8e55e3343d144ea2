// What learning costs: products of matrices, and whole searches' worth of episodes.
#include <benchmark/benchmark.h>

#include <vector>

#include "train/agent/agent.hpp"
#include "train/agent/matrix_product.hpp"

namespace hwflow::train {
namespace {

void bm_add_product(benchmark::State& state) {
  constexpr std::size_t kRows = 64, kInner = 300, kColumns = 300;
  const std::vector<float> left(kRows * kInner, 0.5F), right(kInner * kColumns, 0.01F);
  std::vector<float> sums(kRows * kColumns);
  const auto set = static_cast<InstructionSet>(state.range(0));
  for (auto _ : state) {
    add_product(left, right, sums, {kInner, kColumns}, set);
    benchmark::DoNotOptimize(sums.data());
  }
  state.counters["FLOP/s"] = benchmark::Counter(2.0 * kRows * kInner * kColumns,
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(bm_add_product)->Arg(0)->Arg(1)->Arg(2);  // as InstructionSet

/// As a search is replayed from the run store: episodes of 40 decisions (20 layers), all learned.
void bm_episodes(benchmark::State& state) {
  for (auto _ : state) {
    const auto agent = make_ddpg_agent({}, {.state_features = 10, .actions = 1, .layers = 20}, 1);
    for (std::int64_t episode = 0; episode < state.range(0); ++episode) {
      std::vector<AgentStep> steps;
      double sum = 0.0;
      for (int step = 0; step < 40; ++step) {
        std::vector<double> seen(10, 0.5);
        seen[7] = step / 39.0;
        std::vector<double> action = agent->act(seen);
        sum += action[0];
        steps.push_back({std::move(seen), std::move(action)});
      }
      agent->finish_episode(steps, sum / 40.0);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bm_episodes)->Arg(100)->Arg(600)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
}  // namespace hwflow::train

BENCHMARK_MAIN();
