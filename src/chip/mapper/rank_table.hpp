#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "workload/operator.hpp"

namespace hwflow::chip {

/// Word counts of one rank of an operand for every tile size of its (at most two) dimensions.
///
/// A tile holds the indices offset + a*i + b*j for i, j in contiguous blocks; indices outside
/// [0, extent) are padding and hold no word, gaps of a stride hold none either. Dimensions for
/// which the tables would take too long (kMostWork) have none: their counts are bounds from below.
class RankTable {
 public:
  struct Entry {
    double clipped_sum = 0.0;          ///< words of all aligned blocks together, padding left out
    std::int64_t largest = 0;          ///< words of the largest of them (of the first, when ragged)
    std::vector<std::int32_t> shared;  ///< words (padding not left out) that a tile shares with
                                       ///< itself shifted by the index
  };

  /// `divisors_only`: entries only for tile sizes that divide the dimensions. `boxes`: whole
  /// bounding boxes move, so that tiles of two interleaved dimensions overlap: never plain.
  RankTable(const Rank& rank, const DimArray& bounds, bool divisors_only, bool boxes = false);

  /// Steps that filling one table may take.
  static constexpr double kMostWork = 1e8;

  /// True when no two iterations touch the same word and none touches padding: then a tile of
  /// t1 x t2 iterations holds t1 * t2 words, tiles are disjoint, and nothing more must be asked.
  [[nodiscard]] bool is_plain() const { return plain_; }
  [[nodiscard]] std::size_t term_count() const { return terms_.size(); }
  [[nodiscard]] const AffineTerm& term(std::size_t i) const { return terms_[i]; }
  /// Words that the whole layer touches.
  [[nodiscard]] std::int64_t distinct() const { return distinct_; }
  /// Iterations (over these dimensions) that touch a word, padding left out.
  [[nodiscard]] double touching_iterations() const { return touching_; }
  /// Must be true where entry() is asked.
  [[nodiscard]] bool has_entries() const { return !entries_.empty(); }
  /// Entry::largest, or without entries a bound from below.
  [[nodiscard]] std::int64_t largest(std::int64_t first_tile, std::int64_t second_tile) const {
    if (has_entries()) return entry(first_tile, second_tile).largest;
    return least_words(first_tile, second_tile);
  }
  [[nodiscard]] const Entry& entry(std::int64_t first_tile, std::int64_t second_tile) const {
    return entries_[static_cast<std::size_t>((first_tile - 1) * sizes_[1] + second_tile - 1)];
  }
  /// Words shared with the tile shifted by `shift` index units.
  [[nodiscard]] static double shared(const Entry& entry, std::int64_t shift) {
    const auto at = static_cast<std::size_t>(shift < 0 ? -shift : shift);
    return at < entry.shared.size() ? static_cast<double>(entry.shared[at]) : 0.0;
  }

 private:
  [[nodiscard]] std::int64_t coefficient(std::size_t i) const {
    return i < terms_.size() ? terms_[i].coefficient : 0;
  }
  void fill(bool divisors_only);
  [[nodiscard]] double work_of_filling(bool divisors_only) const;
  /// Words of the first tile, of a long second side a part only.
  [[nodiscard]] std::int64_t least_words(std::int64_t t1, std::int64_t t2) const;
  [[nodiscard]] Entry make_entry(std::int64_t t1, std::int64_t t2, bool every_block) const;
  /// Words of the block (b1, b2) of t1 x t2 tiles.
  [[nodiscard]] std::int64_t clipped(const std::vector<std::int64_t>& shape,
                                     std::int64_t start) const;
  [[nodiscard]] std::vector<std::int64_t> shape_of(std::int64_t t1, std::int64_t t2) const;

  std::vector<AffineTerm> terms_;
  std::int64_t offset_ = 0, extent_ = 1;
  std::array<std::int64_t, 2> sizes_{1, 1};
  bool plain_ = true;
  std::int64_t distinct_ = 1;
  double touching_ = 1.0;
  std::vector<Entry> entries_;
};

}  // namespace hwflow::chip
