#include "chip/arch/fpga_resources.hpp"

#include <fmt/format.h>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

constexpr std::int64_t kBramWidthBits = 32;  // one block RAM as 1024 entries of 32 bits
constexpr std::int64_t kBramEntries = 1024;

struct Coefficients {
  double per_bit;   ///< LUTs per bit of Dk
  double per_unit;  ///< LUTs per dot-product unit
  double per_result;
};

constexpr Coefficients coefficients(BismoModel model) {
  if (model == BismoModel::fpl18) return {2.04, 109.41, 120.1};
  return {1.17, 44.1, 120.1};
}

}  // namespace

std::string_view name(BismoModel model) { return model == BismoModel::fpl18 ? "fpl18" : "trets19"; }

Expected<FpgaResources> fpga_resources(const BismoShape& shape, BismoModel model) {
  Diagnostics problems;
  const auto require = [&problems](std::string_view key, std::int64_t size) {
    if (size < 1)
      problems.push_back({std::string(key), fmt::format("must be >= 1, got {}", size), {}});
  };
  require("dm", shape.dm);
  require("dk", shape.dk);
  require("dn", shape.dn);
  require("bm", shape.bm);
  require("bn", shape.bn);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const Coefficients c = coefficients(model);
  FpgaResources resources;
  resources.lut = static_cast<double>(shape.dm * shape.dn) *
                  (c.per_bit * static_cast<double>(shape.dk) + c.per_unit + c.per_result);
  resources.bram36 =
      ceil_div(shape.dk, kBramWidthBits) *
      (shape.dm * ceil_div(shape.bm, kBramEntries) + shape.dn * ceil_div(shape.bn, kBramEntries));
  return resources;
}

std::int64_t binary_operations_per_cycle(const BismoShape& shape) {
  return 2 * shape.dm * shape.dn * shape.dk;
}

bool fits(const FpgaResources& resources, const FpgaDevice& device) {
  return resources.lut <= static_cast<double>(device.lut) && resources.bram36 <= device.bram36;
}

}  // namespace hwflow::chip
