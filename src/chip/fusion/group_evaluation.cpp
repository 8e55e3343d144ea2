#include "chip/fusion/group_evaluation.hpp"

#include <algorithm>
#include <utility>

#include "chip/cost/timing.hpp"
#include "chip/fusion/pipeline.hpp"
#include "chip/fusion/step_classes.hpp"

namespace hwflow::chip {
namespace {

double leakage_of(const Accelerator& accelerator) {
  double leakage = 0.0;
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l)
    leakage += accelerator.levels()[l].leakage_pj_per_cycle *
               static_cast<double>(accelerator.instances(l));
  return leakage + accelerator.engine().leakage_pj_per_cycle *
                       static_cast<double>(accelerator.compute_units());
}

/// What moves from and to DRAM.
struct Transfers {
  Moved maps, weights, outputs;
  [[nodiscard]] std::int64_t read_bits() const { return maps.bits + weights.bits; }
};

/// One evaluation.
class GroupRun {
 public:
  GroupRun(const FusionGraph& graph, const FusionMachine& machine, GroupEvaluator& evaluator,
           BlockMapper& blocks, MappingEffort effort, const Slice& slice, const GroupPlan& plan)
      : graph_(graph),
        machine_(machine),
        evaluator_(evaluator),
        blocks_(blocks),
        effort_(effort),
        plan_(plan),
        group_(make_group(graph, slice, plan.schedule.read_again)) {
    if (!plan.schedule.shares.empty()) stages_ = pipeline_stages(graph, group_);
  }

  Expected<GroupCost> run() {
    const GroupSchedule& schedule = plan_.schedule;
    const bool rows_first = schedule.outer == Axis::rows;
    const TileScans scans(group_, schedule);
    const AxisPlan& rows = scans.rows;
    const AxisPlan& columns = scans.columns;
    cost_.level_energy_pj.assign(machine_.inner.levels().size(), 0.0);
    cost_.level_traffic.resize(machine_.inner.levels().size());
    const Axis inner_axis = rows_first ? Axis::columns : Axis::rows;
    const auto outer = step_classes(graph_, group_, rows_first ? rows : columns, schedule.outer,
                                    halos_along(schedule, schedule.outer));
    const auto inner = step_classes(graph_, group_, rows_first ? columns : rows, inner_axis,
                                    halos_along(schedule, inner_axis));
    GroupTimeline& timeline = cost_.timeline;
    timeline.images = group_.batch;
    timeline.outer_classes = outer.of_step;
    timeline.inner_classes = inner.of_step;
    for (const auto& [outer_step, outer_count] : outer.counts) {
      timeline.work.emplace_back();
      for (const auto& [inner_step, inner_count] : inner.counts)
        timeline.work.back().push_back(
            add_steps(outer_step, inner_step, outer_count * inner_count * group_.batch));
    }
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    add_residents();
    add_slots();
    add_energy();
    return std::move(cost_);
  }

 private:
  StepWork add_steps(const AxisStep& outer, const AxisStep& inner, std::int64_t count) {
    Transfers moved;
    StepWork work;
    work.layers.resize(group_.layers.size());
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const GroupTensor& tensor = group_.tensors[t];
      if (tensor.producer) {  // what was not made before
        const Moved out =
            outer.fresh[t] * inner.fresh[t] * Moved{tensor.written_words, tensor.written_bits};
        moved.outputs += out;
        LayerWork& writer = work.layers[*tensor.producer];
        (is_exchanged(tensor) ? writer.again_written_bits : writer.written_bits) += out.bits;
      } else {
        const Moved in =
            outer.moved[t] * inner.moved[t] * Moved{tensor.fetched_words, tensor.fetched_bits};
        moved.maps += in;
        LayerWork& reader = work.layers[first_reader(tensor)];
        (is_exchanged(tensor) ? reader.again_read_bits : reader.ahead_bits) += in.bits;
      }
    }
    for (std::size_t l = 0; l < group_.layers.size(); ++l) {
      const std::size_t output = group_.layers[l].output;
      if (outer.moved[output] * inner.moved[output] == 0) continue;
      if (!plan_.schedule.resident_weights[l]) {
        moved.weights += weights_of(group_.layers[l]);
        work.layers[l].read_bits += group_.layers[l].weight_bits;
      }
      add_layer(l, outer.blocks[l], inner.blocks[l], count, work.layers[l]);
    }
    add_transfers(count, moved);
    for (const LayerWork& layer : work.layers) work.all += layer;
    cost_.compute_cycles += count * work.all.cycles;
    return work;
  }

  [[nodiscard]] std::size_t first_reader(const GroupTensor& source) const {
    std::size_t first = group_.layers.size() - 1;
    for (const std::size_t read : source.reads)
      if (group_.reads[read].is_kept) first = std::min(first, group_.reads[read].layer);
    return first;
  }

