#include "train/quant/plan_cache.hpp"

#include <bit>
#include <set>

namespace hwflow::train {
namespace {

template <class Number>
void append(std::string& key, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    key.push_back(static_cast<char>((static_cast<std::uint64_t>(number) >> (8 * i)) & 0xFFU));
}

}  // namespace

PlanKeys::PlanKeys(const Network& network) {
  std::vector<std::set<std::size_t>> layers(network.nodes().size());
  std::size_t layer = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const NodeId input : network.nodes()[i].inputs) {
      const auto& before = layers[static_cast<std::size_t>(input.value)];
      layers[i].insert(before.begin(), before.end());
    }
    const auto& computes = network.compute_nodes();
    if (layer < computes.size() && computes[layer].value == static_cast<std::int32_t>(i))
      layers[i].insert(layer++);
    layers_.emplace_back(layers[i].begin(), layers[i].end());
  }
}

std::string PlanKeys::of_sums(const CompressionPlan& plan, std::size_t node) const {
  std::string key;
  append(key, static_cast<std::uint32_t>(node));
  for (const std::size_t layer : layers_[node]) {
    append(key, static_cast<std::uint8_t>(plan.layers[layer].weights));
    append(key, static_cast<std::uint8_t>(plan.layers[layer].inputs));
  }
  return key;
}

std::string PlanKeys::of_slot(const CompressionPlan& plan, const integer::Slot& slot,
                              char images) const {
  std::string key = of_sums(plan, slot.node);
  append(key, std::bit_cast<std::uint64_t>(slot.grid.scale));
  append(key, static_cast<std::uint32_t>(slot.grid.low));
  append(key, static_cast<std::uint32_t>(slot.grid.high));
  key.push_back(images);
  return key;
}

void SlotCodes::bind(std::size_t image, integer::Workspace& workspace) const {
  for (std::size_t slot = 0; slot < kept_.size(); ++slot) {
    if (written_[slot]) {
      workspace.codes[slot].narrow = written_[slot]->of(image);
    } else if (kept_[slot]) {
      // Read only: nodes whose slots are kept are not run.
      const std::span<const std::uint8_t> codes = kept_[slot]->of(image);
      workspace.codes[slot].narrow = {const_cast<std::uint8_t*>(codes.data()), codes.size()};
    }
  }
}

}  // namespace hwflow::train
