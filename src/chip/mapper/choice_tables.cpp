#include "chip/mapper/choice_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Finite for zero as well: a row that is left out has an infinite score whatever it holds.
double log_of(double value) { return value > 0.0 ? std::log(value) : -1000.0; }

}  // namespace

ChoiceTables::ChoiceTables(const TermModel& model, const MapSpace& space)
    : model_(model), space_(space), terms_(model.term_count()) {
  for (std::size_t slot = 0; slot < space.slot_count(); ++slot)
    if (kind_of(slot) != SlotKind::temporal && space.mesh(slot) > 1)
      axes_.push_back({slot, space.mesh(slot)});
  for (const Compound& compound : model.compounds()) add_choices(compound);
}

void ChoiceTables::add_choices(const Compound& compound) {
  Choices& all = compounds_.emplace_back();
  all.used.resize(axes_.size());
  all.log_used.resize(axes_.size());
  const std::vector<DimLoops> one{kNoLoops};
  const auto first = space_.chains(compound[0]);
  const auto second = compound.size() > 1 ? space_.chains(compound[1]) : one;
  const auto fits = [&](const DimLoops& a, const DimLoops& b) {
    return std::all_of(axes_.begin(), axes_.end(), [&](const MeshAxis& axis) {
      return std::int64_t{a[axis.slot]} * b[axis.slot] <= axis.size;
    });
  };
  for (const DimLoops& a : first)
    for (const DimLoops& b : second) {
      if (!fits(a, b)) continue;
      all.choices.push_back({{a, b}});
      for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
        const std::int32_t used = a[axes_[axis].slot] * b[axes_[axis].slot];
        all.used[axis].push_back(used);
        all.log_used[axis].push_back(std::log(static_cast<double>(used)));
      }
    }
  for (const auto& axis : all.log_used) all.log_used_of.push_back(axis.data());
}

const ChoiceTables::Column* ChoiceTables::column(std::size_t term, const LoopClass& loop_class,
                                                 std::size_t c) {
  Choices& all = compounds_[c];
  std::string key = model_.column_key(term, loop_class, c);
  key += static_cast<char>(term);
  const auto [entry, is_new] = all.by_key.try_emplace(std::move(key));
  if (!is_new) return entry->second;
  auto made = std::make_unique<Column>();
  made->values = model_.column(term, loop_class, c, all.choices);
  const std::string_view content(reinterpret_cast<const char*>(made->values.data()),
                                 made->values.size() * sizeof(double));
  const auto [same, is_other] = all.by_content.try_emplace(content);
  if (is_other) {
    made->logs.reserve(made->values.size());
    for (const double value : made->values) made->logs.push_back(log_of(value));
    made->least = *std::min_element(made->values.begin(), made->values.end());
    same->second = std::move(made);
  }
  return entry->second = same->second.get();
}

const Table& ChoiceTables::table(const LoopClass& loop_class, std::size_t c) {
  const auto [entry, is_new] = compounds_[c].tables.try_emplace(model_.profile(loop_class, c));
  if (is_new) entry->second = make_table(loop_class, c);
  return *entry->second;
}

std::unique_ptr<Table> ChoiceTables::make_table(const LoopClass& loop_class, std::size_t c) {
  Choices& all = compounds_[c];
  auto table = std::make_unique<Table>();
  std::string key;
  for (const Dim dim : model_.compounds()[c])
    for (const DimSet absent : loop_class.absent) key += (absent & set_of(dim)) != 0 ? '-' : '+';
  const std::vector<double>* forbidden = nullptr;
  if (key.find('-') != std::string::npos) {
    const auto [entry, is_new] = all.forbidden.try_emplace(std::move(key));
    if (is_new)
      for (const FactorChoice& choice : all.choices)
        entry->second.push_back(model_.allows(loop_class, c, choice) ? 0.0 : kInfinity);
    forbidden = &entry->second;
  }
  for (std::size_t t = 0; t < terms_; ++t) {
    const Column* mine = column(t, loop_class, c);
    const auto same = std::find(table->values.begin(), table->values.end(), mine->values.data());
    table->column_of.push_back(static_cast<std::uint16_t>(same - table->values.begin()));
    double least = mine->least;
    if (least == 0.0 && forbidden != nullptr) {
      least = kInfinity;
      for (std::size_t i = 0; i < all.choices.size(); ++i)
        least = std::min(least, mine->values[i] + (*forbidden)[i]);
    }
    table->least.push_back(least);
    if (same != table->values.end()) continue;
    table->values.push_back(mine->values.data());
    table->logs.push_back(mine->logs.data());
  }
  table->rows = {all.choices.size(), table->logs,  table->column_of,
                 all.log_used_of,    table->least, forbidden ? forbidden->data() : nullptr};
  return table;
}

List ChoiceTables::best_of(const Table& table, std::size_t c,
                           const std::vector<std::uint32_t>& rows) const {
  const Choices& all = compounds_[c];
  const std::size_t width = table.values.size() + axes_.size();
  // Row by row, cheapest first: what is beaten is beaten by an earlier one.
  std::vector<double> cells(rows.size() * width), sum(rows.size(), 0.0);
  for (std::size_t k = 0; k < table.values.size(); ++k)
    for (std::size_t i = 0; i < rows.size(); ++i) {
      cells[i * width + k] = table.values[k][rows[i]];
      sum[i] += table.logs[k][rows[i]];
    }
  for (std::size_t a = 0; a < axes_.size(); ++a)
    for (std::size_t i = 0; i < rows.size(); ++i) {
      cells[i * width + table.values.size() + a] = all.used[a][rows[i]];
      sum[i] += all.log_used[a][rows[i]];
    }
  std::vector<std::uint32_t> order(rows.size()), kept;
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return sum[a] < sum[b]; });
  for (const std::uint32_t i : order) {
    const double* mine = cells.data() + i * width;
    const bool beaten = std::any_of(kept.begin(), kept.end(), [&](std::uint32_t other) {
      const double* theirs = cells.data() + other * width;
      for (std::size_t k = 0; k < width; ++k)
        if (theirs[k] > mine[k]) return false;
      return true;
    });
    if (!beaten) kept.push_back(i);
  }
  std::sort(kept.begin(), kept.end());
  List list;
  list.size = kept.size();
  list.column_of = table.column_of;
  for (const std::uint32_t i : kept) list.row.push_back(rows[i]);
  for (const double* column : table.values)
    for (const std::uint32_t i : list.row) list.values.push_back(column[i]);
  for (const double* column : table.logs)
    for (const std::uint32_t i : list.row) list.logs.push_back(column[i]);
  for (const auto& axis : all.used)
    for (const std::uint32_t i : list.row) list.used.push_back(axis[i]);
  for (const auto& axis : all.log_used)
    for (const std::uint32_t i : list.row) list.log_used.push_back(axis[i]);
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
