#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace hwflow::chip {

/// Elements [start, start + length) of each of the two dimensions of a chain.
struct Tile {
  std::array<std::int64_t, 2> start{0, 0};
  std::array<std::int64_t, 2> length{1, 1};
  bool operator==(const Tile&) const = default;
};

/// Set of word indices in [low, high), as bits.
class WordSet {
 public:
  WordSet(std::int64_t low, std::int64_t high);

  /// Adds [begin, end), cut to the range.
  void add_range(std::int64_t begin, std::int64_t end);
  void add(std::int64_t word);
  void subtract(const WordSet& other);
  [[nodiscard]] std::int64_t size() const;
  bool operator==(const WordSet&) const = default;

 private:
  std::int64_t low_, high_;
  std::vector<std::uint64_t> bits_;
};

}  // namespace hwflow::chip
