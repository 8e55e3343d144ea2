#include "chip/fusion/group_evaluation.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "chip/cost/timing.hpp"
#include "chip/fusion/block_layer.hpp"

namespace hwflow::chip {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// There are many blocks, and most are proved with less.
constexpr std::int64_t kBlockEvaluations = 30'000;

/// The next size without prime factors above 7.
std::int64_t next_smooth(std::int64_t size) {
  for (;; ++size) {
    std::int64_t rest = size;
    for (const std::int64_t factor : {2, 3, 5, 7})
      while (rest % factor == 0) rest /= factor;
    if (rest == 1) return size;
  }
}

double leakage_of(const Accelerator& accelerator) {
  double leakage = 0.0;
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l)
    leakage += accelerator.levels()[l].leakage_pj_per_cycle *
               static_cast<double>(accelerator.instances(l));
  return leakage + accelerator.engine().leakage_pj_per_cycle *
                       static_cast<double>(accelerator.compute_units());
}

/// What every tensor and layer does in one step along one axis; steps alike are counted together.
using StepClass = std::vector<std::int64_t>;

struct StepClasses {
  std::map<StepClass, std::int64_t> counts;
  std::vector<std::size_t> of_step;  ///< places in `counts`
};

StepClasses step_classes(const Group& group, const AxisPlan& plan, const std::vector<Halo>& halos) {
  StepClasses classes;
  std::vector<StepClass> steps;
  for (std::int64_t i = 0; i < plan.steps(); ++i) {
    StepClass blocks;
    for (std::size_t t = 0; t < group.tensors.size(); ++t)
      blocks.push_back(plan.block(t, i, halos[t]));
    // What is written is what was not made before.
    for (std::size_t t = 0; t < group.tensors.size(); ++t)
      blocks.push_back(plan.block(t, i, Halo::retain));
    ++classes.counts[blocks];
    steps.push_back(std::move(blocks));
  }
  std::map<StepClass, std::size_t> places;
  for (const auto& [blocks, count] : classes.counts) places.emplace(blocks, places.size());
  for (const StepClass& step : steps) classes.of_step.push_back(places.at(step));
  return classes;
}

StepClass step_at(const Group& group, const AxisPlan& plan, std::int64_t i) {
  StepClass blocks;
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    blocks.push_back(plan.block(t, i, Halo::retain));
  return blocks;
}

/// Bits that one step moves from and to DRAM.
struct StepTransfers {
  std::int64_t read = 0, written = 0;
};

/// One evaluation.
class GroupRun {
 public:
  GroupRun(const FusionGraph& graph, const FusionMachine& machine, GroupEvaluator& evaluator,
           MappingCache& cache, const MapperOptions& options, const Slice& slice,
           const GroupPlan& plan)
      : graph_(graph),
        machine_(machine),
        evaluator_(evaluator),
        cache_(cache),
        options_(options),
        plan_(plan),
        group_(make_group(graph, slice, plan.schedule.read_again)) {}

  Expected<GroupCost> run() {
    const GroupSchedule& schedule = plan_.schedule;
    const bool rows_first = schedule.outer == Axis::rows;
    const Halo bands = outer_halo(schedule.intermediates);
    const Halo tiles = inner_halo(schedule.intermediates);
    const AxisPlan rows(group_, Axis::rows, schedule.tile_rows, rows_first ? bands : tiles);
    const AxisPlan columns(group_, Axis::columns, schedule.tile_columns,
                           rows_first ? tiles : bands);
    cost_.level_energy_pj.assign(machine_.inner.levels().size(), 0.0);
    const auto outer = step_classes(group_, rows_first ? rows : columns, halos(true));
    const auto inner = step_classes(group_, rows_first ? columns : rows, halos(false));
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
    add_ends(rows, columns);
    add_energy();
    return std::move(cost_);
  }

