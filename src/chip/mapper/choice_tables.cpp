#include "chip/mapper/choice_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Finite for zero as well, for the order in which rows are compared: bounds leave such terms out.
double log_of(double value) { return value > 0.0 ? std::log(value) : -1000.0; }

constexpr std::uint8_t kStandsForNone = 255;

/// What a loose choice really costs is not known. It can stand in for another only where that
/// moves the same words, whatever they are.
bool may_stand_in(std::uint8_t loose, const FactorChoices& choices, std::uint32_t a,
                  std::uint32_t b) {
  return loose == 0 || (loose != kStandsForNone && choices.are_same_above(loose, a, b));
}

}  // namespace

ChoiceTables::ChoiceTables(const TermModel& model, const MapSpace& space, bool timed)
    : model_(model),
      space_(space),
      terms_(model.term_count()),
      timed_(timed),
      loosest_(model.loosest_level()) {
  for (std::size_t slot = 0; slot < space.slot_count(); ++slot)
    if (kind_of(slot) != SlotKind::temporal && space.mesh(slot) > 1)
      axes_.push_back({slot, space.mesh(slot)});
  for (const MeshAxis& axis : axes_) inside_ = std::max(inside_, level_of(axis.slot) + 1);
  for (const Compound& compound : model.compounds()) add_choices(compound);
}

void ChoiceTables::add_choices(const Compound& compound) {
  Choices& all = compounds_.emplace_back(FactorChoices(
      space_.chains(compound[0]),
      compound.size() > 1 ? space_.chains(compound[1]) : std::vector<DimLoops>{kNoLoops}));
  const std::vector<DimLoops>& first = all.choices.chains(0);
  const std::vector<DimLoops>& second = all.choices.chains(1);
  const auto& first_outside = all.choices.above(0, inside_).of_chain;
  const auto& second_outside = all.choices.above(1, inside_).of_chain;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> groups;
  std::vector<std::int32_t> units_on(axes_.size());
  all.used.resize(axes_.size());
  for (std::uint32_t a = 0; a < first.size(); ++a)
    for (std::uint32_t b = 0; b < second.size(); ++b) {
      bool fits = true;
      for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
        const std::int64_t units =
            std::int64_t{first[a][axes_[axis].slot]} * second[b][axes_[axis].slot];
        fits = fits && units <= axes_[axis].size;
        units_on[axis] = static_cast<std::int32_t>(std::min(units, axes_[axis].size));
      }
      if (!fits) continue;
      const auto [group, is_new] =
          groups.try_emplace({first_outside[a], second_outside[b]}, groups.size());
      if (is_new) all.same_outside.emplace_back();
      all.same_outside[group->second].push_back(static_cast<std::uint32_t>(all.choices.size()));
      all.choices.add(a, b);
      for (std::size_t axis = 0; axis < axes_.size(); ++axis)
        all.used[axis].push_back(units_on[axis]);
    }
}

const ChoiceTables::TermColumn& ChoiceTables::column(std::size_t term, const LoopClass& loop_class,
                                                     std::size_t c) {
  Choices& all = compounds_[c];
  std::string key = model_.column_key(term, loop_class, c);
  key += '#' + std::to_string(term);
  const auto [entry, is_new] = all.by_key.try_emplace(std::move(key));
  if (!is_new) return entry->second;
  TermModel::Column found = model_.column(term, loop_class, c, all.choices);
  auto made = std::make_unique<Table::Column>();
  made->values = std::move(found.values);
  const std::string_view content(reinterpret_cast<const char*>(made->values.data()),
                                 made->values.size() * sizeof(double));
  const auto [same, is_other] = all.by_content.try_emplace(content);
  if (is_other) {
    made->number = columns_++;
    same->second = std::move(made);
  }
  entry->second = {same->second.get(), std::move(found.loose)};
  return entry->second;
}

/// None: all.
const std::vector<bool>* ChoiceTables::allowed(const LoopClass& loop_class, std::size_t c) {
  Choices& all = compounds_[c];
  std::string key;
  for (const Dim dim : model_.compounds()[c])
    for (const DimSet absent : loop_class.absent) key += (absent & set_of(dim)) != 0 ? '-' : '+';
  if (key.find('-') == std::string::npos) return nullptr;
  const auto [entry, is_new] = all.allowed.try_emplace(std::move(key));
  if (is_new)
    for (std::size_t i = 0; i < all.choices.size(); ++i)
      entry->second.push_back(model_.allows(loop_class, c, all.choices[i]));
  return &entry->second;
}

