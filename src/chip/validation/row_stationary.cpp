#include "chip/validation/row_stationary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

/// Where the sets of PEs stand. A set is `filter_rows` x `e` PEs; one wider than the array is cut
/// into pieces below one another. Sets are repeated along one axis of the array only.
struct Placement {
  std::int64_t pieces = 1;
  bool across = false;  ///< sets beside one another, else below
};

std::optional<Placement> place_sets(const RowLayer& layer, const RowMapping& mapping,
                                    const RowLimits& limits) {
  const std::int64_t sets = mapping.r * mapping.t;
  const std::int64_t below = limits.rows / layer.filter_rows;
  const std::int64_t pieces = ceil_div(mapping.e, limits.columns);
  if (pieces * sets <= below) return Placement{pieces, false};
  if (below >= 1 && mapping.e * sets <= limits.columns) return Placement{1, true};
  return std::nullopt;
}

std::int64_t sum_tile(const RowLayer& layer, const RowMapping& mapping) {
  return mapping.m * mapping.n * mapping.e * layer.out_columns;
}
std::int64_t input_tile(const RowLayer& layer, const RowMapping& mapping) {
  return mapping.n * mapping.q * mapping.r * layer.in_rows(mapping.e) * layer.in_columns;
}
std::int64_t filter_tile(const RowLayer& layer, const RowMapping& mapping) {
  return mapping.p * mapping.t * mapping.q * mapping.r * layer.filter_rows * layer.filter_columns;
}

bool fits_banks(const RowLayer& layer, const RowMapping& mapping, const RowLimits& limits) {
  return ceil_div(sum_tile(layer, mapping), limits.bank_words) +
             ceil_div(input_tile(layer, mapping), limits.bank_words) <=
         limits.banks;
}

/// A loop of b over c channels makes tiles of ceil(c / b): passes of q x r channels and a shorter
/// last one can be said only where that is q x r.
bool even_channels(const RowLayer& layer, const RowMapping& mapping) {
  const std::int64_t tile = mapping.q * mapping.r;
  return ceil_div(layer.channels, ceil_div(layer.channels, tile)) == tile;
}

/// The value that plan_rows() minimises.
using Score = std::tuple<double, std::int64_t, std::int64_t>;

Score score(const RowLayer& layer, const RowMapping& mapping, const RowLimits& limits) {
  const PassCounts counts = count_passes(layer, mapping);
  const auto time = static_cast<double>(
      std::max(counts.compute_cycles, counts.buffer_inputs / limits.row_bus_words_per_cycle));
  return {time * static_cast<double>(counts.dram()), -counts.active_pes, counts.buffer()};
}

/// Walks the choices of one layer in the order e, r, t, q, p, m, n and keeps the best.
class Planner {
 public:
  Planner(const RowLayer& layer, const RowLimits& limits) : layer_(layer), limits_(limits) {}

  std::optional<RowMapping> best() {
    const std::int64_t widest = limits_.rows / layer_.filter_rows * limits_.columns;
    for (mapping_.e = 1; mapping_.e <= std::min(layer_.out_rows, widest); ++mapping_.e)
      for (mapping_.r = 1; mapping_.r <= std::min(layer_.channels, limits_.columns); ++mapping_.r)
        for (mapping_.t = 1; mapping_.t <= std::min(layer_.filters, limits_.columns); ++mapping_.t)
          if (place_sets(layer_, mapping_, limits_)) walk_spads();
    if (!best_) return std::nullopt;
    return best_->second;
  }

 private:
  void walk_spads() {
    const std::int64_t most_q =
        std::min(limits_.input_spad_words / layer_.filter_columns, layer_.channels / mapping_.r);
    for (mapping_.q = 1; mapping_.q <= most_q; ++mapping_.q) {
      if (!even_channels(layer_, mapping_)) continue;
      const std::int64_t taps = mapping_.q * layer_.filter_columns;
      const std::int64_t most_p =
          std::min(limits_.sum_spad_words, limits_.filter_spad_words / taps);
      for (mapping_.p = 1; mapping_.p <= most_p; ++mapping_.p)
        if (layer_.filters % (mapping_.p * mapping_.t) == 0 &&
            filter_tile(layer_, mapping_) <= limits_.filter_words)
          walk_buffer();
    }
  }

