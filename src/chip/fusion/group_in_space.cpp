#include <algorithm>
#include <map>

#include "base/ceil_div.hpp"
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

constexpr std::int64_t kNever = std::int64_t{1} << 60;

/// Cycles of every stage in one step, by the columns that it has: what no mapping goes below, and,
/// where it was asked for, what the mapper finds.
class StageTimes {
 public:
  StageTimes(const FusionGraph& graph, const Group& group, const GroupSchedule& schedule,
             const std::vector<std::size_t>& stages, const AxisStep& outer, const AxisStep& inner,
             BlockMapper& blocks)
      : blocks_(blocks), parts_(stages.back() + 1) {
    for (std::size_t l = 0; l < stages.size(); ++l) {
      const std::size_t output = group.layers[l].output;
      if (outer.moved[output] * inner.moved[output] == 0) continue;
      const std::size_t layer = group.layers[l].layer;
      for (const RepeatedBlock& part :
           blocks_of_layer(graph.layers[layer], schedule, outer.blocks[l], inner.blocks[l]))
        parts_[stages[l]].push_back({layer, part, output_width(group, l)});
    }
    const auto columns = static_cast<std::size_t>(blocks.shares().columns());
    is_mapped_.assign(parts_.size(), std::vector<bool>(columns, false));
    // Every other stage has one column at least.
    const std::size_t most = columns - stages.back();
    for (const auto& parts : parts_) {
      times_.emplace_back(columns, kNever);
      for (std::size_t c = 0; c < most; ++c) times_.back()[c] = least(parts, c);
    }
  }

  /// Shares that make the longest time as short as can be; none: every share exceeds `limit`, or
  /// some stage has no mapping. Only what such shares need is mapped.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> share(std::int64_t limit) {
    for (;;) {
      auto shares = share_out(times_);
      if (!shares) return std::nullopt;
      std::int64_t longest = 0;
      bool are_mapped = true;
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        const auto place = static_cast<std::size_t>((*shares)[p] - 1);
        longest = std::max(longest, times_[p][place]);
        are_mapped = are_mapped && is_mapped_[p][place];
      }
      if (longest >= std::min(limit, kNever)) return std::nullopt;
      if (are_mapped) return shares;
      for (std::size_t p = 0; p < parts_.size(); ++p)
        map(p, static_cast<std::size_t>((*shares)[p] - 1));
    }
  }

 private:
  struct Part {
    std::size_t layer = 0;  ///< of the graph
    RepeatedBlock block;
    int output_bits = 0;
  };

  static BlockOptions options(std::size_t place) {
    return {MappingEffort::quick, static_cast<std::int64_t>(place) + 1};
  }

  [[nodiscard]] std::int64_t least(const std::vector<Part>& parts, std::size_t place) const {
    std::int64_t cycles = 0;
    for (const Part& part : parts)
      cycles += part.block.times * blocks_.least_cycles(part.layer, part.block.block,
                                                        part.output_bits, options(place));
    return cycles;
  }

  void map(std::size_t stage, std::size_t place) {
    if (is_mapped_[stage][place]) return;
    is_mapped_[stage][place] = true;
    std::int64_t cycles = 0;
    for (const Part& part : parts_[stage]) {
      const auto mapped =
          blocks_.map(part.layer, part.block.block, part.output_bits, options(place));
      cycles = mapped ? cycles + part.block.times * (*mapped)->cost.cycles : kNever;
      if (!mapped) break;
    }
    times_[stage][place] = cycles;
  }

  BlockMapper& blocks_;
  std::vector<std::vector<Part>> parts_;          ///< by stage
  std::vector<std::vector<std::int64_t>> times_;  ///< [stage][columns - 1]
  std::vector<std::vector<bool>> is_mapped_;
};

/// What a pipeline of a plan is made of, if it fits.
struct PipelineShape {
  Group group;
  std::vector<std::size_t> stages;
  std::optional<GroupRoom> room;
};
PipelineShape shape_in_space(const FusionGraph& graph, const FusionMachine& machine,
                             const Slice& slice, const GroupPlan& plan, std::int64_t columns) {
  PipelineShape shape{make_group(graph, slice, plan.schedule.read_again), {}, std::nullopt};
  shape.stages = pipeline_stages(graph, shape.group);
  const bool may_be = plan.steps <= kMostSteps &&
                      can_pipeline(shape.group, shape.stages, plan.schedule) &&
                      static_cast<std::int64_t>(shape.stages.back()) < columns;
  if (!may_be) return shape;
  const TileScans scans(shape.group, plan.schedule);
  const TiledGroup tiled(shape.group, scans, plan.schedule.outer);
  shape.room = pipeline_room(tiled, shape.stages, plan.schedule, machine.room);
  return shape;
}

}  // namespace

bool GroupEvaluator::has_stages(const Slice& slice) const {
  const auto last =
      static_cast<std::int64_t>(pipeline_stages(graph_, make_group(graph_, slice)).back());
  return last > 0 && last < blocks_.shares().columns();
}

bool GroupEvaluator::fits_in_space(const Slice& slice, const GroupPlan& plan) const {
  return shape_in_space(graph_, machine_, slice, plan, blocks_.shares().columns()).room.has_value();
}

std::optional<GroupPlan> GroupEvaluator::in_space(const Slice& slice, const GroupPlan& plan,
                                                  std::int64_t below_cycles) {
  const GroupSchedule& schedule = plan.schedule;
  const auto [group, stages, room] =
      shape_in_space(graph_, machine_, slice, plan, blocks_.shares().columns());
  if (!room) return std::nullopt;
  const TileScans scans(group, schedule);
  const std::vector<Halo> retain(group.tensors.size(), Halo::retain);
  const bool rows_first = schedule.outer == Axis::rows;
  const auto outer =
      step_classes(graph_, group, rows_first ? scans.rows : scans.columns, schedule.outer, retain);
  const auto inner = step_classes(graph_, group, rows_first ? scans.columns : scans.rows,
                                  rows_first ? Axis::columns : Axis::rows, retain);
  const AxisStep& outer_step = most_frequent(outer);
  const AxisStep& inner_step = most_frequent(inner);
  StageTimes times(graph_, group, schedule, stages, outer_step, inner_step, blocks_);
  // One stage after the other does all of these steps.
  const std::int64_t count =
      group.batch * outer.counts.at(outer_step) * inner.counts.at(inner_step);
  const auto shares = times.share(ceil_div(below_cycles, count));
  if (!shares) return std::nullopt;
  GroupPlan shared = plan;
  shared.schedule.shares = *shares;
  shared.room = *room;
  return shared;
}

}  // namespace hwflow::chip
