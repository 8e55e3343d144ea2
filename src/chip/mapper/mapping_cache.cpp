#include <fmt/format.h>

#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <sstream>

#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {
namespace {

constexpr LayerBits kCanonicalBits{16, 16, 16, 32};

std::string key_of(const Layer& layer, const Accelerator& accelerator,
                   const MapperOptions& options) {
  return fmt::format(
      "{}|{}|{} {} {} {} {} {} {} {}", shape_key(layer), accelerator.key(), name(options.objective),
      options.factors == MapperOptions::Factors::perfect ? "perfect" : "ceiling",
      options.axes == MapperOptions::Axes::any ? "any-axes" : "one-axis",
      options.sibling_order == MapperOptions::SiblingOrder::listed ? "listed" : "any-order",
      options.time_limit_seconds ? fmt::format("{:a}s", *options.time_limit_seconds) : "no-limit",
      options.max_evaluations.value_or(0), options.seed, options.strategy);
}

/// Mapping on the first line, certificate on the second.
std::string to_record(const MappingResult& result, const Accelerator& accelerator) {
  return fmt::format("{}\n{:a} {} {}", to_text(result.mapping, accelerator), result.lower_bound,
                     result.evaluations, result.nodes);
}

std::optional<MappingResult> from_record(const std::string& record, const Layer& layer,
                                         const Accelerator& accelerator, Objective objective) {
  std::istringstream lines(record);
  std::string text, bound;
  MappingResult result;
  if (!std::getline(lines, text) || !(lines >> bound >> result.evaluations >> result.nodes)) {
    return std::nullopt;
  }
  auto mapping = mapping_from_text(text, accelerator);
  if (!mapping) return std::nullopt;
  auto evaluation = evaluate(layer, accelerator, *mapping);
  auto* cost = std::get_if<Cost>(&evaluation);
  if (cost == nullptr) return std::nullopt;
  result.value = value_of(*cost, objective);
  result.mapping = std::move(*mapping);
  result.cost = std::move(*cost);
  char* end = nullptr;
  result.lower_bound = std::strtod(bound.c_str(), &end);
  const bool is_number = end == bound.c_str() + bound.size();
  if (!is_number || !(result.lower_bound >= 0.0 && result.lower_bound <= result.value)) {
    return std::nullopt;
  }
  result.optimal = result.lower_bound >= result.value * (1.0 - 1e-12);
  return result;
}

}  // namespace

struct MappingCache::State {
  using Result = Expected<MappingResult>;
  using Shared = std::shared_future<std::shared_ptr<const Result>>;

  Load load;
  Save save;
  std::mutex mutex;  // guards all below, and the hooks
  std::map<std::string, Shared> results;
  std::int64_t hits = 0, misses = 0;

  std::shared_ptr<const Result> find_or_map(const Layer& layer, const Accelerator& accelerator,
                                            const MapperOptions& options, bool is_asked_for) {
    const std::string key = key_of(layer, accelerator, options);
    std::promise<std::shared_ptr<const Result>> promise;
    {
      std::unique_lock lock(mutex);
      const auto [place, is_new] = results.try_emplace(key);
      if (is_asked_for) ++(is_new ? misses : hits);
      if (!is_new) {
        const Shared known = place->second;
        lock.unlock();
        return known.get();
      }
      place->second = promise.get_future().share();
    }
    try {
      auto result = std::make_shared<const Result>(load_or_map(key, layer, accelerator, options));
      promise.set_value(result);
      return result;
    } catch (...) {
      promise.set_exception(std::current_exception());
      const std::lock_guard lock(mutex);
      results.erase(key);
      throw;
    }
  }

  Result load_or_map(const std::string& key, const Layer& layer, const Accelerator& accelerator,
                     const MapperOptions& options) {
    if (load) {
      std::optional<std::string> record;
      {
        const std::lock_guard lock(mutex);
        record = load(key);
      }
      if (record) {
        auto result = from_record(*record, layer, accelerator, options.objective);
        if (result) return std::move(*result);
      }
    }
    std::vector<Mapping> starts;
    if (layer.bits != kCanonicalBits) {
      Layer canonical = layer;
      canonical.bits = kCanonicalBits;
      const auto wide = find_or_map(canonical, accelerator, options, false);
      if (wide->has_value()) starts.push_back(wide->value().mapping);
    }
    Result result = map_layer_from(layer, accelerator, options, starts);
    if (save && result.has_value()) {
      const std::lock_guard lock(mutex);
      save(key, to_record(*result, accelerator));
    }
    return result;
  }
};

MappingCache::MappingCache() : MappingCache(nullptr, nullptr) {}

MappingCache::MappingCache(Load load, Save save) : state_(std::make_unique<State>()) {
  state_->load = std::move(load);
  state_->save = std::move(save);
}

MappingCache::~MappingCache() = default;

Expected<MappingResult> MappingCache::map(const Layer& layer, const Accelerator& accelerator,
                                          const MapperOptions& options) {
  return *state_->find_or_map(layer, accelerator, options, true);
}

std::int64_t MappingCache::hits() const {
  const std::lock_guard lock(state_->mutex);
  return state_->hits;
}

std::int64_t MappingCache::misses() const {
  const std::lock_guard lock(state_->mutex);
  return state_->misses;
}

}  // namespace hwflow::chip