  void walk_buffer() {
    const std::int64_t step = mapping_.p * mapping_.t;
    for (mapping_.m = step; mapping_.m <= layer_.filters; mapping_.m += step) {
      mapping_.n = 1;
      if (!fits_banks(layer_, mapping_, limits_)) return;  // nor does any larger m
      if (layer_.filters % mapping_.m != 0) continue;
      for (; mapping_.n <= layer_.batch; ++mapping_.n) {
        if (!fits_banks(layer_, mapping_, limits_)) break;
        if (layer_.batch % mapping_.n == 0) consider();
      }
    }
  }

  void consider() {
    const auto order = [](const RowMapping& x) {
      return std::tuple(x.m, x.n, x.e, x.p, x.q, x.r, x.t);
    };
    const Score value = score(layer_, mapping_, limits_);
    if (best_ &&
        std::tuple(best_->first, order(best_->second)) <= std::tuple(value, order(mapping_)))
      return;
    best_ = {value, mapping_};
  }

  const RowLayer& layer_;
  const RowLimits& limits_;
  RowMapping mapping_;
  std::optional<std::pair<Score, RowMapping>> best_;
};

void add_loop(std::vector<Loop>& loops, Dim dim, std::int64_t bound) {
  if (bound > 1) loops.push_back({dim, bound});
}

/// DRAM: group, strip, images, filters, channels | GLB: filters, images, columns ; the array |
/// psum_spad: channels, taps, filters of one PE.
Mapping loops_of(const RowLayer& layer, const RowMapping& mapping, const Placement& placement) {
  const std::int64_t e = std::min(mapping.e, layer.out_rows);
  Mapping loops;
  loops.levels.resize(5);
  std::vector<Loop>& dram = loops.levels[0].temporal;
  add_loop(dram, Dim::g, layer.groups);
  add_loop(dram, Dim::p, ceil_div(layer.out_rows, e));
  add_loop(dram, Dim::n, layer.batch / mapping.n);
  add_loop(dram, Dim::k, layer.filters / mapping.m);
  add_loop(dram, Dim::c, ceil_div(layer.channels, mapping.q * mapping.r));
  LevelLoops& buffer = loops.levels[1];
  add_loop(buffer.temporal, Dim::k, mapping.m / (mapping.p * mapping.t));
  add_loop(buffer.temporal, Dim::n, mapping.n);
  add_loop(buffer.temporal, Dim::q, layer.out_columns);
  std::vector<Loop>& sets = placement.across ? buffer.spatial_x : buffer.spatial_y;
  add_loop(buffer.spatial_y, Dim::r, layer.filter_rows);
  add_loop(buffer.spatial_y, Dim::p, placement.pieces);
  add_loop(buffer.spatial_x, Dim::p, ceil_div(e, placement.pieces));
  add_loop(sets, Dim::c, mapping.r);
  add_loop(sets, Dim::k, mapping.t);
  std::vector<Loop>& unit = loops.levels[4].temporal;
  add_loop(unit, Dim::c, mapping.q);
  add_loop(unit, Dim::s, layer.filter_columns);
  add_loop(unit, Dim::k, mapping.p);
  return loops;
}

/// Output rows [first, first + rows) of a layer as a layer of its own.
ConvShape rows_of(const ConvShape& shape, std::int64_t first, std::int64_t rows) {
  const std::int64_t top = first * shape.stride_height - shape.pad_top;
  const std::int64_t end = top + (rows - 1) * shape.stride_height + shape.kernel_height;
  ConvShape part = shape;
  part.pad_top = std::max<std::int64_t>(0, -top);
  part.pad_bottom = std::max<std::int64_t>(0, end - shape.in_height);
  part.in_height = std::min(end, shape.in_height) - std::max<std::int64_t>(0, top);
  return part;
}

}  // namespace

std::string to_text(const RowMapping& mapping) {
  return fmt::format("m{} n{} e{} p{} q{} r{} t{}", mapping.m, mapping.n, mapping.e, mapping.p,
                     mapping.q, mapping.r, mapping.t);
}

RowLayer row_layer(const ConvShape& shape) {
  RowLayer layer;
  layer.batch = shape.n;
  layer.groups = shape.groups;
  layer.filters = shape.out_channels / shape.groups;
  layer.channels = shape.in_channels / shape.groups;
  layer.out_rows = shape.out_height();
  layer.out_columns = shape.out_width();
  layer.filter_rows = shape.kernel_height;
  layer.filter_columns = shape.kernel_width;
  layer.stride = shape.stride_height;
  layer.in_columns = (layer.out_columns - 1) * shape.stride_width + shape.kernel_width;
  return layer;
}

