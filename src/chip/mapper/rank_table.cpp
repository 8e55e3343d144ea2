#include "chip/mapper/rank_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

namespace hwflow::chip {
namespace {

/// Can (i, j) -> a*i + b*j, i < n1, j < n2, hit one index twice? Sufficient test: the smaller
/// stride's run fits below the larger stride.
bool is_injective(std::int64_t a, std::int64_t n1, std::int64_t b, std::int64_t n2) {
  if (n1 == 1 || n2 == 1) return true;
  return a >= b ? b * (n2 - 1) < a : a * (n1 - 1) < b;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// start + a*i + b*j for i < n1, j < n2, as far as it lies in [0, extent); a >= 1.
struct Progressions {
  std::int64_t start, extent, a, n1, b, n2;

  /// The i of row j that lie inside: [first, second).
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> row(std::int64_t j) const {
    const std::int64_t at = start + b * j;
    const std::int64_t first = std::max<std::int64_t>(0, floor_div(-at + a - 1, a));
    const std::int64_t last = std::min(n1, floor_div(extent - 1 - at, a) + 1);
    return {first, std::max(first, last)};
  }
};

/// Pairs (i, j) inside.
double pairs_inside(const Progressions& set) {
  double count = 0.0;
  for (std::int64_t j = 0; j < set.n2; ++j) {
    const auto [first, last] = set.row(j);
    count += static_cast<double>(last - first);
  }
  return count;
}

/// Different indices inside. Rows whose starts differ by a multiple of `a` may share indices: in
/// steps of `a` they are intervals, which start later from row to row.
std::int64_t words_inside(const Progressions& set) {
  const std::int64_t period = set.b == 0 ? 1 : set.a / std::gcd(set.a, set.b);
  std::int64_t count = 0;
  for (std::int64_t phase = 0; phase < std::min(period, set.n2); ++phase) {
    std::int64_t covered = std::numeric_limits<std::int64_t>::min();
    for (std::int64_t j = phase; j < set.n2; j += period) {
      const std::int64_t shift = (set.b * j - set.b * phase) / set.a;
      const auto [first, last] = set.row(j);
      const std::int64_t from = std::max(covered, shift + first);
      count += std::max<std::int64_t>(0, shift + last - from);
      covered = std::max(covered, shift + last);
    }
  }
  return count;
}

}  // namespace

RankTable::RankTable(const Rank& rank, const DimArray& bounds, bool divisors_only, bool boxes)
    : terms_(rank.terms), offset_(rank.offset), extent_(rank.extent) {
  std::int64_t last = offset_;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    sizes_[i] = bounds[index(terms_[i].dim)];
    last += coefficient(i) * (sizes_[i] - 1);
  }
  const bool inside = offset_ >= 0 && last < extent_;
  const bool one_term = sizes_[0] == 1 || sizes_[1] == 1;
  plain_ = inside && (one_term || !boxes) &&
           is_injective(coefficient(0), sizes_[0], coefficient(1), sizes_[1]);
  distinct_ = sizes_[0] * sizes_[1];
  touching_ = static_cast<double>(distinct_);
  if (!plain_) fill(divisors_only);
}

double RankTable::work_of_filling(bool divisors_only) const {
  const double tiles = static_cast<double>(sizes_[0]) * static_cast<double>(sizes_[1]);
  if (!divisors_only) return tiles * tiles / 4.0;
  const double span = static_cast<double>(coefficient(0)) * static_cast<double>(sizes_[0]) +
                      static_cast<double>(coefficient(1)) * static_cast<double>(sizes_[1]);
  return tiles * span;
}

void RankTable::fill(bool divisors_only) {
  const std::size_t few = sizes_[0] < sizes_[1] ? 0 : 1, many = 1 - few;
  const Progressions all{
      offset_,      extent_,          std::max<std::int64_t>(1, coefficient(many)),
      sizes_[many], coefficient(few), sizes_[few]};
  distinct_ = words_inside(all);
  touching_ = pairs_inside(all);
  if (work_of_filling(divisors_only) > kMostWork) return;
  entries_.resize(static_cast<std::size_t>(sizes_[0] * sizes_[1]));
  for (std::int64_t t1 = 1; t1 <= sizes_[0]; ++t1) {
    for (std::int64_t t2 = 1; t2 <= sizes_[1]; ++t2) {
      const bool divides = sizes_[0] % t1 == 0 && sizes_[1] % t2 == 0;
      if (divisors_only && !divides) continue;
      entries_[static_cast<std::size_t>((t1 - 1) * sizes_[1] + t2 - 1)] =
          make_entry(t1, t2, divisors_only);
    }
  }
}

std::int64_t RankTable::least_words(std::int64_t t1, std::int64_t t2) const {
  constexpr std::int64_t kMostRows = 64;
  const std::array<std::int64_t, 2> tiles{t1, t2};
  const std::size_t few = t1 < t2 ? 0 : 1, many = 1 - few;
  return words_inside({offset_, extent_, std::max<std::int64_t>(1, coefficient(many)), tiles[many],
                       coefficient(few), std::min(tiles[few], kMostRows)});
}

std::vector<std::int64_t> RankTable::shape_of(std::int64_t t1, std::int64_t t2) const {
  std::vector<std::int64_t> shape;
  shape.reserve(static_cast<std::size_t>(t1 * t2));
  for (std::int64_t i = 0; i < t1; ++i) {
    for (std::int64_t j = 0; j < t2; ++j) {
      shape.push_back(coefficient(0) * i + coefficient(1) * j);
    }
  }
  std::sort(shape.begin(), shape.end());
  shape.erase(std::unique(shape.begin(), shape.end()), shape.end());
  return shape;
}

std::int64_t RankTable::clipped(const std::vector<std::int64_t>& shape, std::int64_t start) const {
  const auto low = std::lower_bound(shape.begin(), shape.end(), -start);
  const auto high = std::lower_bound(shape.begin(), shape.end(), extent_ - start);
  return std::max<std::int64_t>(0, high - low);
}

RankTable::Entry RankTable::make_entry(std::int64_t t1, std::int64_t t2, bool every_block) const {
  const std::vector<std::int64_t> shape = shape_of(t1, t2);
  Entry entry;
  const std::int64_t rows = every_block ? sizes_[0] / t1 : 1;
  const std::int64_t columns = every_block ? sizes_[1] / t2 : 1;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int64_t words =
          clipped(shape, offset_ + coefficient(0) * i * t1 + coefficient(1) * j * t2);
      entry.clipped_sum += static_cast<double>(words);
      entry.largest = std::max(entry.largest, words);
    }
  }
  if (!every_block) return entry;
  std::vector<bool> present(static_cast<std::size_t>(shape.back() + 1));
  for (const std::int64_t at : shape) present[static_cast<std::size_t>(at)] = true;
  entry.shared.assign(present.size(), 0);
  for (std::size_t shift = 0; shift < present.size(); ++shift) {
    for (const std::int64_t at : shape) {
      const auto moved = static_cast<std::size_t>(at) + shift;
      if (moved < present.size() && present[moved]) ++entry.shared[shift];
    }
  }
  return entry;
}

}  // namespace hwflow::chip
