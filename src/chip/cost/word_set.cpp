#include "chip/cost/word_set.hpp"

#include <algorithm>
#include <bit>

namespace hwflow::chip {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

}  // namespace

WordSet::WordSet(std::int64_t low, std::int64_t high)
    : low_(low),
      high_(std::max(low, high)),
      bits_(static_cast<std::size_t>((high_ - low_ + 63) / 64), 0) {}

void WordSet::add_range(std::int64_t begin, std::int64_t end) {
  begin = std::max(begin, low_);
  end = std::min(end, high_);
  if (begin >= end) return;
  const auto first = static_cast<std::size_t>(begin - low_);
  const auto last = static_cast<std::size_t>(end - low_ - 1);
  const std::uint64_t head = kAll << (first % 64);
  const std::uint64_t tail = kAll >> (63 - last % 64);
  if (first / 64 == last / 64) {
    bits_[first / 64] |= head & tail;
    return;
  }
  bits_[first / 64] |= head;
  for (std::size_t i = first / 64 + 1; i < last / 64; ++i) bits_[i] = kAll;
  bits_[last / 64] |= tail;
}

void WordSet::add(std::int64_t word) {
  if (word < low_ || word >= high_) return;
  const auto at = static_cast<std::size_t>(word - low_);
  bits_[at / 64] |= std::uint64_t{1} << (at % 64);
}

void WordSet::subtract(const WordSet& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] &= ~other.bits_[i];
}

std::int64_t WordSet::size() const {
  std::int64_t count = 0;
  for (const std::uint64_t word : bits_) count += std::popcount(word);
  return count;
}

}  // namespace hwflow::chip
