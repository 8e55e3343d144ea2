#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hwflow {

/// Loop dimensions: batch, output channel, input channel, output row and column, filter row and
/// column, group. `k` and `c` count channels within one group.
enum class Dim : std::uint8_t { n, k, c, p, q, r, s, g };

inline constexpr std::size_t kDimCount = 8;
inline constexpr std::array<Dim, kDimCount> kDims{Dim::n, Dim::k, Dim::c, Dim::p,
                                                  Dim::q, Dim::r, Dim::s, Dim::g};
inline constexpr std::array<std::string_view, kDimCount> kDimNames{"n", "k", "c", "p",
                                                                   "q", "r", "s", "g"};

[[nodiscard]] constexpr std::size_t index(Dim dim) { return static_cast<std::size_t>(dim); }
[[nodiscard]] constexpr std::string_view name(Dim dim) { return kDimNames[index(dim)]; }

/// One number per dimension; 1 where nothing else is said.
using DimArray = std::array<std::int64_t, kDimCount>;
inline constexpr DimArray kOnes{1, 1, 1, 1, 1, 1, 1, 1};

/// The kinds of tensor that a memory level may keep or bypass.
enum class Role : std::uint8_t { weights, inputs, outputs };

inline constexpr std::size_t kRoleCount = 3;
inline constexpr std::array<Role, kRoleCount> kRoles{Role::weights, Role::inputs, Role::outputs};
inline constexpr std::array<std::string_view, kRoleCount> kRoleNames{"weights", "inputs",
                                                                     "outputs"};

[[nodiscard]] constexpr std::size_t index(Role role) { return static_cast<std::size_t>(role); }
[[nodiscard]] constexpr std::string_view name(Role role) { return kRoleNames[index(role)]; }

}  // namespace hwflow