  /// All that happens in a slot of one image. Stages work side by side, each on its step.
  [[nodiscard]] LayerWork work_in(std::int64_t slot) const {
    const GroupTimeline& timeline = cost_.timeline;
    if (stages_.empty()) return timeline.step(slot).all;
    std::vector<std::int64_t> busy(stages_.back() + 1, 0);
    LayerWork all;
    for (std::size_t l = 0; l < stages_.size(); ++l) {
      const std::int64_t step = slot - static_cast<std::int64_t>(stages_[l]);
      if (step < 0 || step >= timeline.steps()) continue;
      const LayerWork& work = timeline.step(step).layers[l];
      busy[stages_[l]] += work.cycles;
      all += work;
    }
    all.cycles = std::max(all.buffer_cycles, *std::max_element(busy.begin(), busy.end()));
    return all;
  }

  /// Does the group write the tensor to DRAM and read it again from there?
  [[nodiscard]] bool is_exchanged(const GroupTensor& tensor) const {
    bool is_written = false, is_read = false;
    for (const GroupTensor& other : group_.tensors) {
      if (other.tensor != tensor.tensor) continue;
      is_written = is_written || other.producer;
      is_read = is_read || other.is_read_again;
    }
    return is_written && is_read;
  }

  /// With double buffering the sources of the next slot come in and the outputs of the one before
  /// leave while a slot computes; transfers and array share the ports of the buffer.
  [[nodiscard]] SlotWork slot_of(const LayerWork& before, const LayerWork& now,
                                 const LayerWork& next) const {
    if (!machine_.room.double_buffered) {
      const std::int64_t transfer =
          evaluator_.transfer_cycles(now.ahead_bits + now.read_bits + now.again_read_bits,
                                     now.written_bits + now.again_written_bits);
      return {transfer, now.cycles + transfer};
    }
    const std::int64_t read = now.read_bits + next.ahead_bits, written = before.written_bits;
    const std::int64_t transfer = evaluator_.transfer_cycles(read, written);
    const std::int64_t ports =
        port_cycles(machine_.whole.levels()[machine_.buffer],
                    {now.buffer_read_bits + written, now.buffer_written_bits + read}, 1);
    const std::int64_t exchanged = evaluator_.transfer_cycles(0, now.again_written_bits) +
                                   evaluator_.transfer_cycles(now.again_read_bits, 0);
    return {transfer + exchanged, std::max({now.cycles, transfer, ports}) + exchanged};
  }

  void add_slots() {
    GroupTimeline& timeline = cost_.timeline;
    timeline.stages = stages_;
    const std::int64_t count =
        timeline.steps() + (stages_.empty() ? 0 : static_cast<std::int64_t>(stages_.back()));
    const LayerWork first = work_in(0), last = work_in(count - 1), none;
    LayerWork before = last, now = first;
    for (std::int64_t slot = 0; slot < count; ++slot) {
      const LayerWork next = slot + 1 < count ? work_in(slot + 1) : first;
      timeline.slots.push_back(slot_of(before, now, next));
      const bool is_only = timeline.images == 1 && count == 1;
      if (slot == 0) timeline.opening = slot_of(none, now, is_only ? none : next);
      if (slot + 1 == count) timeline.closing = slot_of(is_only ? none : before, now, none);
      before = std::exchange(now, next);
    }
    if (timeline.images == 1) {
      timeline.slots.front() = timeline.opening;
      timeline.slots.back() = timeline.closing;
    }
    for (const SlotWork& slot : timeline.slots) add_slot(timeline.images, slot);
    if (timeline.images > 1) {
      add_slot(-1, timeline.slots.front());
      add_slot(1, timeline.opening);
      add_slot(-1, timeline.slots.back());
      add_slot(1, timeline.closing);
    }
    if (!machine_.room.double_buffered) return;
    const std::int64_t begin = evaluator_.transfer_cycles(first.ahead_bits, 0);
    const std::int64_t end = evaluator_.transfer_cycles(0, last.written_bits);
    timeline.prologue_cycles += begin;
    timeline.epilogue_cycles += end;
    cost_.dram_cycles += begin + end;
    cost_.cycles += begin + end;
  }

  void add_slot(std::int64_t times, const SlotWork& slot) {
    cost_.dram_cycles += times * slot.transfer_cycles;
    cost_.cycles += times * slot.cycles;
  }

  static Moved weights_of(const GroupLayer& layer) {
    return {layer.weight_words, layer.weight_bits};
  }

  void add_transfers(std::int64_t times, const Transfers& moved) {
    LevelTraffic& buffer = cost_.level_traffic.front();
    buffer.of(Role::inputs).fills += times * moved.maps;
    buffer.of(Role::weights).fills += times * moved.weights;
    buffer.of(Role::outputs).drains += times * moved.outputs;
  }

  /// Work of a layer in one of `count` equal steps; adds the energy of all of them.
  void add_layer(std::size_t l, const BlockAxis& outer, const BlockAxis& inner, std::int64_t count,
                 LayerWork& work) {
    const std::int64_t columns = stages_.empty() ? 0 : plan_.schedule.shares[stages_[l]];
    const FusionLayer& layer = graph_.layers[group_.layers[l].layer];
    for (const RepeatedBlock& part : blocks_of_layer(layer, plan_.schedule, outer, inner)) {
      const auto mapped = blocks_.map(group_.layers[l].layer, part.block, output_width(group_, l),
                                      {effort_, columns});
      if (!mapped) {
        problems_ = mapped.error();
        return;
      }
      add_block(layer.layer.op, **mapped, part.times, count, work);
    }
  }

