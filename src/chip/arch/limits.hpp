#pragma once

#include <cstdint>

/// What a machine may be at most: far beyond any chip, and near enough that counts and energies
/// stay exact or finite.
namespace hwflow::chip::limits {

inline constexpr std::int64_t kMostBits = std::int64_t{1} << 53;  ///< capacities
inline constexpr std::int64_t kMostWordBits = 65'536;
inline constexpr std::int64_t kMostMesh = std::int64_t{1} << 20;  ///< units, and one side of a mesh
inline constexpr std::int64_t kMostBanks = 1'000'000;
inline constexpr std::int64_t kMostLevels = 64;
inline constexpr double kMostEnergyPj = 1e9;  ///< of a bit, a hop, a MAC; leakage of a cycle
inline constexpr double kMostAreaUm2 = 1e15;
inline constexpr double kLeastBandwidth = 1e-3, kMostBandwidth = 1e12;  ///< bits per cycle
inline constexpr double kLeastClockMhz = 1e-3, kMostClockMhz = 1e6;

}  // namespace hwflow::chip::limits
