#include "chip/mapper/factor_choices.hpp"

#include <algorithm>

namespace hwflow::chip {

const FactorChoices::Numbers& FactorChoices::above(std::size_t dim, LevelIndex level) const {
  const auto [entry, is_new] = numbers_.try_emplace({dim, level});
  Numbers& numbers = entry->second;
  if (!is_new) return numbers;
  std::map<DimLoops, std::uint32_t> known;
  for (std::uint32_t i = 0; i < chains_[dim].size(); ++i) {
    DimLoops loops = chains_[dim][i];
    std::fill(loops.begin() + static_cast<std::ptrdiff_t>(
                                  std::min(kMaxSlots, slot_of(level, SlotKind::temporal))),
              loops.end(), 1);
    const auto [number, is_first] =
        known.try_emplace(loops, static_cast<std::uint32_t>(known.size()));
    if (is_first) numbers.example.push_back(i);
    numbers.of_chain.push_back(number->second);
  }
  return numbers;
}

}  // namespace hwflow::chip
