#pragma once

#include "base/random.hpp"
#include "chip/overlay/product_cost.hpp"
#include "tests/support/overlay_simulator.hpp"

namespace hwflow::testing {

/// Small products, arrays and memories, so that all ways of cutting a product up occur.
[[nodiscard]] chip::OverlayOptions random_options(Rng& rng);
[[nodiscard]] chip::BismoShape random_design(Rng& rng, const chip::OverlayOptions& options);
[[nodiscard]] chip::MatrixProduct random_product(Rng& rng);
/// Signed numbers of the widths of the product.
[[nodiscard]] ProductData random_data(Rng& rng, const chip::MatrixProduct& product);

}  // namespace hwflow::testing
