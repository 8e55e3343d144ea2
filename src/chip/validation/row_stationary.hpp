#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

/// The row-stationary mapping of the Eyeriss chip: rows of filters on rows of the array, rows of
/// outputs on its columns, and seven numbers that its mapper chooses (docs/validation.md).
namespace hwflow::chip {

/// The numbers of the chip's mapping table, by their published letters.
struct RowMapping {
  std::int64_t m = 1;  ///< output channels whose partial sums stay in the global buffer
  std::int64_t n = 1;  ///< images of a pass
  std::int64_t e = 1;  ///< output rows of a pass, one a column of the array
  std::int64_t p = 1;  ///< filters of a PE
  std::int64_t q = 1;  ///< channels of a PE
  std::int64_t r = 1;  ///< sets of PEs that work on other channels
  std::int64_t t = 1;  ///< sets of PEs that work on other filters
  bool operator==(const RowMapping&) const = default;
};
[[nodiscard]] std::string to_text(const RowMapping& mapping);

/// What bounds the choice, beside the accelerator: numbers of the chip that its file cannot say.
struct RowLimits {
  std::int64_t rows = 12, columns = 14;
  std::int64_t banks = 25;             ///< of the global buffer, each for inputs or partial sums
  std::int64_t bank_words = 2048;      ///< 4 KiB
  std::int64_t filter_words = 4096;    ///< prefetch buffer, holds the filters of a pass
  std::int64_t input_spad_words = 12;  ///< windows of q channels
  std::int64_t filter_spad_words = 224;
  std::int64_t sum_spad_words = 24;
  std::int64_t row_bus_words_per_cycle = 1;  ///< inputs from the buffer to the array
};

/// Sizes of a layer as the mapping sees them; channels and filters of one group.
struct RowLayer {
  std::int64_t batch = 1, groups = 1, filters = 1, channels = 1;
  std::int64_t out_rows = 1, out_columns = 1;
  std::int64_t filter_rows = 1, filter_columns = 1, stride = 1;
  std::int64_t in_columns = 1;  ///< padding included
  [[nodiscard]] std::int64_t in_rows(std::int64_t rows) const {
    return (rows - 1) * stride + filter_rows;
  }
};
[[nodiscard]] RowLayer row_layer(const ConvShape& shape);

/// What the passes of a mapping move and take, in words and cycles; padding counts as words.
struct PassCounts {
  std::int64_t active_pes = 0;
  std::int64_t sum_tile_words = 0, input_tile_words = 0;  ///< in the global buffer
  std::int64_t dram_weights = 0, dram_inputs = 0, dram_outputs = 0;
  std::int64_t buffer_inputs = 0;  ///< read by the array
  std::int64_t buffer_sums = 0;    ///< read and written by the array, the finished ones read out
  std::int64_t compute_cycles = 0;
  [[nodiscard]] std::int64_t dram() const { return dram_weights + dram_inputs + dram_outputs; }
  [[nodiscard]] std::int64_t buffer() const { return buffer_inputs + buffer_sums; }
};
/// Checked by  the fine model on the mappings of rows_to_parts().
[[nodiscard]] PassCounts count_passes(const RowLayer& layer, const RowMapping& mapping);

/// Problems of a mapping that the chip cannot hold; empty when it runs.
[[nodiscard]] std::vector<std::string> row_problems(const RowLayer& layer,
                                                    const RowMapping& mapping,
                                                    const RowLimits& limits);

/// The mapping of least time x DRAM words; of equal ones that with most active PEs, then with
/// fewest words between buffer and array, then the first in the order m n e p q r t. Time is the
/// longest of computing and of bringing rows of inputs to the array. None when nothing fits.
[[nodiscard]] std::optional<RowMapping> plan_rows(const RowLayer& layer, const RowLimits& limits);

/// A part of a layer and its mapping on an accelerator with the levels of `eyeriss`.
struct RowPart {
  Layer layer;
  Mapping mapping;
};
/// The layer as mappings of the fine model: one part, or two when strips of `e` rows and a shorter
/// one cannot be said by one loop (its tiles are ceil(rows / bound)).
/// Requires  row_problems() is empty.
[[nodiscard]] std::vector<RowPart> rows_to_parts(const std::string& name, const ConvShape& shape,
                                                 const RowMapping& mapping,
                                                 const RowLimits& limits);

}  // namespace hwflow::chip
