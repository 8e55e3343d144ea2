#include "chip/mapper/choice_tables.hpp"

#include <algorithm>
#include <limits>
#include <map>
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
  std::vector<const std::vector<double>*> columns;
  for (std::size_t t = 0; t < terms_; ++t) columns.push_back(&column(t, loop_class, c));
  std::vector<std::vector<std::uint32_t>> rows(from.groups);
  for (std::uint32_t i = 0; i < from.choices.size(); ++i)
    if (model_.allows(loop_class, c, from.choices[i])) rows[from.group[i]].push_back(i);
  Table table;
  table.members.resize(from.groups);
  for (std::uint32_t g = 0; g < from.groups; ++g) {
    if (rows[g].empty()) continue;
    table.members[g] = make_list(rows[g], columns, from);
    table.groups.row.push_back(g);
  }
  List& groups = table.groups;
  groups.size = groups.row.size();
  groups.values.reserve(terms_ * groups.size);
  for (std::size_t t = 0; t < terms_; ++t)
    for (const std::uint32_t g : groups.row) groups.values.push_back(table.members[g].least[t]);
  for (std::size_t a = 0; a < axes_.size(); ++a)
    for (const std::uint32_t g : groups.row) groups.used.push_back(table.members[g].used_on(a)[0]);
  find_least(groups);
  return table;
}

/// Without the choices that another one matches or beats in every term.
List ChoiceTables::make_list(const std::vector<std::uint32_t>& rows,
                             const std::vector<const std::vector<double>*>& columns,
                             const ChoiceList& from) const {
  List list;
  const auto beats = [&](std::uint32_t a, std::uint32_t b) {
    for (const auto* column : columns)
      if ((*column)[a] > (*column)[b]) return false;
    return true;
  };
  for (const std::uint32_t i : rows) {
    if (std::any_of(list.row.begin(), list.row.end(),
                    [&](std::uint32_t other) { return beats(other, i); }))
      continue;
    std::erase_if(list.row, [&](std::uint32_t other) { return beats(i, other); });
    list.row.push_back(i);
  }
  list.size = list.row.size();
  list.values.reserve(terms_ * list.size);
  for (const auto* column : columns)
    for (const std::uint32_t i : list.row) list.values.push_back((*column)[i]);
  for (const MeshAxis& axis : axes_)
    for (const std::uint32_t i : list.row)
      list.used.push_back(from.choices[i].loops[0][axis.slot] *
                          from.choices[i].loops[1][axis.slot]);
  find_least(list);
  return list;
}

void ChoiceTables::find_least(List& list) const {
  list.least.assign(terms_, std::numeric_limits<double>::infinity());
  for (std::size_t t = 0; t < terms_; ++t)
    for (std::size_t i = 0; i < list.size; ++i)
      list.least[t] = std::min(list.least[t], list.of(t)[i]);
}

}  // namespace hwflow::chip
