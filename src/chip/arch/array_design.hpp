#pragma once

#include <cstdint>
#include <optional>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// Sizes of an accelerator that a search may change. The array is the fan-out of most instances
/// (the outermost of equal ones); buffers are the memories above it but the outermost level,
/// registers those below.
struct ArraySizes {
  std::int64_t rows = 1, columns = 1;         ///< of the array
  std::int64_t register_bits = 0;             ///< of one unit, all its memories together
  std::int64_t buffer_bits = 0;               ///< of all buffers, one instance of each
  std::optional<double> dram_bits_per_cycle;  ///< to read; none: unlimited
  bool operator==(const ArraySizes&) const = default;
};

/// As the accelerator has them.
[[nodiscard]] ArraySizes array_sizes(const Accelerator& accelerator);

/// The accelerator with other sizes. Memories keep their shares of buffer_bits and register_bits
/// (rounded down to bits, 1 at least); DRAM writes as much faster as it reads, and the area of its
/// interface, where the accelerator tells it, grows in proportion. Energy for a bit and area of a
/// memory follow the capacity of its banks, whose number stays, as sram_energy() and
/// sram_area_um2() do.
/// Errors  sizes < 1, memories that the accelerator has none of, bandwidth where it is unlimited.
[[nodiscard]] Expected<Accelerator> resized(const Accelerator& accelerator,
                                            const ArraySizes& sizes);

/// Area of an SRAM of so many bits with 32-bit words at 45 nm, in um2. Between sizes of the table
/// along straight lines of logarithms; below 128 bytes in proportion, above 16 KiB as banks of
/// that size.
/// Source  CACTI 7 sweep of hsharma35/bitfusion@04ec1c8, as
/// accelerators/energy/bitfusion-45nm.yaml.
[[nodiscard]] double sram_area_um2(double bits);
/// Energy of reading a word of it, in pJ; below 128 bytes as at that size, above 16 KiB as much
/// more as accesses to caches of 8 KB, 32 KB and 1 MB take (10, 20 and 100 pJ at 45 nm), along
/// lines of logarithms, the last of which goes on. Source  beyond the sweep: Horowitz, "Computing's
/// energy problem", ISSCC 2014.
[[nodiscard]] double sram_energy(double bits);

/// Area of everything on the chip, in um2: instances of all levels but the outermost, of which
/// counts what the accelerator states (area_um2: its interface on chip), and the compute units.
/// What an accelerator says of its areas counts; what it leaves out is that of sram_area_um2(), and
/// for a unit of synthesised multipliers at 45 nm (same source: 2, 8 and 16 bit, between them along
/// lines of logarithms; fusible ones in proportion to the one of 8 bit).
[[nodiscard]] double array_area_um2(const Accelerator& accelerator);

}  // namespace hwflow::chip
