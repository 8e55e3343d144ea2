#include "chip/mapper/choice_tables.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

namespace hwflow::chip {

ChoiceTables::ChoiceTables(const TermModel& model, const MapSpace& space)
    : model_(model), space_(space), terms_(model.term_count()) {
  for (std::size_t slot = 0; slot < space.slot_count(); ++slot)
    if (kind_of(slot) != SlotKind::temporal && space.mesh(slot) > 1)
      axes_.push_back({slot, space.mesh(slot)});
  for (const Compound& compound : model.compounds()) choices_.push_back(choices_of(compound));
  columns_.resize(choices_.size());
  tables_.resize(choices_.size());
}

ChoiceList ChoiceTables::choices_of(const Compound& compound) const {
  ChoiceList list;
  std::map<std::vector<std::int32_t>, std::uint32_t> groups;
  const auto add = [&](const FactorChoice& choice) {
    for (const MeshAxis& axis : axes_)
      if (std::int64_t{choice.loops[0][axis.slot]} * choice.loops[1][axis.slot] > axis.size) return;
    std::vector<std::int32_t> key;
    for (std::size_t d = 0; d < compound.size(); ++d)
      for (std::size_t slot = 0; slot < space_.slot_count(); ++slot)
        if (!is_outer(slot)) key.push_back(choice.loops[d][slot]);
    const auto [entry, is_new] = groups.try_emplace(std::move(key), list.groups);
    if (is_new) ++list.groups;
    list.choices.push_back(choice);
    list.group.push_back(entry->second);
  };
  const std::vector<DimLoops> one{kNoLoops};
  const auto first = space_.chains(compound[0]);
  const auto second = compound.size() > 1 ? space_.chains(compound[1]) : one;
  for (const DimLoops& a : first)
    for (const DimLoops& b : second) add({{a, b}});
  return list;
}

/// Temporal loops above the array, or at the outermost level where there is no array.
bool ChoiceTables::is_outer(std::size_t slot) const {
  if (kind_of(slot) != SlotKind::temporal) return false;
  return axes_.empty() ? slot == 0 : slot < axes_.front().slot;
}

const std::vector<double>& ChoiceTables::column(std::size_t term, const LoopClass& loop_class,
                                                std::size_t c) {
  std::string key = model_.column_key(term, loop_class, c);
  key += static_cast<char>(term);
  const auto [entry, is_new] = columns_[c].try_emplace(std::move(key));
  if (is_new) entry->second = model_.column(term, loop_class, c, choices_[c].choices);
  return entry->second;
}

const Table& ChoiceTables::table(const LoopClass& loop_class, std::size_t c) {
  const auto [entry, is_new] = tables_[c].try_emplace(model_.profile(loop_class, c));
  if (is_new) entry->second = make_table(loop_class, c);
  return entry->second;
}

Table ChoiceTables::make_table(const LoopClass& loop_class, std::size_t c) {
  const ChoiceList& from = choices_[c];
  std::vector<std::vector<std::uint32_t>> rows(from.groups);
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < from.choices.size(); ++i) {
    if (!model_.allows(loop_class, c, from.choices[i])) continue;
    rows[from.group[i]].push_back(i);
    all.push_back(i);
  }
  Columns of_terms;
  for (std::size_t t = 0; t < terms_; ++t) of_terms.push_back(column(t, loop_class, c).data());
  const auto [columns, column_of] = shared(of_terms, all);

  Table table;
  table.members.resize(from.groups);
  List& groups = table.groups;
  for (std::uint32_t g = 0; g < from.groups; ++g) {
    if (rows[g].empty()) continue;
    table.members[g] = make_list(rows[g], columns, column_of, from);
    groups.row.push_back(g);
  }
  groups.size = groups.row.size();
  groups.columns = columns.size();
  groups.column_of = column_of;
  groups.values.resize(groups.columns * groups.size);
  for (std::size_t i = 0; i < groups.size; ++i) {
    const List& members = table.members[groups.row[i]];
    for (std::size_t t = 0; t < terms_; ++t)
      groups.values[column_of[t] * groups.size + i] = members.least[t];
  }
  for (std::size_t a = 0; a < axes_.size(); ++a)
    for (const std::uint32_t g : groups.row) groups.used.push_back(table.members[g].used_on(a)[0]);
  groups.find_least();
  return table;
}

