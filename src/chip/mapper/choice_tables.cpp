#include "chip/mapper/choice_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "chip/mapper/row_kernels.hpp"

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

/// Has choice a no flaw that b lacks?
bool has_no_more(const std::vector<std::uint32_t>& flaws, std::uint32_t a, std::uint32_t b) {
  return (flaws[a] & ~flaws[b]) == 0;
}

}  // namespace

ChoiceTables::ChoiceTables(const TermModel& model, const std::vector<MeshAxis>& axes,
                           std::vector<ChoiceList> lists, bool timed)
    : model_(model),
      terms_(model.term_count()),
      timed_(timed),
      inside_(level_inside(axes)),
      loosest_(model.loosest_level()),
      axes_(axes) {
  for (std::size_t c = 0; c < lists.size(); ++c) {
    Choices& made = compounds_.emplace_back(std::move(lists[c]));
    const FactorChoices& choices = made.list.choices;
    for (std::size_t i = 0; i < choices.size(); ++i)
      made.flaws.push_back(model.flaws(c, choices[i]));
    if (std::all_of(made.flaws.begin(), made.flaws.end(), [](auto bits) { return bits == 0; }))
      made.flaws.clear();
  }
}

const ChoiceTables::TermColumn& ChoiceTables::column(std::size_t term, const LoopClass& loop_class,
                                                     std::size_t c) {
  Choices& all = compounds_[c];
  std::string key = model_.column_key(term, loop_class, c);
  key += '#' + std::to_string(term);
  const auto [entry, is_new] = all.by_key.try_emplace(std::move(key));
  if (!is_new) return entry->second;
  TermModel::Column found = model_.column(term, loop_class, c, all.list.choices);
  auto made = std::make_unique<Table::Column>();
  made->values = std::move(found.values);
  const std::string_view content(reinterpret_cast<const char*>(made->values.data()),
                                 made->values.size() * sizeof(double));
  const auto [same, is_other] = all.by_content.try_emplace(content);
  if (is_other) {
    made->number = columns_++;
    bytes_ += made->values.size() * (sizeof(double) + sizeof(std::uint16_t));
    made->shape = shape_of(made->values, c);
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
    for (std::size_t i = 0; i < all.list.choices.size(); ++i)
      entry->second.push_back(model_.allows(loop_class, c, all.list.choices[i]));
  return &entry->second;
}

Table* ChoiceTables::table(const LoopClass& loop_class, std::size_t c,
                           const std::function<bool()>& stopped) {
  const std::string profile = model_.profile(loop_class, c);
  if (const auto known = compounds_[c].tables.find(profile); known != compounds_[c].tables.end())
    return known->second;
  Columns columns;
  std::vector<std::uint8_t> loose;
  if (timed_ && model_.has_unknown_waits(c))
    loose.assign(compounds_[c].list.choices.size(), kStandsForNone);
  for (std::size_t t = 0; t < terms_; ++t) {
    if (stopped()) return nullptr;
    const TermColumn& mine = column(t, loop_class, c);
    columns.push_back(mine.values);
    loose.resize(std::max(loose.size(), mine.loose.size()));
    for (std::size_t i = 0; i < mine.loose.size(); ++i)
      loose[i] = std::max(loose[i], mine.loose[i]);
  }
  const auto [same, is_other] = compounds_[c].by_rows.try_emplace(
      Rows{std::move(columns), allowed(loop_class, c), std::move(loose)});
  if (is_other) same->second = make_table(same->first, c);
  compounds_[c].tables.emplace(profile, same->second.get());
  return same->second.get();
}

const Table::Shape* ChoiceTables::shape_of(const std::vector<double>& values, std::size_t c) {
  auto made = std::make_unique<Table::Shape>();
  made->ranks.resize(values.size());
  std::vector<double> different;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : compounds_[c].list.outside_end) {
    different.assign(values.begin() + begin, values.begin() + end);
    std::sort(different.begin(), different.end());
    different.erase(std::unique(different.begin(), different.end()), different.end());
    made->is_flat = made->is_flat && different.size() <= 1;
    for (std::uint32_t i = begin; different.size() > 1 && i < end; ++i)
      made->ranks[i] = static_cast<std::uint16_t>(
          std::lower_bound(different.begin(), different.end(), values[i]) - different.begin());
    begin = end;
  }
  const std::string_view content(reinterpret_cast<const char*>(made->ranks.data()),
                                 made->ranks.size() * sizeof(std::uint16_t));
  const auto [same, is_new] = compounds_[c].shapes.try_emplace(content);
  if (is_new) same->second = std::move(made);
  return same->second.get();
}

const std::vector<std::uint32_t>& ChoiceTables::best_choices(const Columns& columns,
                                                             const std::vector<bool>* allowed,
                                                             const std::vector<std::uint8_t>& loose,
                                                             std::size_t c) {
  std::vector<const Table::Shape*> shapes;
  for (const Table::Column* column : columns)
    if (!column->shape->is_flat) shapes.push_back(column->shape);
  std::sort(shapes.begin(), shapes.end());
  shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());
  const auto [entry, is_new] =
      compounds_[c].best.try_emplace(Shapes{std::move(shapes), allowed, loose});
  if (is_new) entry->second = best_by(entry->first, c);
  return entry->second;
}

