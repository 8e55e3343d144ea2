#include "tests/chip/overlay/random_product.hpp"

#include <algorithm>
#include <array>

namespace hwflow::testing {

chip::OverlayOptions random_options(Rng& rng) {
  chip::OverlayOptions options;
  options.model = rng.below(2) == 0 ? chip::BismoModel::trets19 : chip::BismoModel::fpl18;
  options.fill = static_cast<chip::PipelineFill>(rng.below(3));
  options.im2col = static_cast<chip::Im2col>(rng.below(4) == 0);
  options.result_width = static_cast<chip::ResultWidth>(rng.below(2));
  options.fetch_channel_bits = std::array<std::int64_t, 3>{64, 64, 32}[rng.below(3)];
  options.result_channel_bits = std::array<std::int64_t, 4>{64, 64, 8, 32}[rng.below(4)];
  options.regions = rng.between(2, 5);
  if (rng.below(4) == 0) options.stripe_bytes = rng.between(48, 400);
  return options;
}

chip::BismoShape random_design(Rng& rng, const chip::OverlayOptions& options) {
  chip::BismoShape design;
  do {
    design.dk = rng.below(4) == 0 ? 128 : 64;
    design.dm = rng.between(1, 4);
    design.dn = rng.between(1, 4);
    design.bm = rng.between(options.regions, 60);
    design.bn = rng.between(options.regions, 60);
  } while (!validate(design, options).empty());
  return design;
}

chip::MatrixProduct random_product(Rng& rng) {
  chip::MatrixProduct product;
  product.m = rng.between(1, 17);
  product.n = rng.between(1, 17);
  product.k = rng.between(1, rng.below(2) == 0 ? 400 : 900);
  product.weight_bits = static_cast<int>(rng.between(1, 3));
  product.input_bits = static_cast<int>(rng.between(1, 3));
  product.output_bits = static_cast<int>(rng.between(1, 8));
  product.input_elements = rng.between(1, product.k * product.n);
  return product;
}

ProductData random_data(Rng& rng, const chip::MatrixProduct& product) {
  const auto fill = [&rng](std::int64_t count, int bits) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(count));
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    for (std::int64_t& value : values) value = rng.between(-half, half - 1);
    return values;
  };
  return {fill(product.m * product.k, product.weight_bits),
          fill(product.k * product.n, product.input_bits)};
}

}  // namespace hwflow::testing
