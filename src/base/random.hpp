#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hwflow {

/// Random stream that gives the same numbers on every platform and library.
///
/// Source  xoshiro256**: Blackman & Vigna, "Scrambled linear pseudorandom number generators",
///         ACM TOMS 47(4), 2021; seeded by splitmix64.
class Rng {
 public:
  using result_type = std::uint64_t;

  explicit Rng(std::uint64_t seed);

  /// A stream of its own for part `stream` of a job, so that results do not depend on threads.
  [[nodiscard]] static Rng derive(std::uint64_t seed, std::uint64_t stream);

  std::uint64_t operator()();
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }

  /// Uniform in [0, bound), bound >= 1; unbiased (rejection).
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// Uniform in [0, 1).
  double uniform();
  /// Standard normal (Box-Muller).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_{};
};

/// Stable 64-bit hash (FNV-1a) of bytes: the same on every platform, for cache keys and seeds.
[[nodiscard]] std::uint64_t stable_hash(std::string_view bytes);

}  // namespace hwflow
