#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chip/mapper/map_space.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// All ways to cut the dimensions of one compound, in groups that differ only in the loops above
/// the array.
struct ChoiceList {
  std::vector<FactorChoice> choices;
  std::vector<std::uint32_t> group;  ///< per choice
  std::uint32_t groups = 0;
};

/// Rows of a table: the values of every term for some choices of one compound. Terms that have the
/// same value in every row share a column.
struct List {
  std::size_t size = 0;
  std::size_t columns = 0;
  std::span<const std::uint16_t> column_of;  ///< per term
  std::vector<double> values;                ///< column by column
  std::vector<std::int32_t> used;            ///< mesh axis by mesh axis
  std::vector<std::uint32_t> row;            ///< what each stands for: a choice, or a group of them
  std::vector<double> least;                 ///< per term
  [[nodiscard]] const double* column(std::size_t c) const { return values.data() + c * size; }
  [[nodiscard]] const double* of(std::size_t term) const { return column(column_of[term]); }
  [[nodiscard]] const std::int32_t* used_on(std::size_t axis) const {
    return used.data() + axis * size;
  }
  void find_least();
  /// Keeps these rows, ascending, of `from`, which may be this list.
  void keep(const List& from, const std::vector<std::uint32_t>& rows, std::size_t axes);
};

/// The choices of one compound that a class allows.
struct Table {
  List groups;                ///< the least value of each term in each group
  std::vector<List> members;  ///< by group number; empty: none
};

/// Mesh axes of more than one unit.
struct MeshAxis {
  std::size_t slot = 0;
  std::int64_t size = 1;
};

/// The tables of every compound under every class, each made once. Pruned within groups: a choice
/// that another one of its group matches or beats in every term is left out.
class ChoiceTables {
 public:
  ChoiceTables(const TermModel& model, const MapSpace& space);

  [[nodiscard]] const std::vector<MeshAxis>& axes() const { return axes_; }
  [[nodiscard]] const ChoiceList& choices(std::size_t compound) const { return choices_[compound]; }
  /// Stays where it is for the life of this object.
  [[nodiscard]] const Table& table(const LoopClass& loop_class, std::size_t compound);
  /// The same list with one column for terms of equal values; `list` has one for every term.
  [[nodiscard]] List with_shared_columns(const List& list);

 private:
  using Columns = std::vector<const double*>;
  [[nodiscard]] ChoiceList choices_of(const Compound& compound) const;
  [[nodiscard]] bool is_outer(std::size_t slot) const;
  const std::vector<double>& column(std::size_t term, const LoopClass& loop_class,
                                    std::size_t compound);
  [[nodiscard]] Table make_table(const LoopClass& loop_class, std::size_t compound);
  [[nodiscard]] List make_list(const std::vector<std::uint32_t>& rows, const Columns& columns,
                               std::span<const std::uint16_t> column_of,
                               const ChoiceList& from) const;
  /// The different ones among the columns of all terms, on these rows, and who has which.
  [[nodiscard]] std::pair<Columns, std::span<const std::uint16_t>> shared(
      const Columns& columns, const std::vector<std::uint32_t>& rows);

  const TermModel& model_;
  const MapSpace& space_;
  std::size_t terms_;
  std::vector<MeshAxis> axes_;
  std::vector<ChoiceList> choices_;
  std::vector<std::unordered_map<std::string, std::vector<double>>> columns_;
  std::vector<std::unordered_map<std::string, Table>> tables_;
  std::deque<std::vector<std::uint16_t>> column_maps_;  // what the lists point to
};

}  // namespace hwflow::chip
