#include "chip/mapper/covered_rows.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace hwflow::chip {
namespace {

/// Classes of which only some choices are done are compared choice by choice. To ask fewer is safe.
constexpr std::size_t kMostAsked = 400;

}  // namespace

/// Leaves in choices_ what makes new mappings: of a class that covers all choices of all compounds
/// but one, those that it does not cover there. False when no mapping is left. `covers`: all
/// choices of a compound? `is_asked`: about which classes?
template <class IsAsked, class Covers>
bool CoveredRows::leave_new(const Tables& tables, const IsAsked& is_asked, const Covers& covers) {
  seen_.clear();
  std::size_t asked = 0;
  for (const DoneClass& other : done_) {
    if (!is_asked(other)) continue;
    if (!other.choices.empty() && ++asked > kMostAsked) break;
    std::optional<std::size_t> open;
    bool several = false;
    for (std::size_t c = 0; c < tables.size() && !several; ++c) {
      if (covers(other, c)) continue;
      several = open.has_value();
      open = c;
    }
    if (several) continue;
    if (!open) return false;
    if (other.choices.empty() && !seen_.insert({other.tables[*open], other.is_exact}).second)
      continue;
    RowCover::take_covered(other, *open, *tables[*open], choices_[*open]);
    if (choices_[*open].empty()) return false;
  }
  return true;
}

bool CoveredRows::find_new(const Tables& tables) {
  choices_.resize(tables.size());
  for (std::size_t c = 0; c < tables.size(); ++c)
    choices_[c].assign(tables[c]->choices.begin(), tables[c]->choices.end());
  const auto has_all = [](const DoneClass& done) { return done.choices.empty(); };
  if (!leave_new(tables, has_all, [&](const DoneClass& done, std::size_t c) {
        return cover_.covers(done, c, *tables[c]);
      }))
    return false;
  handicap_.resize(tables.size());
  hides_rows_ = false;
  for (std::size_t c = 0; c < tables.size(); ++c) {
    const auto& all = tables[c]->choices;
    hides_rows_ = hides_rows_ || choices_[c].size() < all.size();
    handicap_[c].assign(all.size(), std::numeric_limits<double>::infinity());
    std::size_t row = 0;
    for (const std::uint32_t choice : choices_[c]) {
      while (all[row] != choice) ++row;
      handicap_[c][row] = 0.0;
    }
  }
  return true;
}

/// Like find_new(), of lists and of classes of which only some choices are done.
bool CoveredRows::narrow(const Tables& tables, std::vector<List>& lists) {
  for (std::size_t c = 0; c < tables.size(); ++c) choices_[c] = lists[c].row;
  const auto has_some = [](const DoneClass& done) { return !done.choices.empty(); };
  if (!leave_new(tables, has_some, [&](const DoneClass& done, std::size_t c) {
        return RowCover::covers(done, c, *tables[c], choices_[c]);
      }))
    return false;
  std::vector<std::uint32_t> rows;
  for (std::size_t c = 0; c < tables.size(); ++c) {
    if (choices_[c].size() == lists[c].size) continue;
    rows.clear();
    for (std::uint32_t i = 0; i < lists[c].size; ++i)
      if (std::binary_search(choices_[c].begin(), choices_[c].end(), lists[c].row[i]))
        rows.push_back(i);
    lists[c].keep(lists[c], rows);
  }
  return true;
}

DoneClass CoveredRows::done_class(const Tables& tables) {
  return {{tables.begin(), tables.end()},
          std::all_of(tables.begin(), tables.end(), [](const Table* t) { return t->is_exact; }),
          {}};
}

bool CoveredRows::add_searched(const Tables& tables,
                               const std::vector<std::vector<std::uint32_t>>& kept,
                               std::vector<List>& lists) {
  DoneClass done = done_class(tables);
  for (std::size_t c = 0; c < tables.size() && !done.is_exact; ++c) {
    // Of what was beaten by other rows it is not known.
    std::vector<bool>& choices = done.choices.emplace_back(tables[c]->has);
    for (const std::uint32_t row : kept[c]) choices[tables[c]->choices[row]] = false;
    for (const std::uint32_t choice : lists[c].row) choices[choice] = true;
  }
  const bool is_new = narrow(tables, lists);
  done_.push_back(std::move(done));
  return is_new;
}

}  // namespace hwflow::chip
