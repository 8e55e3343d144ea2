#include "chip/fusion/schedule_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <vector>

namespace hwflow::chip {
namespace {

const char* halos_text(HaloPolicy policy) {
  switch (policy) {
    case HaloPolicy::retain: return "halos retained";
    case HaloPolicy::in_band: return "bands recomputed";
    case HaloPolicy::again: return "tiles recomputed";
  }
  return "";
}

}  // namespace

std::string tile_text(const GroupSchedule& schedule) {
  std::string text = fmt::format("{} x {}", schedule.tile_rows, schedule.tile_columns);
  if (schedule.channel_parts > 1) text += fmt::format(", {} parts", schedule.channel_parts);
  return text;
}

std::string policies_text(const FusionGraph& graph, const Slice& slice,
                          const GroupSchedule& schedule) {
  const Group group = make_group(graph, slice, schedule.read_again);
  std::size_t resident = 0, with_weights = 0, overlapping = 0;
  for (std::size_t l = 0; l < group.layers.size(); ++l) {
    if (group.layers[l].weight_bits == 0) continue;
    ++with_weights;
    resident += schedule.resident_weights[l] ? 1 : 0;
  }
  std::set<HaloPolicy> intermediates;
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    if (group.tensors[t].producer && !group.tensors[t].reads.empty())
      intermediates.insert(schedule.halos[t]);
    else if (!group.tensors[t].producer && schedule.halos[t] != HaloPolicy::retain)
      ++overlapping;
  }
  std::vector<const char*> policies;
  for (const HaloPolicy policy : intermediates) policies.push_back(halos_text(policy));
  std::string text =
      policies.empty() ? "no intermediates" : fmt::format("{}", fmt::join(policies, " or "));
  text += fmt::format(", bands of {}", schedule.outer == Axis::rows ? "rows" : "columns");
  if (with_weights > 0) text += fmt::format(", weights: {} of {} stay", resident, with_weights);
  if (overlapping > 0) text += fmt::format(", {} fetched with overlap", overlapping);
  if (!schedule.read_again.empty())
    text += fmt::format(", {} read again", schedule.read_again.size());
  if (!schedule.shares.empty())
    text += fmt::format(", pipeline on {} columns", fmt::join(schedule.shares, " + "));
  return text;
}

}  // namespace hwflow::chip
