#include "chip/overlay/operand_fit.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

constexpr std::int64_t kAccumulatorBits = 32;

std::int64_t stored_plane_words(std::int64_t rows, const ProductFrame& frame,
                                const OverlayOptions& options) {
  return rows * frame.k_words * (frame.dk / options.fetch_channel_bits);
}

}  // namespace

ProductFrame product_frame(const MatrixProduct& product, const BismoShape& design,
                           const OverlayOptions& options) {
  const std::int64_t result_bits = options.result_width == ResultWidth::accumulator
                                       ? kAccumulatorBits
                                       : std::int64_t{product.output_bits};
  return {ceil_div(product.k, design.dk), design.dk,
          ceil_div(design.dm * design.dn * result_bits, options.result_channel_bits),
          pipeline_depth(options.model, design.dk)};
}

OperandShape weights_shape(const MatrixProduct& product, std::int64_t rows,
                           const ProductFrame& frame, const OverlayOptions& options) {
  return {ceil_div(product.m, rows), product.weight_bits, rows,
          stored_plane_words(rows, frame, options)};
}

OperandShape inputs_shape(const MatrixProduct& product, std::int64_t rows,
                          const ProductFrame& frame, const OverlayOptions& options) {
  OperandShape shape{ceil_div(product.n, rows), product.input_bits, rows,
                     stored_plane_words(rows, frame, options)};
  if (options.im2col == Im2col::on_chip) {
    // The inputs as they are stored, in equal shares for the planes of all stripes.
    const std::int64_t words =
        ceil_div(product.input_elements * product.input_bits, options.fetch_channel_bits);
    shape.plane_words = std::min(shape.plane_words, ceil_div(words, shape.stripes * shape.planes));
  }
  return shape;
}

OperandFit operand_fit(const OperandShape& operand, std::int64_t entries, const ProductFrame& frame,
                       const OverlayOptions& options) {
  const std::int64_t stripe = operand.planes * frame.k_words;
  const std::int64_t region = entries / options.regions;
  const std::int64_t fetchable = options.stripe_bytes * 8 / (operand.rows * frame.dk);
  OperandFit fit;
  if (stripe <= fetchable) {
    fit.whole = operand.stripes * stripe <= entries;
    fit.stripes = std::min(operand.stripes, region / stripe);
  }
  const std::int64_t most = std::min(region, fetchable);
  fit.chunk = std::min(frame.k_words, most / operand.planes);
  fit.plane_chunk = std::min(frame.k_words, most);
  return fit;
}

}  // namespace hwflow::chip
