#include <algorithm>
#include <map>

#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/pipeline.hpp"
#include "chip/fusion/step_classes.hpp"

namespace hwflow::chip {
namespace {

/// Longer pipelines are not looked at: every slot is.
constexpr std::int64_t kMostSteps = 20'000;

const AxisStep& most_frequent(const StepClasses& classes) {
  return std::max_element(classes.counts.begin(), classes.counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

/// Cycles of every stage in one step, by the columns that it has; empty: a block has no mapping.
class StageTimes {
 public:
  StageTimes(const FusionGraph& graph, const Group& group, const GroupSchedule& schedule,
             BlockMapper& blocks)
      : graph_(graph), group_(group), schedule_(schedule), blocks_(blocks) {}

  [[nodiscard]] std::vector<std::vector<std::int64_t>> at(const std::vector<std::size_t>& stages,
                                                          const AxisStep& outer,
                                                          const AxisStep& inner) const {
    const std::size_t count = stages.back() + 1;
    // Every other stage has one column at least.
    const std::int64_t most = blocks_.shares().columns() - static_cast<std::int64_t>(stages.back());
    std::vector<std::vector<std::int64_t>> times(
        count, std::vector<std::int64_t>(static_cast<std::size_t>(blocks_.shares().columns()),
                                         std::int64_t{1} << 60));
    for (std::int64_t columns = 1; columns <= most; ++columns) {
      const auto place = static_cast<std::size_t>(columns - 1);
      for (auto& stage : times) stage[place] = 0;
      for (std::size_t l = 0; l < stages.size(); ++l) {
        const auto cycles = cycles_of(l, outer, inner, columns);
        if (!cycles) return {};
        times[stages[l]][place] += *cycles;
      }
    }
    return times;
  }

 private:
  [[nodiscard]] std::optional<std::int64_t> cycles_of(std::size_t l, const AxisStep& outer,
                                                      const AxisStep& inner,
                                                      std::int64_t columns) const {
    const std::size_t output = group_.layers[l].output;
    if (outer.moved[output] * inner.moved[output] == 0) return 0;
    const FusionLayer& layer = graph_.layers[group_.layers[l].layer];
    std::int64_t cycles = 0;
    for (const RepeatedBlock& part :
         blocks_of_layer(layer, schedule_, outer.blocks[l], inner.blocks[l])) {
      const auto mapped = blocks_.map(group_.layers[l].layer, part.block, output_width(group_, l),
                                      {MappingEffort::quick, columns});
      if (!mapped) return std::nullopt;
      cycles += part.times * (*mapped)->cost.cycles;
    }
    return cycles;
  }

  const FusionGraph& graph_;
  const Group& group_;
  const GroupSchedule& schedule_;
  BlockMapper& blocks_;
};

}  // namespace

bool GroupEvaluator::has_stages(const Slice& slice) const {
  const auto last =
      static_cast<std::int64_t>(pipeline_stages(graph_, make_group(graph_, slice)).back());
  return last > 0 && last < blocks_.shares().columns();
}

std::optional<GroupPlan> GroupEvaluator::in_space(const Slice& slice, const GroupPlan& plan) {
  const GroupSchedule& schedule = plan.schedule;
  const Group group = make_group(graph_, slice, schedule.read_again);
  const std::vector<std::size_t> stages = pipeline_stages(graph_, group);
  if (plan.steps > kMostSteps || !can_pipeline(group, stages, schedule)) return std::nullopt;
  if (static_cast<std::int64_t>(stages.back()) >= blocks_.shares().columns()) return std::nullopt;
  const TileScans scans(group, schedule);
  const TiledGroup tiled(group, scans, schedule.outer);
  const auto room = pipeline_room(tiled, stages, schedule, machine_.room);
  if (!room) return std::nullopt;
  const std::vector<Halo> retain(group.tensors.size(), Halo::retain);
  const bool rows_first = schedule.outer == Axis::rows;
  const auto outer = step_classes(graph_, group, tiled.scan().outer, schedule.outer, retain);
  const auto inner = step_classes(graph_, group, tiled.scan().inner,
                                  rows_first ? Axis::columns : Axis::rows, retain);
  const auto times = StageTimes(graph_, group, schedule, blocks_)
                         .at(stages, most_frequent(outer), most_frequent(inner));
  if (times.empty()) return std::nullopt;
  const auto shares = share_out(times);
  if (!shares) return std::nullopt;
  GroupPlan shared = plan;
  shared.schedule.shares = *shares;
  shared.room = *room;
  return shared;
}

}  // namespace hwflow::chip