PassCounts count_passes(const RowLayer& layer, const RowMapping& mapping) {
  const std::int64_t strips = ceil_div(layer.out_rows, mapping.e);
  const std::int64_t batches = layer.batch / mapping.n;
  const std::int64_t channel_passes = ceil_div(layer.channels, mapping.q * mapping.r);
  const std::int64_t filter_passes = layer.filters / (mapping.p * mapping.t);
  const std::int64_t last_rows = layer.out_rows - (strips - 1) * mapping.e;
  const std::int64_t in_rows = (strips - 1) * layer.in_rows(mapping.e) + layer.in_rows(last_rows);
  const std::int64_t inputs =
      layer.batch * layer.groups * layer.channels * in_rows * layer.in_columns;
  const std::int64_t outputs =
      layer.batch * layer.groups * layer.filters * layer.out_rows * layer.out_columns;
  const std::int64_t last_channels = layer.channels - (channel_passes - 1) * mapping.q * mapping.r;

  PassCounts counts;
  counts.active_pes = layer.filter_rows * mapping.e * mapping.r * mapping.t;
  counts.sum_tile_words = sum_tile(layer, mapping);
  counts.input_tile_words = input_tile(layer, mapping);
  const bool filters_stay = channel_passes == 1 && filter_passes == 1;
  counts.dram_weights = layer.groups * layer.filters * layer.channels * layer.filter_rows *
                        layer.filter_columns * (filters_stay ? 1 : strips * batches);
  counts.dram_inputs = inputs * (channel_passes == 1 ? 1 : layer.filters / mapping.m);
  counts.dram_outputs = outputs;
  counts.buffer_inputs = inputs * filter_passes;
  counts.buffer_sums = 2 * channel_passes * outputs;
  const std::int64_t channel_steps =
      (channel_passes - 1) * mapping.q + std::min(mapping.q, last_channels);
  counts.compute_cycles = layer.groups * strips * layer.batch * filter_passes * channel_steps *
                          mapping.p * layer.filter_columns * layer.out_columns;
  return counts;
}

std::vector<std::string> row_problems(const RowLayer& layer, const RowMapping& mapping,
                                      const RowLimits& limits) {
  std::vector<std::string> problems;
  const auto require = [&](bool fine, std::string text) {
    if (!fine) problems.push_back(std::move(text));
  };
  require(place_sets(layer, mapping, limits).has_value(), "its sets of PEs do not fit the array");
  require(layer.filters % mapping.m == 0, "m does not divide the filters of a group");
  require(mapping.m % (mapping.p * mapping.t) == 0, "p x t does not divide m");
  require(layer.batch % mapping.n == 0, "n does not divide the batch");
  require(mapping.e <= layer.out_rows, "e is more than the output rows");
  require(mapping.q * mapping.r <= layer.channels, "q x r is more than the channels of a group");
  require(even_channels(layer, mapping),
          "q x r cuts the channels into passes that no loop can say");
  require(mapping.q * layer.filter_columns <= limits.input_spad_words,
          "q overfills the input spad");
  require(mapping.p <= limits.sum_spad_words, "p overfills the partial-sum spad");
  require(mapping.p * mapping.q * layer.filter_columns <= limits.filter_spad_words,
          "p and q overfill the filter spad");
  require(filter_tile(layer, mapping) <= limits.filter_words, "a pass overfills the filter buffer");
  require(fits_banks(layer, mapping, limits),
          "its tiles need more banks than the global buffer has");
  return problems;
}

std::optional<RowMapping> plan_rows(const RowLayer& layer, const RowLimits& limits) {
  return Planner(layer, limits).best();
}

std::vector<RowPart> rows_to_parts(const std::string& name, const ConvShape& shape,
                                   const RowMapping& mapping, const RowLimits& limits) {
  const RowLayer layer = row_layer(shape);
  const auto placement = place_sets(layer, mapping, limits);
  HWFLOW_CHECK(placement.has_value(), to_text(mapping));
  const LayerBits bits{16, 16, 16, 16};
  const auto part = [&](const ConvShape& rows) {
    return RowPart{Layer{name, make_convolution(rows).value(), bits},
                   loops_of(row_layer(rows), mapping, *placement)};
  };
  const std::int64_t strips = ceil_div(layer.out_rows, mapping.e);
  if (ceil_div(layer.out_rows, strips) == mapping.e) return {part(shape)};
  const std::int64_t whole = layer.out_rows / mapping.e * mapping.e;
  return {part(rows_of(shape, 0, whole)), part(rows_of(shape, whole, layer.out_rows - whole))};
}

}  // namespace hwflow::chip