  void add_block(const Operator& op, const MappedBlock& mapped, std::int64_t parts,
                 std::int64_t count, LayerWork& work) {
    const Cost& cost = mapped.cost;
    const auto times = static_cast<double>(parts * count);
    cost_.mac_energy_pj += times * cost.mac_energy_pj;
    for (std::size_t level = 0; level < cost.levels.size(); ++level) {
      cost_.level_energy_pj[level] +=
          times * (cost.levels[level].energy_pj + cost.levels[level].noc_energy_pj);
    }
    add_traffic(op, cost, 0, parts * count, cost_.level_traffic);
    cost_.macs += parts * count * mapped.macs;
    cost_.mapped_optimally = cost_.mapped_optimally && mapped.mapped_optimally;
    work.cycles += parts * cost.cycles;
    work.buffer_cycles += parts * cost.levels.front().bandwidth_cycles;
    for (const TensorTraffic& traffic : cost.levels.front().operands) {
      work.buffer_read_bits += parts * (traffic.read_bits + traffic.drain_bits);
      work.buffer_written_bits += parts * (traffic.fill_bits + traffic.update_bits);
    }
  }

  /// Weights that stay come before the first step.
  void add_residents() {
    Transfers stay;
    for (std::size_t l = 0; l < group_.layers.size(); ++l)
      if (plan_.schedule.resident_weights[l]) stay.weights += weights_of(group_.layers[l]);
    add_transfers(1, stay);
    const std::int64_t cycles = evaluator_.transfer_cycles(stay.read_bits(), 0);
    cost_.timeline.prologue_cycles = cycles;
    cost_.dram_cycles += cycles;
    cost_.cycles += cycles;
  }

  void add_energy() {
    cost_.dram_energy_pj =
        evaluator_.transfer_energy_pj(plan_.traffic.read_bits(), plan_.traffic.written_bits);
    cost_.leakage_pj = evaluator_.leakage_pj_per_cycle() * static_cast<double>(cost_.cycles);
    cost_.energy_pj = cost_.dram_energy_pj + cost_.leakage_pj + cost_.mac_energy_pj;
    for (const double level : cost_.level_energy_pj) cost_.energy_pj += level;
  }

  const FusionGraph& graph_;
  const FusionMachine& machine_;
  GroupEvaluator& evaluator_;
  BlockMapper& blocks_;
  MappingEffort effort_;
  const GroupPlan& plan_;
  Group group_;
  std::vector<std::size_t> stages_;  ///< empty: the layers share the array in time
  GroupCost cost_;
  Diagnostics problems_;
};

}  // namespace

LayerWork& LayerWork::operator+=(const LayerWork& more) {
  cycles += more.cycles;
  buffer_cycles += more.buffer_cycles;
  buffer_read_bits += more.buffer_read_bits;
  buffer_written_bits += more.buffer_written_bits;
  ahead_bits += more.ahead_bits;
  again_read_bits += more.again_read_bits;
  again_written_bits += more.again_written_bits;
  read_bits += more.read_bits;
  written_bits += more.written_bits;
  return *this;
}

GroupEvaluator::GroupEvaluator(const FusionGraph& graph, const FusionMachine& machine,
                               MapperOptions options, MappingCache* mappings)
    : graph_(graph),
      machine_(machine),
      blocks_(graph, machine, std::move(options), mappings),
      leakage_(leakage_of(machine.whole)) {}

double GroupEvaluator::transfer_energy_pj(std::int64_t read_bits, std::int64_t written_bits) const {
  const Accelerator& whole = machine_.whole;
  const MemoryLevel& dram = whole.levels().front();
  const MemoryLevel& buffer = whole.levels()[machine_.buffer];
  double hops = 0.0;
  for (LevelIndex l = 0; l < machine_.buffer; ++l)
    hops += whole.levels()[l].fanout.hop_energy_pj_per_bit;
  const double drain =
      whole.fields().counting.count_drain_reads ? buffer.read_energy_pj_per_bit : 0.0;
  return static_cast<double>(read_bits) *
             (dram.read_energy_pj_per_bit + hops + buffer.write_energy_pj_per_bit) +
         static_cast<double>(written_bits) * (dram.write_energy_pj_per_bit + hops + drain);
}

std::int64_t GroupEvaluator::transfer_cycles(std::int64_t read_bits,
                                             std::int64_t written_bits) const {
  const MemoryLevel& dram = machine_.whole.levels().front();
  const MemoryLevel& buffer = machine_.whole.levels()[machine_.buffer];
  return std::max(port_cycles(dram, {read_bits, written_bits}, 1),
                  port_cycles(buffer, {written_bits, read_bits}, 1));
}

Expected<GroupCost> GroupEvaluator::evaluate(const Slice& slice, const GroupPlan& plan,
                                             MappingEffort effort) {
  return GroupRun(graph_, machine_, *this, blocks_, effort, slice, plan).run();
}

}  // namespace hwflow::chip
