#include "chip/overlay/product_orders.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"
#include "base/check.hpp"
#include "chip/overlay/stage_timeline.hpp"

namespace hwflow::chip {
namespace {

/// Runs that stand between two tokens.
struct Step {
  std::int64_t runs = 1;
  std::int64_t words = 1;  ///< of each run
};

std::int64_t step_cycles(const Step& step, const ProductFrame& frame,
                         const OverlayOptions& options) {
  std::int64_t fills = 0;
  if (options.fill == PipelineFill::per_run) fills = step.runs;
  if (options.fill == PipelineFill::per_sync) fills = 1;
  return step.runs * step.words + fills * frame.depth;
}

/// Channel words of `planes` planes of a stripe, `entries` of k each.
std::int64_t piece_words(const OperandShape& operand, std::int64_t planes, std::int64_t entries,
                         const ProductFrame& frame) {
  return planes * ceil_div(operand.plane_words * entries, frame.k_words);
}

/// A nest under construction: a schedule, and what its stages do.
struct Nest {
  ProductSchedule schedule;
  StageTimeline line;
  std::int64_t outer_fetches = 0;  ///< of outer stripes
};

Nest nest_of_stripes(const ProductFrame& frame, const PlacedOperand& outer,
                     const PlacedOperand& inner, const OverlayOptions& options) {
  const std::int64_t stripes = outer.shape.stripes;
  Nest nest;
  nest.schedule.holding = Holding::stripes;
  nest.schedule.passes = outer.fit.whole ? 1 : ceil_div(stripes, outer.fit.stripes);
  nest.schedule.block = ceil_div(stripes, nest.schedule.passes);
  nest.schedule.chunk_words = frame.k_words;

  StageTimeline& line = nest.line;
  line.passes = nest.schedule.passes;
  line.block = nest.schedule.block;
  line.first = stripes - (line.passes - 1) * line.block;
  line.groups = inner.shape.stripes;
  line.inner_cycles = piece_words(inner.shape, inner.shape.planes, frame.k_words, frame);
  line.step_cycles =
      step_cycles({outer.shape.planes * inner.shape.planes, frame.k_words}, frame, options);
  nest.outer_fetches = stripes;
  return nest;
}

/// The chunks in which operands stream, and how often.
void set_chunks(Nest& nest, std::int64_t chunk, std::int64_t plane_chunk, std::int64_t pairs,
                const ProductFrame& frame, const OverlayOptions& options) {
  // Shifting the accumulator leaves one order of bit planes, with k inside each pair of them: what
  // streams comes again for every pair. Units that shift what they add take planes in any order.
  nest.schedule.planes_apart = options.model == BismoModel::trets19 || chunk < 1;
  const std::int64_t most = nest.schedule.planes_apart ? plane_chunk : chunk;
  HWFLOW_DCHECK(most >= 1, "a valid design holds one entry of a plane in a region");
  nest.schedule.chunks = ceil_div(frame.k_words, most);
  nest.schedule.chunk_words = ceil_div(frame.k_words, nest.schedule.chunks);
  const std::int64_t runs = nest.schedule.planes_apart ? 1 : pairs;
  nest.line.steps = nest.schedule.chunks * (pairs / runs);
  nest.line.step_cycles = step_cycles({runs, nest.schedule.chunk_words}, frame, options);
}

std::int64_t streamed_words(const OperandShape& operand, const Nest& nest,
                            const ProductFrame& frame) {
  const std::int64_t planes = nest.schedule.planes_apart ? 1 : operand.planes;
  return piece_words(operand, planes, nest.schedule.chunk_words, frame);
}

Nest nest_that_streams_inner(const ProductFrame& frame, const PlacedOperand& outer,
                             const PlacedOperand& inner, const OverlayOptions& options) {
  Nest nest;
  nest.schedule.holding = Holding::outer;
  set_chunks(nest, inner.fit.chunk, inner.fit.plane_chunk, outer.shape.planes * inner.shape.planes,
             frame, options);
  nest.schedule.passes = nest.line.passes = outer.shape.stripes;
  nest.line.groups = inner.shape.stripes * nest.line.steps;
  nest.line.inner_cycles = streamed_words(inner.shape, nest, frame);
  nest.outer_fetches = outer.shape.stripes;
  return nest;
}

Nest nest_that_streams_both(const ProductFrame& frame, const PlacedOperand& outer,
                            const PlacedOperand& inner, const OverlayOptions& options) {
  Nest nest;
  nest.schedule.holding = Holding::nothing;
  nest.schedule.passes = outer.shape.stripes;
  set_chunks(nest, std::min(outer.fit.chunk, inner.fit.chunk),
             std::min(outer.fit.plane_chunk, inner.fit.plane_chunk),
             outer.shape.planes * inner.shape.planes, frame, options);
  nest.line.groups = outer.shape.stripes * inner.shape.stripes * nest.line.steps;
  nest.line.inner_cycles =
      streamed_words(outer.shape, nest, frame) + streamed_words(inner.shape, nest, frame);
  return nest;
}

}  // namespace

ProductCost cost_of_nest(const ProductFrame& frame, const PlacedOperand& outer,
                         const PlacedOperand& inner, const OverlayOptions& options) {
  const bool holds_outer = outer.fit.whole || outer.fit.stripes > 0;
  const bool holds_inner = inner.fit.stripes > 0 || (outer.fit.whole && inner.fit.whole);
  Nest nest = !holds_outer   ? nest_that_streams_both(frame, outer, inner, options)
              : !holds_inner ? nest_that_streams_inner(frame, outer, inner, options)
                             : nest_of_stripes(frame, outer, inner, options);
  StageTimeline& line = nest.line;
  if (nest.outer_fetches > 0)
    line.outer_cycles = piece_words(outer.shape, outer.shape.planes, frame.k_words, frame);
  line.result_cycles = frame.result_cycles;

  ProductCost cost;
  cost.schedule = nest.schedule;
  cost.execute_cycles = line.tiles() * line.steps * line.step_cycles;
  cost.fetch_cycles =
      nest.outer_fetches * line.outer_cycles + line.passes * line.groups * line.inner_cycles;
  cost.result_cycles = line.tiles() * line.result_cycles;
  cost.fetch_bits = cost.fetch_cycles * options.fetch_channel_bits;
  cost.result_bits = cost.result_cycles * options.result_channel_bits;
  cost.cycles = makespan(line);
  if (options.fill == PipelineFill::hidden) cost.cycles += frame.depth;
  return cost;
}

}  // namespace hwflow::chip
