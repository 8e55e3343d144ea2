#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// A layer, accelerator and mapping small enough to walk element by element.
struct RandomCase {
  enum class Kind : std::uint8_t {
    convolution,
    transposed,
    depthwise,
    pooling,
    fully_connected,
    matrix_product,
    elementwise
  };
  Kind kind = Kind::convolution;
  ConvShape shape;
  LayerBits bits;
  chip::Accelerator::Fields machine;
  chip::Mapping mapping;

  [[nodiscard]] std::optional<Layer> layer() const;
  [[nodiscard]] std::optional<chip::Accelerator> accelerator() const;
};

/// Limits of make_case.
struct CaseLimits {
  std::int64_t max_iterations = 400;
  std::int64_t max_visits = 4000;  ///< loop iterations, empty ones of ragged loops included
};

/// The same stream gives the same case everywhere.
[[nodiscard]] RandomCase make_case(Rng& rng, const CaseLimits& limits = {});

/// All shapes with one size, stride, dilation or padding less by one.
[[nodiscard]] std::vector<ConvShape> smaller_shapes(const ConvShape& from);

/// A smaller case that still fails, found by removing loops, sizes, levels and switches one by one.
[[nodiscard]] RandomCase shrink(RandomCase failing,
                                const std::function<bool(const RandomCase&)>& fails);

/// Everything about a case, to be printed when a test fails.
[[nodiscard]] std::string describe(const RandomCase& random_case);

}  // namespace hwflow::testing