Table& ChoiceTables::table(const LoopClass& loop_class, std::size_t c) {
  const auto [entry, is_new] = compounds_[c].tables.try_emplace(model_.profile(loop_class, c));
  if (!is_new) return *entry->second;
  Columns columns;
  std::vector<std::uint8_t> loose;
  if (timed_ && model_.has_unknown_waits(c))
    loose.assign(compounds_[c].choices.size(), kStandsForNone);
  for (std::size_t t = 0; t < terms_; ++t) {
    const TermColumn& mine = column(t, loop_class, c);
    columns.push_back(mine.values);
    loose.resize(std::max(loose.size(), mine.loose.size()));
    for (std::size_t i = 0; i < mine.loose.size(); ++i)
      loose[i] = std::max(loose[i], mine.loose[i]);
  }
  const auto [same, is_other] = compounds_[c].by_rows.try_emplace(
      Rows{std::move(columns), allowed(loop_class, c), std::move(loose)});
  if (is_other) same->second = make_table(same->first, c);
  entry->second = same->second.get();
  return *entry->second;
}

std::vector<std::uint32_t> ChoiceTables::best_choices(const Columns& columns,
                                                      const std::vector<bool>* allowed,
                                                      const std::vector<std::uint8_t>& loose,
                                                      std::size_t c) const {
  const FactorChoices& all = compounds_[c].choices;
  const auto beats = [&](std::uint32_t a, std::uint32_t b) {
    return (loose.empty() || may_stand_in(loose[a], all, a, b)) &&
           (loosest_ <= inside_ || all.are_same_above(loosest_, a, b)) &&
           std::all_of(columns.begin(), columns.end(),
                       [&](const auto* column) { return column->values[a] <= column->values[b]; });
  };
  std::vector<std::uint32_t> best, of_group;
  for (const auto& group : compounds_[c].same_outside) {
    of_group.clear();
    for (const std::uint32_t i : group) {
      if (allowed != nullptr && !(*allowed)[i]) continue;
      const auto beats_i = [&](std::uint32_t other) { return beats(other, i); };
      if (std::any_of(of_group.begin(), of_group.end(), beats_i)) continue;
      std::erase_if(of_group, [&](std::uint32_t other) { return beats(i, other); });
      of_group.push_back(i);
    }
    best.insert(best.end(), of_group.begin(), of_group.end());
  }
  std::sort(best.begin(), best.end());
  return best;
}

ChoiceTables::RowSet& ChoiceTables::row_set(std::vector<std::uint32_t> choices, std::size_t c,
                                            Table& table) {
  const auto [entry, is_new] = compounds_[c].row_sets.try_emplace(std::move(choices));
  RowSet& set = entry->second;
  table.choices = entry->first;
  if (!is_new) return set;
  set.used.resize(axes_.size());
  set.log_used.resize(axes_.size());
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    for (const std::uint32_t i : entry->first) {
      set.used[a].push_back(compounds_[c].used[a][i]);
      set.log_used[a].push_back(std::log(static_cast<double>(compounds_[c].used[a][i])));
    }
    set.log_used_of.push_back(set.log_used[a].data());
  }
  return set;
}

std::unique_ptr<Table> ChoiceTables::make_table(const Rows& rows, std::size_t c) {
  auto table = std::make_unique<Table>();
  const auto& [of_terms, allowed, loose] = rows;
  Columns columns;
  for (const Table::Column* mine : of_terms) {
    const auto same = std::find(columns.begin(), columns.end(), mine);
    table->column_of.push_back(static_cast<std::uint16_t>(same - columns.begin()));
    if (same == columns.end()) columns.push_back(mine);
  }
  table->allowed = allowed;
  table->all = &compounds_[c].choices;
  RowSet& set = row_set(best_choices(columns, allowed, loose, c), c, *table);
  if (!loose.empty())
    for (const std::uint32_t i : table->choices) table->loose.push_back(loose[i]);
  table->is_exact =
      std::all_of(loose.begin(), loose.end(), [](std::uint8_t level) { return level == 0; });
  table->has.resize(compounds_[c].choices.size());
  for (const std::uint32_t i : table->choices) table->has[i] = true;
  std::vector<double> least;
  for (const Table::Column* all : columns) {
    const auto [entry, is_new] = set.columns.try_emplace(all);
    RowColumn& mine = entry->second;
    if (is_new) {
      for (const std::uint32_t i : table->choices) {
        mine.values.push_back(all->values[i]);
        mine.logs.push_back(log_of(all->values[i]));
      }
      mine.least = mine.values.empty() ? kInfinity
                                       : *std::min_element(mine.values.begin(), mine.values.end());
    }
    table->values.push_back(mine.values.data());
    table->logs.push_back(mine.logs.data());
    least.push_back(mine.least);
  }
  for (const std::uint16_t column : table->column_of) table->least.push_back(least[column]);
  table->used = set.used;
  table->rows = {table->choices.size(), table->logs, table->column_of, set.log_used_of,
                 table->least};
  table->of_all = std::move(columns);
  table->number = tables_++;
  return table;
}

