#include "chip/fusion/slice_cache.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace hwflow::chip {
namespace {

struct KnownPlans {
  std::int64_t below_bits = 0;
  SlicePlans found;
};

void append(std::string& key, int width) { key += static_cast<char>(width); }

void append(std::string& key, const std::set<int>& widths) {
  append(key, static_cast<int>(widths.size()));
  for (const int width : widths) append(key, width);
}

/// Copies of a layer's output that somebody outside the slice wants.
std::set<int> widths_outside(const FusionGraph& graph, const FusionTensor& tensor,
                             const Slice& slice) {
  std::set<int> widths = tensor.output_widths;
  for (const std::size_t index : tensor.reads) {
    const FusionRead& read = graph.reads[index];
    if (read.layer < slice.first || read.layer >= slice.last)
      widths.insert(read.widths.begin(), read.widths.end());
  }
  return widths;
}

}  // namespace

struct SliceCache::State {
  mutable std::mutex mutex;  // of all below
  std::unordered_map<std::string, SliceOutlook> outlooks;
  std::unordered_map<std::string, KnownPlans> plans;
  mutable std::int64_t hits = 0, misses = 0;
};

SliceCache::SliceCache() : state_(std::make_unique<State>()) {}
SliceCache::~SliceCache() = default;

std::optional<SliceOutlook> SliceCache::find_outlook(const std::string& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->outlooks.find(key);
  if (known == state_->outlooks.end()) return std::nullopt;
  return known->second;
}

void SliceCache::save_outlook(const std::string& key, const SliceOutlook& outlook) {
  const std::lock_guard lock(state_->mutex);
  state_->outlooks.emplace(key, outlook);
}

std::optional<SlicePlans> SliceCache::find_plans(const std::string& key,
                                                 std::int64_t below_bits) const {
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->plans.find(key);
  const auto moves_less = [&](const PricedPlan& plan) {
    return plan.plan.traffic.total() < below_bits;
  };
  const auto holds = [&](const KnownPlans& answer) {
    const SlicePlans& found = answer.found;
    if (answer.below_bits <= below_bits) return answer.below_bits == below_bits;
    if (found.are_all) return true;
    return !found.least && std::all_of(found.plans.begin(), found.plans.end(), moves_less);
  };
  if (known == state_->plans.end() || !holds(known->second)) {
    ++state_->misses;
    return std::nullopt;
  }
  ++state_->hits;
  SlicePlans found = known->second.found;
  std::erase_if(found.plans, [&](const PricedPlan& plan) { return !moves_less(plan); });
  return found;
}

void SliceCache::save_plans(const std::string& key, std::int64_t below_bits, SlicePlans found) {
  const std::lock_guard lock(state_->mutex);
  KnownPlans& known = state_->plans[key];
  if (known.below_bits >= below_bits) return;
  known = {below_bits, std::move(found)};
}

void SliceCache::keep_fitting(const BufferRoom& buffer) {
  const std::lock_guard lock(state_->mutex);
  state_->outlooks.clear();  // bounds of single layers depend on the buffer; all are cheap to find
  std::erase_if(state_->plans, [&](const auto& known) {
    const SlicePlans& found = known.second.found;
    return !found.are_all ||
           !std::all_of(found.plans.begin(), found.plans.end(),
                        [&](const PricedPlan& plan) { return fits(plan.plan.room, buffer); });
  });
}

std::int64_t SliceCache::hits() const {
  const std::lock_guard lock(state_->mutex);
  return state_->hits;
}

std::int64_t SliceCache::misses() const {
  const std::lock_guard lock(state_->mutex);
  return state_->misses;
}

std::string slice_key(const FusionGraph& graph, const Slice& slice) {
  std::string key = std::to_string(slice.first) + '-' + std::to_string(slice.last) + ':';
  for (std::size_t l = slice.first; l < slice.last; ++l) {
    const FusionLayer& layer = graph.layers[l];
    const LayerBits& bits = layer.layer.bits;
    for (const int width : {bits.weights, bits.inputs, bits.outputs, bits.partial_sums})
      append(key, width);
    for (const std::size_t read : layer.reads) append(key, graph.reads[read].widths);
    append(key, widths_outside(graph, graph.tensors[layer.output], slice));
  }
  return key;
}

}  // namespace hwflow::chip