 private:
  [[nodiscard]] std::vector<Halo> halos(bool outer) const {
    std::vector<Halo> halos;
    for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
      const HaloPolicy policy =
          group_.tensors[t].producer ? plan_.schedule.intermediates : plan_.schedule.sources[t];
      halos.push_back(outer ? outer_halo(policy) : inner_halo(policy));
    }
    return halos;
  }

  StepWork add_steps(const StepClass& outer, const StepClass& inner, std::int64_t count) {
    StepTransfers moved;
    const std::size_t tensors = group_.tensors.size();
    for (std::size_t t = 0; t < tensors; ++t) {
      const GroupTensor& tensor = group_.tensors[t];
      moved.read += outer[t] * inner[t] * tensor.fetched_bits;
      if (tensor.producer)
        moved.written += outer[tensors + t] * inner[tensors + t] * tensor.written_bits;
    }
    StepWork work;
    work.layer_cycles.assign(group_.layers.size(), 0);
    std::int64_t compute = 0;
    for (std::size_t l = 0; l < group_.layers.size(); ++l) {
      const std::size_t output = group_.layers[l].output;
      if (outer[output] * inner[output] == 0) continue;
      if (!plan_.schedule.resident_weights[l]) moved.read += group_.layers[l].weight_bits;
      work.layer_cycles[l] = add_layer(l, outer[output], inner[output], count);
      compute += work.layer_cycles[l];
    }
    const std::int64_t transfer = evaluator_.transfer_cycles(moved.read, moved.written);
    cost_.compute_cycles += count * compute;
    cost_.dram_cycles += count * transfer;
    work.read_bits = moved.read;
    work.written_bits = moved.written;
    work.transfer_cycles = transfer;
    work.cycles = machine_.room.double_buffered ? std::max(compute, transfer) : compute + transfer;
    cost_.cycles += count * work.cycles;
    return work;
  }

  /// Cycles of a layer in one of `count` equal steps; adds the energy of all of them.
  std::int64_t add_layer(std::size_t l, std::int64_t outer, std::int64_t inner,
                         std::int64_t count) {
    const FusionLayer& layer = graph_.layers[group_.layers[l].layer];
    const std::int64_t parts = has_separable_channels(layer) ? plan_.schedule.channel_parts : 1;
    const std::int64_t part = ceil_div(layer.shape.channels, parts);
    const std::int64_t whole_parts = layer.shape.channels / part;
    const bool rows_first = plan_.schedule.outer == Axis::rows;
    Block block{rows_first ? outer : inner, rows_first ? inner : outer, part};
    std::int64_t cycles = add_block(l, layer, block, whole_parts, count);
    block.channels = layer.shape.channels % part;
    if (block.channels > 0) cycles += add_block(l, layer, block, 1, count);
    return cycles;
  }

  std::int64_t add_block(std::size_t l, const FusionLayer& layer, const Block& block,
                         std::int64_t parts, std::int64_t count) {
    const GroupTensor& output = group_.tensors[group_.layers[l].output];
    const std::int64_t width = (output.kept_bits + output.written_bits) / output.channels;
    const int output_bits = static_cast<int>(std::min<std::int64_t>(64, width));
    auto found = cache_.map(block_layer(layer, block, output_bits), machine_.inner, options_);
    const Block larger{next_smooth(block.rows), next_smooth(block.columns), block.channels};
    if (larger != block) {
      // Perfect factors of an awkward size are poor: some idle rows and columns may cost less.
      auto other = cache_.map(block_layer(layer, larger, output_bits), machine_.inner, options_);
      if (other && (!found || other->value < found->value)) found = std::move(other);
    }
    if (!found) {
      problems_ = found.error();
      return 0;
    }
    const Cost& cost = found->cost;
    const auto times = static_cast<double>(parts * count);
    cost_.mac_energy_pj += times * cost.mac_energy_pj;
    for (std::size_t level = 0; level < cost.levels.size(); ++level) {
      cost_.level_energy_pj[level] +=
          times * (cost.levels[level].energy_pj + cost.levels[level].noc_energy_pj);
    }
    cost_.macs += parts * count * block_layer(layer, block, output_bits).op.macs();
    cost_.mapped_optimally = cost_.mapped_optimally && found->optimal;
    return parts * cost.cycles;
  }

  /// Before the first step: weights that stay, and with double buffering the first tiles; after
  /// the last one its outputs.
  void add_ends(const AxisPlan& rows, const AxisPlan& columns) {
    std::int64_t resident = 0;
    for (std::size_t l = 0; l < group_.layers.size(); ++l)
      if (plan_.schedule.resident_weights[l]) resident += group_.layers[l].weight_bits;
    std::int64_t first = 0, last = 0;
    if (machine_.room.double_buffered) {
      const StepClass first_rows = step_at(group_, rows, 0);
      const StepClass first_columns = step_at(group_, columns, 0);
      const StepClass last_rows = step_at(group_, rows, rows.steps() - 1);
      const StepClass last_columns = step_at(group_, columns, columns.steps() - 1);
      for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
        first += first_rows[t] * first_columns[t] * group_.tensors[t].fetched_bits;
        if (group_.tensors[t].producer)
          last += last_rows[t] * last_columns[t] * group_.tensors[t].written_bits;
      }
    }
    const std::int64_t begin = evaluator_.transfer_cycles(resident + first, 0);
    const std::int64_t end = evaluator_.transfer_cycles(0, last);
    cost_.dram_cycles += evaluator_.transfer_cycles(resident, 0);
    cost_.cycles += begin + end;
    cost_.timeline.prologue_cycles = begin;
    cost_.timeline.epilogue_cycles = end;
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
  MappingCache& cache_;
  const MapperOptions& options_;
  const GroupPlan& plan_;
  Group group_;
  GroupCost cost_;
  Diagnostics problems_;
};