std::pair<ChoiceTables::Columns, std::span<const std::uint16_t>> ChoiceTables::shared(
    const Columns& columns, const std::vector<std::uint32_t>& rows) {
  Columns different;
  std::vector<std::uint16_t>& column_of = column_maps_.emplace_back();
  for (const double* column : columns) {
    const auto same = std::find_if(different.begin(), different.end(), [&](const double* other) {
      return std::all_of(rows.begin(), rows.end(),
                         [&](std::uint32_t i) { return column[i] == other[i]; });
    });
    column_of.push_back(static_cast<std::uint16_t>(same - different.begin()));
    if (same == different.end()) different.push_back(column);
  }
  return {std::move(different), column_of};
}

List ChoiceTables::with_shared_columns(const List& list) {
  std::vector<std::uint32_t> rows(list.size);
  std::iota(rows.begin(), rows.end(), 0U);
  Columns of_terms;
  for (std::size_t t = 0; t < terms_; ++t) of_terms.push_back(list.column(t));
  const auto [columns, column_of] = shared(of_terms, rows);
  List result;
  result.size = list.size;
  result.columns = columns.size();
  result.column_of = column_of;
  for (const double* column : columns)
    result.values.insert(result.values.end(), column, column + list.size);
  result.used = list.used;
  result.row = list.row;
  result.find_least();
  return result;
}

/// Without the choices that another one matches or beats in every term.
List ChoiceTables::make_list(const std::vector<std::uint32_t>& rows, const Columns& columns,
                             std::span<const std::uint16_t> column_of,
                             const ChoiceList& from) const {
  List list;
  const auto beats = [&](std::uint32_t a, std::uint32_t b) {
    return std::all_of(columns.begin(), columns.end(),
                       [&](const double* column) { return column[a] <= column[b]; });
  };
  for (const std::uint32_t i : rows) {
    if (std::any_of(list.row.begin(), list.row.end(),
                    [&](std::uint32_t other) { return beats(other, i); }))
      continue;
    std::erase_if(list.row, [&](std::uint32_t other) { return beats(i, other); });
    list.row.push_back(i);
  }
  list.size = list.row.size();
  list.columns = columns.size();
  list.column_of = column_of;
  list.values.reserve(list.columns * list.size);
  for (const double* column : columns)
    for (const std::uint32_t i : list.row) list.values.push_back(column[i]);
  for (const MeshAxis& axis : axes_)
    for (const std::uint32_t i : list.row)
      list.used.push_back(from.choices[i].loops[0][axis.slot] *
                          from.choices[i].loops[1][axis.slot]);
  list.find_least();
  return list;
}

void List::find_least() {
  std::vector<double> of_columns(columns, std::numeric_limits<double>::infinity());
  for (std::size_t c = 0; c < columns; ++c) {
    const double* values_of = column(c);
    for (std::size_t i = 0; i < size; ++i) of_columns[c] = std::min(of_columns[c], values_of[i]);
  }
  least.resize(column_of.size());
  for (std::size_t t = 0; t < least.size(); ++t) least[t] = of_columns[column_of[t]];
}

void List::keep(const List& from, const std::vector<std::uint32_t>& rows, std::size_t axes) {
  const std::size_t before = from.size, after = rows.size();
  // In place nothing is overwritten that is still to be read: rows ascend.
  const auto gather = [&](auto& into, const auto& out_of, std::size_t count) {
    if (&into != &out_of) into.resize(count * after);
    for (std::size_t c = 0; c < count; ++c)
      for (std::size_t i = 0; i < after; ++i) into[c * after + i] = out_of[c * before + rows[i]];
    into.resize(count * after);
  };
  size = after;
  columns = from.columns;
  column_of = from.column_of;
  gather(values, from.values, columns);
  gather(used, from.used, axes);
  gather(row, from.row, 1);
  find_least();
}

}  // namespace hwflow::chip
