#include "chip/fusion/plan_bounds.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "chip/fusion/array_shares.hpp"
#include "chip/fusion/pipeline.hpp"

namespace hwflow::chip {

PlanBounds::PlanBounds(const FusionGraph& graph, const GroupEvaluator& evaluator,
                       const Slice& slice)
    : graph_(graph), evaluator_(evaluator), slice_(slice) {}

GroupEvaluator::Bound PlanBounds::in_time(const GroupPlan& plan) {
  return with_transfers(plan, computing(plan.schedule));
}

GroupEvaluator::Bound PlanBounds::in_space(const GroupPlan& plan) {
  const auto [known, is_new] = longest_stages_.try_emplace(tiling_of(plan.schedule));
  if (is_new) known->second = longest_stage(plan.schedule);
  Computing sum = computing(plan.schedule);
  sum.cycles = std::max(known->second, evaluator_.blocks().port_cycles(sum.buffer));
  return with_transfers(plan, sum);
}

GroupEvaluator::Bound PlanBounds::with_transfers(const GroupPlan& plan,
                                                 const Computing& computing) {
  const Group& members = group(plan.schedule.read_again);
  std::int64_t resident = 0;
  for (std::size_t l = 0; l < members.layers.size(); ++l)
    if (plan.schedule.resident_weights[l]) resident += members.layers[l].weight_bits;
  return evaluator_.with_transfers(computing, plan.traffic, resident);
}

std::int64_t PlanBounds::longest_stage(const GroupSchedule& schedule) {
  const Group& members = group(schedule.read_again);
  const std::vector<std::size_t> stages = pipeline_stages(graph_, members);
  const auto columns = static_cast<std::size_t>(evaluator_.blocks().shares().columns());
  if (stages.back() >= columns) return 0;
  std::vector<std::vector<std::int64_t>> times(stages.back() + 1,
                                               std::vector<std::int64_t>(columns, 0));
  visit_blocks(schedule, [&](std::size_t layer, const Block& block, std::int64_t count) {
    const auto [known, is_new] =
        by_columns_.try_emplace({layer, block, output_width(members, layer)});
    if (is_new)
      for (std::size_t c = 0; c < columns; ++c)
        known->second.push_back(evaluator_.blocks().least_cycles(
            members.layers[layer].layer, block, output_width(members, layer),
            {MappingEffort::quick, static_cast<std::int64_t>(c) + 1}));
    for (std::size_t c = 0; c < columns; ++c) times[stages[layer]][c] += count * known->second[c];
  });
  const auto shares = share_out(times);
  HWFLOW_CHECK(shares.has_value(), "more stages than columns");
  std::int64_t longest = 0;
  for (std::size_t p = 0; p < times.size(); ++p)
    longest = std::max(longest, times[p][static_cast<std::size_t>((*shares)[p] - 1)]);
  return longest;
}

PlanBounds::Tiling PlanBounds::tiling_of(const GroupSchedule& schedule) {
  const Group& members = group(schedule.read_again);
  Tiling tiling{schedule.read_again,   schedule.outer,         schedule.tile_rows,
                schedule.tile_columns, schedule.channel_parts, schedule.halos};
  for (std::size_t t = 0; t < members.tensors.size(); ++t)
    if (!members.tensors[t].producer) tiling.halos[t] = HaloPolicy::retain;
  return tiling;
}

const PlanBounds::Computing& PlanBounds::computing(const GroupSchedule& schedule) {
  const auto [known, is_new] = computing_.try_emplace(tiling_of(schedule));
  if (is_new) known->second = compute(schedule);
  return known->second;
}

template <class Visit>
void PlanBounds::visit_blocks(const GroupSchedule& schedule, const Visit& visit) {
  const Group& members = group(schedule.read_again);
  const StepClasses& outer = classes(schedule, schedule.outer);
  const StepClasses& inner =
      classes(schedule, schedule.outer == Axis::rows ? Axis::columns : Axis::rows);
  for (const auto& [outer_step, outer_count] : outer.counts) {
    for (const auto& [inner_step, inner_count] : inner.counts) {
      const std::int64_t count = outer_count * inner_count * members.batch;
      for (std::size_t l = 0; l < members.layers.size(); ++l) {
        const std::size_t output = members.layers[l].output;
        if (outer_step.moved[output] * inner_step.moved[output] == 0) continue;
        const FusionLayer& layer = graph_.layers[members.layers[l].layer];
        for (const RepeatedBlock& part :
             blocks_of_layer(layer, schedule, outer_step.blocks[l], inner_step.blocks[l]))
          visit(l, part.block, part.times * count);
      }
    }
  }
}

PlanBounds::Computing PlanBounds::compute(const GroupSchedule& schedule) {
  const Group& members = group(schedule.read_again);
  Computing sum;
  visit_blocks(schedule, [&](std::size_t layer, const Block& block, std::int64_t count) {
    const Computing& one = least(members, layer, block);
    sum.energy_pj += static_cast<double>(count) * one.energy_pj;
    sum.cycles += count * one.cycles;
    sum.buffer += count * one.buffer;
  });
  return sum;
}

const Group& PlanBounds::group(const std::vector<std::size_t>& read_again) {
  const auto known = groups_.find(read_again);
  if (known != groups_.end()) return known->second;
  return groups_.emplace(read_again, make_group(graph_, slice_, read_again)).first->second;
}

const StepClasses& PlanBounds::classes(const GroupSchedule& schedule, Axis axis) {
  const std::int64_t tile = axis == Axis::rows ? schedule.tile_rows : schedule.tile_columns;
  std::vector<Halo> halos = halos_along(schedule, axis);
  const Group& members = group(schedule.read_again);
  for (std::size_t t = 0; t < halos.size(); ++t)
    if (!members.tensors[t].producer) halos[t] = Halo::retain;
  const AxisKey key{schedule.read_again, axis, tile, halos};
  const auto known = classes_.find(key);
  if (known != classes_.end()) return known->second;
  const AxisPlan plan(members, axis, tile, halos);
  return classes_.emplace(key, step_classes(graph_, members, plan, axis, halos)).first->second;
}

const PlanBounds::Computing& PlanBounds::least(const Group& members, std::size_t layer,
                                               const Block& block) {
  const int bits = output_width(members, layer);
  const auto [known, is_new] = blocks_.try_emplace({layer, block, bits});
  if (!is_new) return known->second;
  const std::size_t of_graph = members.layers[layer].layer;
  const BlockMapper& mapper = evaluator_.blocks();
  if (const auto work = mapper.least_work(of_graph, block, bits))
    known->second = {work->energy_pj, mapper.least_cycles(of_graph, block, bits, {}), work->buffer};
  return known->second;
}

}  // namespace hwflow::chip
