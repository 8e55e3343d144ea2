#include "chip/fusion/step_classes.hpp"

#include <span>
#include <utility>

namespace hwflow::chip {
namespace {

class Steps {
 public:
  Steps(const FusionGraph& graph, const Group& group, const AxisPlan& plan, Axis axis,
        const std::vector<Halo>& halos)
      : graph_(graph),
        group_(group),
        plan_(plan),
        axis_(axis),
        halos_(halos),
        needed_(needed_indices(group, axis)) {}

  [[nodiscard]] AxisStep at(std::int64_t i) const {
    AxisStep step;
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      step.moved.push_back(plan_.block(t, i, halos_[t]));
      step.fresh.push_back(plan_.block(t, i, Halo::retain));
    }
    for (const GroupLayer& layer : group_.layers) {
      const std::int64_t size = step.moved[layer.output];
      step.blocks.push_back(size > 0 ? block(layer, i, size) : BlockAxis{});
    }
    return step;
  }

 private:
  [[nodiscard]] BlockAxis block(const GroupLayer& layer, std::int64_t i, std::int64_t size) const {
    const std::int64_t begin = plan_.after(layer.output, i) - size;
    const auto made = std::span(needed_[layer.output])
                          .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    return block_axis(graph_.layers[layer.layer], axis_, made);
  }

  const FusionGraph& graph_;
  const Group& group_;
  const AxisPlan& plan_;
  Axis axis_;
  const std::vector<Halo>& halos_;
  std::vector<std::vector<std::int64_t>> needed_;
};

}  // namespace

std::vector<RepeatedBlock> blocks_of_layer(const FusionLayer& layer, const GroupSchedule& schedule,
                                           const BlockAxis& outer, const BlockAxis& inner) {
  const std::int64_t channels = layer.shape.channels;
  const std::int64_t parts = has_separable_channels(layer) ? schedule.channel_parts : 1;
  const std::int64_t part = (channels + parts - 1) / parts;
  const bool rows_first = schedule.outer == Axis::rows;
  Block block{rows_first ? outer : inner, rows_first ? inner : outer, part};
  std::vector<RepeatedBlock> blocks{{block, channels / part}};
  block.channels = channels % part;
  if (block.channels > 0) blocks.push_back({block, 1});
  return blocks;
}

StepClasses step_classes(const FusionGraph& graph, const Group& group, const AxisPlan& plan,
                         Axis axis, const std::vector<Halo>& halos) {
  const Steps steps(graph, group, plan, axis, halos);
  StepClasses classes;
  std::vector<AxisStep> all;
  for (std::int64_t i = 0; i < plan.steps(); ++i) {
    all.push_back(steps.at(i));
    ++classes.counts[all.back()];
  }
  std::map<AxisStep, std::size_t> places;
  for (const auto& [step, count] : classes.counts) places.emplace(step, places.size());
  for (const AxisStep& step : all) classes.of_step.push_back(places.at(step));
  return classes;
}

}  // namespace hwflow::chip
