#include "chip/mapper/row_cover.hpp"

#include <algorithm>
#include <utility>

namespace hwflow::chip {
namespace {

/// Tells of single choices whether a class covers them.
class ChoiceCover {
 public:
  ChoiceCover(const DoneClass& a, std::size_t compound, const Table& b)
      : table_(*a.tables[compound]) {
    if (!a.choices.empty()) {
      has_ = &a.choices[compound];
    } else {
      has_ = a.is_exact ? table_.allowed : &table_.has;
    }
    for (std::size_t t = 0; t < table_.column_of.size(); ++t) {
      const std::pair columns{table_.of_all[table_.column_of[t]]->values.data(),
                              b.of_all[b.column_of[t]]->values.data()};
      if (columns.first != columns.second &&
          std::find(different_.begin(), different_.end(), columns) == different_.end())
        different_.push_back(columns);
    }
  }
  bool operator()(std::uint32_t i) const {
    return (has_ == nullptr || (*has_)[i]) &&
           std::all_of(different_.begin(), different_.end(),
                       [i](const auto& columns) { return columns.first[i] <= columns.second[i]; });
  }

 private:
  const Table& table_;
  const std::vector<bool>* has_ = nullptr;  ///< none: all
  std::vector<std::pair<const double*, const double*>> different_;
};

}  // namespace

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

bool RowCover::find_covers(const DoneClass& done, std::size_t compound, const Table& b) {
  const Table& a = *done.tables[compound];
  Answers& known = is_no_more_[b.allowed];
  const auto is_no_more_in = [&](std::size_t t) {
    return is_no_more(*a.of_all[a.column_of[t]], *b.of_all[b.column_of[t]], b.allowed, known);
  };
  if (!is_no_more_in(decisive_)) return false;  // it often is the same term
  const std::vector<bool>* has = done.is_exact ? a.allowed : &a.has;
  if (has != nullptr &&
      !std::all_of(b.choices.begin(), b.choices.end(), [&](std::uint32_t i) { return (*has)[i]; }))
    return false;
  for (std::size_t t = 0; t < a.column_of.size(); ++t) {
    if (is_no_more_in(t)) continue;
    decisive_ = t;
    return false;
  }
  return true;
}

bool RowCover::covers(const DoneClass& a, std::size_t compound, const Table& b,
                      const std::vector<std::uint32_t>& choices) {
  return std::all_of(choices.begin(), choices.end(), ChoiceCover(a, compound, b));
}

void RowCover::take_covered(const DoneClass& a, std::size_t compound, const Table& b,
                            std::vector<std::uint32_t>& choices) {
  std::erase_if(choices, ChoiceCover(a, compound, b));
}

}  // namespace hwflow::chip
