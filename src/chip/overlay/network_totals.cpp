#include "chip/overlay/network_totals.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hwflow::chip {
namespace {

/// What the cost does not depend on is set to one value, so that tables are shared.
MatrixProduct without_what_does_not_count(MatrixProduct product, const OverlayOptions& options) {
  if (options.im2col == Im2col::in_dram) product.input_elements = 1;
  if (options.result_width == ResultWidth::accumulator) product.output_bits = 32;
  return product;
}

void add_scaled(double count, const double* values, std::size_t size, double* into) {
  for (std::size_t i = 0; i < size; ++i) into[i] += count * values[i];
}

}  // namespace

Expected<std::map<MatrixProduct, std::int64_t>> distinct_products(std::span<const Layer> layers,
                                                                  const OverlayOptions& options) {
  std::map<MatrixProduct, std::int64_t> counts;
  Diagnostics problems;
  double work = 0.0;
  for (const Layer& layer : layers) {
    auto product = matrix_product(layer);
    if (!product) {
      std::ranges::copy(std::move(product).error(), std::back_inserter(problems));
    } else if (*product) {
      work += most_work(**product);
      ++counts[without_what_does_not_count(**product, options)];
    }
  }
  if (problems.empty() && work > 2.0 * kMostExactWork)
    problems.push_back({"network", "is too large: more than 2^53 cycles or bits are possible", ""});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return counts;
}

CostTable sum_of(std::span<const CountedTable> tables, std::size_t size) {
  constexpr std::size_t kBlock = 1024;  // sums stay in the nearest cache while tables pass
  CostTable sums;
  sums.cycles.assign(size, 0.0);
  sums.dram_bits.assign(size, 0.0);
  for (std::size_t from = 0; from < size; from += kBlock) {
    const std::size_t count = std::min(kBlock, size - from);
    for (const CountedTable& counted : tables) {
      add_scaled(counted.count, counted.table->cycles.data() + from, count,
                 sums.cycles.data() + from);
      add_scaled(counted.count, counted.table->dram_bits.data() + from, count,
                 sums.dram_bits.data() + from);
    }
  }
  return sums;
}

}  // namespace hwflow::chip