/// Cheapest first: what is beaten is beaten by an earlier one.
std::vector<std::uint32_t> ChoiceTables::best_by(const Shapes& by, std::size_t c) const {
  const FactorChoices& all = compounds_[c].list.choices;
  const auto& [shapes, allowed, loose] = by;
  const std::vector<std::uint32_t>& flaws = compounds_[c].flaws;
  const auto stands_in = [&](std::uint32_t a, std::uint32_t b) {
    return (flaws.empty() || has_no_more(flaws, a, b)) &&
           (loose.empty() || may_stand_in(loose[a], all, a, b)) &&
           (loosest_ <= inside_ || all.are_same_above(loosest_, a, b));
  };
  struct Ranked {
    std::uint32_t sum, choice;
  };
  std::vector<Ranked> order;
  std::vector<std::uint16_t> ranks, kept_ranks;  // row by row
  std::vector<std::uint32_t> best;
  const std::size_t width = shapes.size();
  std::uint32_t begin = 0;
  for (const std::uint32_t end : compounds_[c].list.outside_end) {
    order.clear();
    ranks.resize((end - begin) * width);
    for (std::uint32_t i = begin; i < end; ++i) {
      if (allowed != nullptr && !(*allowed)[i]) continue;
      Ranked row{0, i};
      for (std::size_t s = 0; s < width; ++s)
        row.sum += ranks[(i - begin) * width + s] = shapes[s]->ranks[i];
      order.push_back(row);
    }
    std::sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) {
      return a.sum != b.sum ? a.sum < b.sum : a.choice < b.choice;
    });
    const std::size_t first = best.size();
    kept_ranks.clear();
    for (const auto& [sum, i] : order) {
      const std::uint16_t* mine = ranks.data() + (i - begin) * width;
      bool beaten = false;
      for (std::size_t k = first; k < best.size() && !beaten; ++k) {
        const std::uint16_t* other = kept_ranks.data() + (k - first) * width;
        beaten =
            std::equal(other, other + width, mine, std::less_equal<>()) && stands_in(best[k], i);
      }
      if (beaten) continue;
      best.push_back(i);
      kept_ranks.insert(kept_ranks.end(), mine, mine + width);
    }
    begin = end;
  }
  std::sort(best.begin(), best.end());
  return best;
}

ChoiceTables::RowSet& ChoiceTables::row_set(const std::vector<std::uint32_t>& choices,
                                            std::size_t c, Table& table) {
  const auto [entry, is_new] = compounds_[c].row_sets.try_emplace(choices);
  RowSet& set = entry->second;
  table.choices = entry->first;
  if (!is_new) return set;
  set.used.resize(axes_.size());
  set.log_used.resize(axes_.size());
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    for (const std::uint32_t i : entry->first) {
      set.used[a].push_back(compounds_[c].list.used[a][i]);
      set.log_used[a].push_back(std::log(static_cast<double>(compounds_[c].list.used[a][i])));
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
  table->all = &compounds_[c].list.choices;
  if (!compounds_[c].flaws.empty()) table->flaws = &compounds_[c].flaws;
  RowSet& set = row_set(best_choices(columns, allowed, loose, c), c, *table);
  if (!loose.empty())
    for (const std::uint32_t i : table->choices) table->loose.push_back(loose[i]);
  table->is_exact =
      std::all_of(loose.begin(), loose.end(), [](std::uint8_t level) { return level == 0; });
  table->has.resize(compounds_[c].list.choices.size());
  for (const std::uint32_t i : table->choices) table->has[i] = true;
  std::vector<double> least;
  for (const Table::Column* all : columns) {
    const auto [entry, is_new] = set.columns.try_emplace(all);
    RowColumn& mine = entry->second;
    if (is_new) {
      for (const std::uint32_t i : table->choices) {
        mine.logs.push_back(log_of(all->values[i]));
        mine.least = std::min(mine.least, all->values[i]);
      }
      bytes_ += mine.logs.size() * sizeof(double);
    }
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
           (table.flaws == nullptr ||
            has_no_more(*table.flaws, table.choices[a], table.choices[b])) &&
           (same_above == 0 ||
            table.all->are_same_above(same_above, table.choices[a], table.choices[b])) &&
           std::all_of(table.of_all.begin(), table.of_all.end(),
                       [&](const Table::Column* column) {
                         return column->values[table.choices[a]] <=
                                column->values[table.choices[b]];
                       }) &&
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
    const auto next = [&](std::size_t from) {
      return rows::first_within(marks[0].data(), marks[1].data(), ~table.marks[0][i],
                                ~table.marks[1][i], from, kept.size());
    };
    std::size_t k = next(0);
    while (k < kept.size() && !beats(kept[k], i)) k = next(k + 1);
    const bool beaten = k < kept.size();
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
  for (const Table::Column* column : table.of_all)
    for (const std::uint32_t i : kept) list.values.push_back(column->values[table.choices[i]]);
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
