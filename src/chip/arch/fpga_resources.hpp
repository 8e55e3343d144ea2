#pragma once

#include <cstdint>
#include <string_view>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// A BISMO overlay: Dm x Dn dot-product units of Dk bits, with tile memories of Bm and Bn entries
/// of Dk bits for each row (left matrix) and each column (right matrix).
struct BismoShape {
  std::int64_t dm = 8, dk = 256, dn = 8;
  std::int64_t bm = 1024, bn = 1024;
  bool operator==(const BismoShape&) const = default;
};

/// The two published sets of LUT coefficients.
enum class BismoModel : std::uint8_t {
  fpl18,    ///< first version of the overlay (Umuroglu et al., FPL 2018)
  trets19,  ///< optimised dot-product units (Umuroglu et al., ACM TRETS 2019)
};
[[nodiscard]] std::string_view name(BismoModel model);

/// LUTs of the array and 36-Kbit block RAMs of the tile memories; fetch and result stages, DMA and
/// parallel-to-serial conversion are not included.
///     LUT  = Dm Dn (a Dk + b + c)
///     BRAM = ceil(Dk/32) (Dm ceil(Bm/1024) + Dn ceil(Bn/1024))
/// Source  EECS-NTNU/bismo BISMO.scala, estimateResources: at commit ca538c6 (2018-07-12) for
///         fpl18, at b388d78 (2019-12-25) for trets19.
/// Errors  sizes < 1.
[[nodiscard]] Expected<FpgaResources> fpga_resources(const BismoShape& shape, BismoModel model);

/// Binary operations (AND and add, each counted) of the array in one cycle: 2 Dm Dn Dk.
[[nodiscard]] std::int64_t binary_operations_per_cycle(const BismoShape& shape);

/// Room of a device.
struct FpgaDevice {
  std::string_view name;
  std::int64_t lut = 0;
  std::int64_t bram36 = 0;
};
/// Xilinx XC7Z020 (PYNQ-Z1). Source  Xilinx DS190, Zynq-7000 overview.
inline constexpr FpgaDevice kZ7020{"xc7z020", 53'200, 140};
/// Xilinx XCZU3EG (Ultra96). Source  Xilinx DS891, Zynq UltraScale+ MPSoC overview.
inline constexpr FpgaDevice kZu3eg{"zu3eg", 70'560, 216};
[[nodiscard]] bool fits(const FpgaResources& resources, const FpgaDevice& device);

}  // namespace hwflow::chip
