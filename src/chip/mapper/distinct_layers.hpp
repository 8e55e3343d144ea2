#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "base/parallel.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A layer of a network and all others of equal shape and widths, with what was found for one.
template <class Result>
struct LayersAlike {
  Layer layer;                     ///< the first of them
  std::vector<std::string> names;  ///< all of them, in network order
  Result result;                   ///< of one of them
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(names.size()); }
};

/// Layers of equal shape and widths together, in order of first occurrence, without results.
template <class Result>
[[nodiscard]] std::vector<LayersAlike<Result>> distinct_layers(std::span<const Layer> layers) {
  std::vector<LayersAlike<Result>> distinct;
  std::unordered_map<std::string, std::size_t> places;
  for (const Layer& layer : layers) {
    const auto [place, is_new] = places.try_emplace(shape_key(layer), distinct.size());
    if (is_new) distinct.push_back({layer, {}, {}});
    distinct[place->second].names.push_back(layer.name);
  }
  return distinct;
}

/// Called after each distinct layer, from any thread but never twice at once.
using MapProgress = std::function<void(std::size_t done, std::size_t of)>;

/// Fills in the results of all layers, in parallel; what is wrong with any of them, in their order.
/// `map`: Layer -> Expected<Result>.
template <class Result, class Map>
[[nodiscard]] Diagnostics map_each(std::vector<LayersAlike<Result>>& layers, int threads,
                                   const MapProgress& progress, const Map& map) {
  std::vector<Diagnostics> failures(layers.size());
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for(layers.size(), threads, [&](std::size_t i) {
    auto result = map(layers[i].layer);
    if (result)
      layers[i].result = std::move(*result);
    else
      failures[i] = std::move(result).error();
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, layers.size());
  });
  Diagnostics problems;
  for (const Diagnostics& failure : failures)
    problems.insert(problems.end(), failure.begin(), failure.end());
  return problems;
}

}  // namespace hwflow::chip
