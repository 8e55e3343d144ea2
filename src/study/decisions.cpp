#include "study/decisions.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {
namespace {

std::vector<Decision> width_decisions(const PlanSpace& space) {
  const std::vector<LayerWidths> widths = space.layer_widths();
  const int greatest = std::max(space.weight_bits().back(), space.input_bits().back());
  std::vector<Decision> all;
  for (std::size_t i = 0; i < space.free_layers().size(); ++i) {
    const std::size_t layer = space.free_layers()[i];
    const auto& [weights, inputs] = widths[layer];
    all.push_back({Decision::Kind::weights, layer, 2 * i, weights, space.weight_bits().front(),
                   space.weight_bits().back(), greatest});
    all.push_back({Decision::Kind::inputs, layer, 2 * i + 1, inputs, space.input_bits().front(),
                   space.input_bits().back(), greatest});
  }
  return all;
}

std::vector<Decision> channel_decisions(const PlanSpace& space, const Network& network) {
  std::vector<Decision> all;
  const std::vector<std::size_t> searched = space.free_groups();
  if (searched.empty()) return all;
  const ChannelGroups groups(network);
  const std::vector<std::vector<int>> counts = space.channel_counts();
  const std::vector<std::vector<int>> all_counts = space.all_channel_counts();
  for (std::size_t i = 0; i < searched.size(); ++i) {
    const ChannelGroup& group = groups.groups()[searched[i]];
    const std::optional<std::size_t> layer = plan_index(network, group.producers.front());
    HWFLOW_CHECK(layer.has_value(), "channels are made by layers");
    all.push_back({Decision::Kind::channels, *layer, 2 * space.free_layers().size() + i, counts[i],
                   all_counts[i].front(), all_counts[i].back(),
                   static_cast<int>(group.units.size())});
  }
  return all;
}

}  // namespace

std::vector<Decision> decisions_of(const PlanSpace& space, const Network& network) {
  std::vector<Decision> all = width_decisions(space);
  for (Decision& decision : channel_decisions(space, network)) all.push_back(std::move(decision));
  std::erase_if(all, [](const Decision& decision) { return decision.least == decision.greatest; });
  std::ranges::stable_sort(all, {}, &Decision::layer);
  return all;
}

bool may_change(Objective cost, Decision::Kind kind) {
  if (cost == Objective::model_size) return kind != Decision::Kind::inputs;
  if (cost == Objective::macs) return kind == Decision::Kind::channels;
  return true;
}

int gene_of_action(double action, const Decision& decision) {
  const double least = decision.least, greatest = decision.greatest;
  double wanted = action * decision.full;
  if (decision.kind != Decision::Kind::channels) {
    // Halves go to even numbers, so that 1 may mean one bit more than there is.
    wanted = std::clamp(std::nearbyint((greatest - least + 1.0) * action + least - 0.5), least,
                        greatest);
  }
  const auto nearest = std::ranges::min_element(decision.values, {}, [wanted](int value) {
    return std::abs(static_cast<double>(value) - wanted);
  });
  return static_cast<int>(nearest - decision.values.begin());
}

}  // namespace hwflow::study
