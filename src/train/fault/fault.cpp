#include "train/fault/fault.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace hwflow::train::fault {

std::int64_t disturbed(std::int64_t value, const Word& word, Effect effect, std::uint64_t bits) {
  HWFLOW_CHECK(word.bits >= 1 && word.bits <= 63, "a word of 1 to 63 bits");
  const std::uint64_t all = (std::uint64_t{1} << word.bits) - 1;
  auto stored = static_cast<std::uint64_t>((value - word.base) / word.step) & all;
  switch (effect) {
    case Effect::flip: stored ^= bits & all; break;
    case Effect::stuck_at_0: stored &= ~bits; break;
    case Effect::stuck_at_1: stored |= bits & all; break;
  }
  auto read = static_cast<std::int64_t>(stored);
  const std::uint64_t sign = std::uint64_t{1} << (word.bits - 1);
  if (word.is_signed && (stored & sign) != 0) read -= static_cast<std::int64_t>(all) + 1;
  return word.base + word.step * read;
}

Verdict verdict_of(std::span<const std::int64_t> fault_free, std::span<const std::int64_t> logits) {
  HWFLOW_CHECK(fault_free.size() == logits.size() && !logits.empty(), "logits of one network");
  Verdict verdict;
  const auto first = std::ranges::max_element(fault_free) - fault_free.begin();
  verdict.masked = std::ranges::equal(fault_free, logits);
  verdict.top1 = static_cast<std::int32_t>(std::ranges::max_element(logits) - logits.begin());
  verdict.top1_changed = verdict.top1 != first;
  if (!verdict.top1_changed) return verdict;
  const std::int64_t own = logits[static_cast<std::size_t>(first)];
  std::ptrdiff_t higher = 0;
  for (std::ptrdiff_t k = 0; k < std::ssize(logits); ++k) {
    const std::int64_t other = logits[static_cast<std::size_t>(k)];
    higher += other > own || (other == own && k < first) ? 1 : 0;
  }
  verdict.top5_changed = higher >= 5;
  return verdict;
}

}  // namespace hwflow::train::fault