/// Sums and marks of every row.
void ChoiceTables::mark(Table& table) {
  constexpr int kMarks = 5, kMarked = 12;  // per column, columns per word
  const std::size_t size = table.choices.size();
  table.sum.assign(size, 0.0);
  for (auto& word : table.marks) word.assign(size, 0);
  std::size_t at = 0;
  const auto add = [&](const double* logs) {
    for (std::size_t i = 0; i < size; ++i) table.sum[i] += logs[i];
    const auto [low, high] = std::minmax_element(logs, logs + size);
    const std::size_t word = at / kMarked, shift = at % kMarked * kMarks;
    ++at;
    if (*low == *high || word >= table.marks.size()) return;
    const double scale = (kMarks + 1) / (*high - *low), least = *low;
    for (std::size_t i = 0; i < size; ++i) {
      const int level = std::min(static_cast<int>((logs[i] - least) * scale), kMarks);
      table.marks[word][i] |= ((std::uint64_t{1} << level) - 1) << shift;
    }
  };
  for (const double* logs : table.logs) add(logs);
  for (const double* logs : table.rows.used) add(logs);
}

LevelIndex ChoiceTables::loosest(const Table& table, const std::vector<std::uint32_t>& rows) {
  std::uint8_t level = 0;
  if (!table.loose.empty())
    for (const std::uint32_t row : rows)
      if (table.loose[row] != kStandsForNone) level = std::max(level, table.loose[row]);
  return level;
}

List ChoiceTables::best_of(Table& table, const std::vector<std::uint32_t>& rows,
                           LevelIndex same_above) {
  if (table.sum.empty()) mark(table);
  const auto beats = [&](std::uint32_t a, std::uint32_t b) {
    return (table.loose.empty() ||
            may_stand_in(table.loose[a], *table.all, table.choices[a], table.choices[b])) &&
           (same_above == 0 ||
            table.all->are_same_above(same_above, table.choices[a], table.choices[b])) &&
           std::all_of(table.values.begin(), table.values.end(),
                       [&](const double* values) { return values[a] <= values[b]; }) &&
           std::all_of(table.used.begin(), table.used.end(),
                       [&](const auto& used) { return used[a] <= used[b]; });
  };
  // Cheapest first: what is beaten is beaten by an earlier one.
  std::vector<std::uint32_t> order = rows, kept;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return table.sum[a] != table.sum[b] ? table.sum[a] < table.sum[b] : a < b;
  });
  std::array<std::vector<std::uint64_t>, 2> marks;
  for (const std::uint32_t i : order) {
    const std::uint64_t lacks0 = ~table.marks[0][i], lacks1 = ~table.marks[1][i];
    bool beaten = false;
    for (std::size_t k = 0; k < kept.size() && !beaten; ++k)
      beaten = ((marks[0][k] & lacks0) | (marks[1][k] & lacks1)) == 0 && beats(kept[k], i);
    if (beaten) continue;
    kept.push_back(i);
    for (std::size_t w = 0; w < marks.size(); ++w) marks[w].push_back(table.marks[w][i]);
  }
  std::sort(kept.begin(), kept.end());
  List list;
  list.size = kept.size();
  list.column_of = table.column_of;
  const auto gather = [&](auto& into, const auto* from) {
    for (const std::uint32_t i : kept) into.push_back(from[i]);
  };
  gather(list.row, table.choices.data());
  for (const double* column : table.values) gather(list.values, column);
  for (const double* column : table.logs) gather(list.logs, column);
  for (const auto& axis : table.used) gather(list.used, axis.data());
  for (const double* axis : table.rows.used) gather(list.log_used, axis);
  list.find_least();
  return list;
}

void List::find_least() {
  if (size == 0) return;
  least.resize(column_of.size());
  std::vector<double> of_columns(columns(), kInfinity);
  for (std::size_t c = 0; c < of_columns.size(); ++c)
    of_columns[c] = *std::min_element(column(c), column(c) + size);
  for (std::size_t t = 0; t < least.size(); ++t) least[t] = of_columns[column_of[t]];
}

void List::keep(const List& from, const std::vector<std::uint32_t>& rows) {
  const std::size_t before = from.size, after = rows.size();
  // In place nothing is overwritten that is still to be read: rows ascend.
  const auto gather = [&](auto& into, const auto& out_of) {
    const std::size_t count = out_of.size() / before;
    if (&into != &out_of) into.resize(count * after);
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t i = 0; i < after; ++i) into[c * after + i] = out_of[c * before + rows[i]];
    into.resize(count * after);
  };
  gather(values, from.values);
  gather(logs, from.logs);
  gather(used, from.used);
  gather(log_used, from.log_used);
  gather(row, from.row);
  column_of = from.column_of;
  size = after;
  find_least();
}

}  // namespace hwflow::chip
