#include <benchmark/benchmark.h>

#include <cmath>

#include "base/random.hpp"
#include "pareto/dominance.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::pareto {
namespace {

std::vector<Objectives> points_of(std::int64_t count, std::size_t objectives) {
  Rng rng(1);
  std::vector<Objectives> points(static_cast<std::size_t>(count), Objectives(objectives));
  for (Objectives& point : points) {
    for (double& value : point) value = rng.uniform();
  }
  return points;
}

/// Points near the sphere octant: most of them are on the front, the hard case.
std::vector<Objectives> front_of(std::int64_t count, std::size_t objectives) {
  std::vector<Objectives> points = points_of(count, objectives);
  for (Objectives& point : points) {
    double norm = 1e-9;
    for (const double value : point) norm += value * value;
    for (double& value : point) value = 1.0 - value / std::sqrt(norm);
  }
  return points;
}

void non_dominated_sorting(benchmark::State& state) {
  const auto points = points_of(state.range(0), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(non_dominated_sort(points));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(non_dominated_sorting)->ArgsProduct({{80, 1000}, {2, 3, 5}});

void front_of_archive(benchmark::State& state) {
  const auto points = points_of(state.range(0), 3);
  for (auto _ : state) benchmark::DoNotOptimize(pareto_front(points));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(front_of_archive)->Arg(1000)->Arg(10000);

void hypervolume_of_front(benchmark::State& state) {
  const auto objectives = static_cast<std::size_t>(state.range(1));
  const auto points = front_of(state.range(0), objectives);
  const Objectives reference(objectives, 1.1);
  for (auto _ : state) benchmark::DoNotOptimize(hypervolume(points, reference));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hypervolume_of_front)->ArgsProduct({{50, 200}, {2, 3, 4}});

}  // namespace
}  // namespace hwflow::pareto

BENCHMARK_MAIN();
