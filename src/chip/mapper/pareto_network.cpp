#include "chip/mapper/pareto_network.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "chip/mapper/front_sums.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {
namespace {

constexpr std::size_t kMostSums = 2'000;  // of the front of a network, before it is thinned

FrontPoint point_of(const Cost& cost, const std::vector<Objective>& objectives) {
  FrontPoint point{};
  for (std::size_t i = 0; i < objectives.size(); ++i) point[i] = value_of(cost, objectives[i]);
  return point;
}

}  // namespace

bool ParetoNetwork::is_proved() const {
  return std::all_of(layers.begin(), layers.end(),
                     [](const ParetoLayer& layer) { return layer.result.proved; });
}

Expected<ParetoNetwork> map_network_pareto(std::span<const Layer> layers,
                                           const Accelerator& accelerator,
                                           const ParetoOptions& options,
                                           const MapProgress& progress,
                                           const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  Diagnostics problems = check(options);
  for (Diagnostic& problem : check_machine(accelerator, options.mapper))
    problems.push_back(std::move(problem));
  if (!problems.empty()) return Unexpected{std::move(problems)};
  ParetoNetwork network;
  network.layers = distinct_layers<ParetoResult>(layers);
  ParetoOptions single = options;
  single.mapper.threads = 1;
  problems = map_each(network.layers, options.mapper.threads, progress, [&](const Layer& layer) {
    return map_layer_pareto(layer, accelerator, single, stop);
  });
  if (!problems.empty()) return Unexpected{std::move(problems)};
  network.front = network_front(network.layers, kMostSums);
  network.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return network;
}

NetworkFront network_front(std::span<const ParetoLayer> layers, std::size_t most) {
  NetworkFront front;
  if (layers.empty()) return front;
  const std::vector<Objective>& objectives = layers[0].result.objectives;
  FrontSums sums(objectives.size(), most);
  for (const ParetoLayer& layer : layers) {
    std::vector<FrontPoint> points;
    for (const ParetoPoint& point : layer.result.points)
      points.push_back(point_of(point.cost, objectives));
    for (std::int64_t copy = 0; copy < layer.count(); ++copy) sums.add(points);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    NetworkCost cost;
    std::size_t stage = 0;
    const std::vector<std::uint32_t>& picks = front.picks.emplace_back(sums.picks(i));
    for (const ParetoLayer& layer : layers)
      for (std::int64_t copy = 0; copy < layer.count(); ++copy, ++stage) {
        const Cost& own = layer.result.points[picks[stage]].cost;
        cost.energy_pj += own.energy_pj;
        cost.cycles += own.cycles;
        cost.dram_bits += own.dram_bits;
      }
    front.points.push_back(cost);
  }
  front.error = sums.error();
  return front;
}

}  // namespace hwflow::chip
