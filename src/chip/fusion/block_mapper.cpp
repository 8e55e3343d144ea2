#include "chip/fusion/block_mapper.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

/// There are many blocks, and most are proved with less.
constexpr std::int64_t kBlockEvaluations = 30'000;
constexpr std::int64_t kQuickEvaluations = 3'000;
/// Latency is proved sooner without the tables of `products`, energy and EDP with them.
constexpr std::int64_t kQuickLatencyEvaluations = 10'000;

/// What the mapping of the block with whole windows costs where the block lies.
Cost cost_in_place(const Layer& block, const Layer& whole, const Accelerator& machine,
                   MappingResult&& found) {
  if (block.op == whole.op) return std::move(found.cost);
  Evaluation evaluation = evaluate(block, machine, found.mapping);
  if (auto* cost = std::get_if<Cost>(&evaluation)) return std::move(*cost);
  const Infeasible& why = std::get<Infeasible>(evaluation);
  HWFLOW_CHECK(why.reason == Infeasible::Reason::uncountable,
               "a block at the border does not fit where whole windows do");
  return std::move(found.cost);  // more padding than any count is made for
}

}  // namespace

BlockMapper::BlockMapper(const FusionGraph& graph, const FusionMachine& machine,
                         MapperOptions options, MappingCache* mappings)
    : graph_(graph),
      machine_(machine),
      shares_(machine.inner),
      full_(std::move(options)),
      cache_(mappings != nullptr ? *mappings : own_cache_) {
  full_.threads = 1;
  full_.time_limit_seconds.reset();
  full_.max_evaluations =
      std::min(full_.max_evaluations.value_or(kBlockEvaluations), kBlockEvaluations);
  if (full_.objective == Objective::dram) full_.objective = Objective::edp;
  quick_ = full_;
  quick_.max_evaluations = std::min(*full_.max_evaluations, kQuickEvaluations);
  if (quick_.objective == Objective::latency && quick_.strategy == "products") {
    quick_.strategy = "branch_and_bound";
    quick_.max_evaluations = std::min(*full_.max_evaluations, kQuickLatencyEvaluations);
  }
}

std::optional<LeastWork> BlockMapper::least_work(std::size_t layer, const Block& block,
                                                 int output_bits) const {
  return chip::least_work(block_layer(graph_.layers[layer], block, output_bits), machine_.inner);
}

std::int64_t BlockMapper::port_cycles(const PortBits& bits) const {
  return chip::port_cycles(machine_.inner.levels().front(), bits, 1);
}

std::int64_t BlockMapper::least_cycles(std::size_t layer, const Block& block, int output_bits,
                                       const BlockOptions& options) const {
  return least_block_cycles(graph_.layers[layer], block, output_bits, machine(options),
                            full_.factors);
}

Expected<MappingResult> BlockMapper::map_whole(std::size_t layer) {
  return cache_.map(graph_.layers[layer].layer, machine_.inner, full_);
}

BlockMapper::Result BlockMapper::map(std::size_t layer, const Block& block, int output_bits,
                                     const BlockOptions& options) {
  const Key key{layer, block, output_bits, options};
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
  }
  Result result = find(key);  // the same whoever finds it
  const std::lock_guard lock(mutex_);
  return known_.try_emplace(key, std::move(result)).first->second;
}

BlockMapper::Result BlockMapper::find(const Key& key) {
  const FusionLayer& layer = graph_.layers[key.layer];
  MappedBlock mapped;
  mapped.block = key.block;
  Layer whole = whole_block_layer(layer, key.block, key.output_bits);
  mapped.macs = whole.op.macs();
  auto found = cache_.map(whole, machine(key.options), options(key.options.effort));
  const Block larger = with_idle(key.block);
  if (larger != key.block) {
    Layer more = whole_block_layer(layer, larger, key.output_bits);
    auto other = cache_.map(more, machine(key.options), options(key.options.effort));
    if (other && (!found || other->value < found->value)) {
      found = std::move(other);
      whole = std::move(more);
      mapped.block = larger;
    }
  }
  if (!found) return Unexpected{found.error()};
  mapped.mapping = found->mapping;
  mapped.mapped_optimally = found->optimal;
  mapped.cost = cost_in_place(block_layer(layer, mapped.block, key.output_bits), whole,
                              machine(key.options), std::move(*found));
  return std::make_shared<const MappedBlock>(std::move(mapped));
}

}  // namespace hwflow::chip
