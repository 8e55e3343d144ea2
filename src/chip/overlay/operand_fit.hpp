#pragma once

#include <cstdint>

#include "chip/overlay/design_space.hpp"
#include "chip/overlay/matrix_product.hpp"

namespace hwflow::chip {

/// One operand cut into stripes for one of the two memories.
struct OperandShape {
  std::int64_t stripes = 1;
  std::int64_t planes = 1;
  std::int64_t rows = 1;         ///< of the memory: dm or dn
  std::int64_t plane_words = 0;  ///< channel words of one plane of a stripe over all of k
};

/// How much of an operand a memory of some depth takes.
struct OperandFit {
  bool whole = false;            ///< all stripes at once
  std::int64_t stripes = 0;      ///< in one region; 0: not even one
  std::int64_t chunk = 0;        ///< entries of k in one region, all planes; 0: none
  std::int64_t plane_chunk = 0;  ///< entries of k in one region, one plane
  bool operator==(const OperandFit&) const = default;
};

/// What both operands share: a product on an array, whatever its memories.
struct ProductFrame {
  std::int64_t k_words = 1;  ///< memory entries of one plane of a row: ceil(k / dk)
  std::int64_t dk = 64;
  std::int64_t result_cycles = 1;  ///< of one result tile
  std::int64_t depth = 0;          ///< of the pipeline
};

[[nodiscard]] ProductFrame product_frame(const MatrixProduct& product, const BismoShape& design,
                                         const OverlayOptions& options);
[[nodiscard]] OperandShape weights_shape(const MatrixProduct& product, std::int64_t rows,
                                         const ProductFrame& frame, const OverlayOptions& options);
[[nodiscard]] OperandShape inputs_shape(const MatrixProduct& product, std::int64_t rows,
                                        const ProductFrame& frame, const OverlayOptions& options);

[[nodiscard]] OperandFit operand_fit(const OperandShape& operand, std::int64_t entries,
                                     const ProductFrame& frame, const OverlayOptions& options);

}  // namespace hwflow::chip
