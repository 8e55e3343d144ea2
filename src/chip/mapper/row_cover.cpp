#include "chip/mapper/row_cover.hpp"

#include <algorithm>
#include <utility>

namespace hwflow::chip {

/// For all of some choices; none: of all.
bool RowCover::is_no_more(const Table::Column& a, const Table::Column& b,
                          const std::vector<bool>* where, Answers& known_answers) {
  if (&a == &b) return true;
  std::int8_t& known = answer(known_answers, a.number, b.number);
  if (known >= 0) return known == 1;
  bool all = true;
  for (std::size_t i = 0; all && i < a.values.size(); ++i)
    all = (where != nullptr && !(*where)[i]) || a.values[i] <= b.values[i];
  known = all ? 1 : 0;
  return all;
}

bool RowCover::find_covers(const Table& a, const Table& b) {
  bool all = true;
  if (a.allowed != nullptr && a.allowed != b.allowed)
    for (std::size_t i = 0; all && i < a.allowed->size(); ++i)
      all = (*a.allowed)[i] || (b.allowed != nullptr && !(*b.allowed)[i]);
  Answers& known = is_no_more_[b.allowed];
  const auto is_no_more_in = [&](std::size_t t) {
    return is_no_more(*a.of_all[a.column_of[t]], *b.of_all[b.column_of[t]], b.allowed, known);
  };
  if (all && !is_no_more_in(decisive_)) return false;  // it often is the same term
  for (std::size_t t = 0; all && t < a.column_of.size(); ++t) {
    all = is_no_more_in(t);
    if (!all) decisive_ = t;
  }
  return all;
}

void RowCover::take_covered(const Table& a, const Table& b, std::vector<std::uint32_t>& rows) {
  std::vector<std::pair<const double*, const double*>> different;
  for (std::size_t t = 0; t < a.column_of.size(); ++t) {
    const std::pair columns{a.of_all[a.column_of[t]]->values.data(),
                            b.of_all[b.column_of[t]]->values.data()};
    if (columns.first != columns.second &&
        std::find(different.begin(), different.end(), columns) == different.end())
      different.push_back(columns);
  }
  std::erase_if(rows, [&](std::uint32_t row) {
    const std::uint32_t i = b.choices[row];
    return (a.allowed == nullptr || (*a.allowed)[i]) &&
           std::all_of(different.begin(), different.end(),
                       [i](const auto& columns) { return columns.first[i] <= columns.second[i]; });
  });
}

}  // namespace hwflow::chip