/// Energy that every iteration of a layer costs at the levels next to the units: a role that the
/// unit does not hold is read (written) there each time, where one unit has one such level. None
/// of it is in the coarse model, which counts the buffer and the MACs.
double innermost_energy_pj(const FusionLayer& layer, const Accelerator& accelerator) {
  if (layer.description.kind == NodeKind::transposed_convolution) return 0.0;  // blocks differ
  double energy = 0.0;
  for (const Operand& operand : layer.layer.op.operands()) {
    const Role role = operand.role;
    if (accelerator.engine().operand_registers.contains(role)) continue;
    LevelIndex level = accelerator.levels().size();
    while (level > 0 && !accelerator.levels()[level - 1].keeps.contains(role)) --level;
    if (level < 2 || accelerator.instances(level - 1) != accelerator.compute_units()) continue;
    const MemoryLevel& store = accelerator.levels()[level - 1];
    const LayerBits& bits = layer.layer.bits;
    const double width =
        role == Role::outputs ? std::min(bits.outputs, bits.partial_sums) : bits_of(bits, role);
    energy += width * (role == Role::outputs ? store.write_energy_pj_per_bit
                                             : store.read_energy_pj_per_bit);
  }
  return energy * static_cast<double>(layer.layer.op.iterations());
}

/// Energy of a mapped layer without leakage.
double dynamic_energy(const Cost& cost) {
  double energy = cost.mac_energy_pj;
  for (const LevelCost& level : cost.levels) energy += level.energy_pj + level.noc_energy_pj;
  return energy;
}

}  // namespace

GroupEvaluator::GroupEvaluator(const FusionGraph& graph, const FusionMachine& machine,
                               MapperOptions options, MappingCache* mappings)
    : graph_(graph),
      machine_(machine),
      options_(std::move(options)),
      cache_(mappings != nullptr ? *mappings : own_cache_),
      leakage_(leakage_of(machine.whole)) {
  options_.threads = 1;
  options_.time_limit_seconds.reset();
  options_.max_evaluations =
      std::min(options_.max_evaluations.value_or(kBlockEvaluations), kBlockEvaluations);
  if (options_.objective == Objective::dram) options_.objective = Objective::edp;
}

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

Expected<GroupCost> GroupEvaluator::evaluate(const Slice& slice, const GroupPlan& plan) {
  return GroupRun(graph_, machine_, *this, cache_, options_, slice, plan).run();
}

GroupEvaluator::Bound GroupEvaluator::lower_bound(const Slice& slice,
                                                  const GroupTraffic& traffic) const {
  const Group group = make_group(graph_, slice);
  const GroupLayer& last = group.layers.back();
  const AxisPlan rows(group, Axis::rows, last.height, Halo::retain);
  const AxisPlan columns(group, Axis::columns, last.width, Halo::retain);
  Bound bound;
  std::int64_t compute = 0;
  for (const GroupLayer& member : group.layers) {
    Layer layer = graph_.layers[member.layer].layer;
    layer.bits.outputs = std::min(layer.bits.outputs, layer.bits.partial_sums);
    const auto coarse = evaluate_coarse(layer, machine_.inner);
    // What nobody needs is not computed: such a layer is left out.
    const std::int64_t needed = rows.total(member.output) * columns.total(member.output);
    if (!coarse || needed < member.height * member.width) continue;
    bound.energy_pj +=
        static_cast<double>(graph_.batch) *
        (coarse->energy_pj + innermost_energy_pj(graph_.layers[member.layer], machine_.inner));
    compute += graph_.batch * coarse->cycles;
  }
  const std::int64_t moved = transfer_cycles(traffic.read_bits(), traffic.written_bits);
  bound.cycles = machine_.room.double_buffered ? std::max(compute, moved) : compute + moved;
  bound.energy_pj += transfer_energy_pj(traffic.read_bits(), traffic.written_bits) +
                     leakage_ * static_cast<double>(bound.cycles);
  return bound;
}

GroupEvaluator::Bound GroupEvaluator::estimate(const Slice& slice, const GroupTraffic& traffic) {
  Bound bound;
  std::int64_t compute = 0;
  for (std::size_t l = slice.first; l < slice.last; ++l) {
    const auto found = cache_.map(graph_.layers[l].layer, machine_.inner, options_);
    if (!found) continue;
    bound.energy_pj += static_cast<double>(graph_.batch) * dynamic_energy(found->cost);
    compute += graph_.batch * found->cost.cycles;
  }
  const std::int64_t moved = transfer_cycles(traffic.read_bits(), traffic.written_bits);
  bound.cycles = machine_.room.double_buffered ? std::max(compute, moved) : compute + moved;
  bound.energy_pj += transfer_energy_pj(traffic.read_bits(), traffic.written_bits) +
                     leakage_ * static_cast<double>(bound.cycles);
  return bound;
}

}  // namespace hwflow::chip
