#include "chip/mapper/rank_table.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

/// Can (i, j) -> a*i + b*j, i < n1, j < n2, hit one index twice? Sufficient test: the smaller
/// stride's run fits below the larger stride.
bool is_injective(std::int64_t a, std::int64_t n1, std::int64_t b, std::int64_t n2) {
  if (n1 == 1 || n2 == 1) return true;
  return a >= b ? b * (n2 - 1) < a : a * (n1 - 1) < b;
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

void RankTable::fill(bool divisors_only) {
  distinct_ = clipped(shape_of(sizes_[0], sizes_[1]), offset_);
  entries_.resize(static_cast<std::size_t>(sizes_[0] * sizes_[1]));
  touching_ = make_entry(1, 1, true).clipped_sum;
  for (std::int64_t t1 = 1; t1 <= sizes_[0]; ++t1) {
    for (std::int64_t t2 = 1; t2 <= sizes_[1]; ++t2) {
      const bool divides = sizes_[0] % t1 == 0 && sizes_[1] % t2 == 0;
      if (divisors_only && !divides) continue;
      entries_[static_cast<std::size_t>((t1 - 1) * sizes_[1] + t2 - 1)] =
          make_entry(t1, t2, divisors_only);
    }
  }
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
