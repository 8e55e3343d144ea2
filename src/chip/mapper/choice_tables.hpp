#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
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

/// Rows of a table: the values of every term for some choices of one compound.
struct List {
  std::size_t size = 0;
  std::vector<double> values;      ///< term by term
  std::vector<std::int32_t> used;  ///< mesh axis by mesh axis
  std::vector<std::uint32_t> row;  ///< what each stands for: a choice, or a group of them
  std::vector<double> least;       ///< per term
  [[nodiscard]] const double* of(std::size_t term) const { return values.data() + term * size; }
  [[nodiscard]] const std::int32_t* used_on(std::size_t axis) const {
    return used.data() + axis * size;
  }
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
  void find_least(List& list) const;

 private:
  [[nodiscard]] ChoiceList choices_of(const Compound& compound) const;
  [[nodiscard]] bool is_outer(std::size_t slot) const;
  const std::vector<double>& column(std::size_t term, const LoopClass& loop_class,
                                    std::size_t compound);
  [[nodiscard]] Table make_table(const LoopClass& loop_class, std::size_t compound);
  [[nodiscard]] List make_list(const std::vector<std::uint32_t>& rows,
                               const std::vector<const std::vector<double>*>& columns,
                               const ChoiceList& from) const;

  const TermModel& model_;
  const MapSpace& space_;
  std::size_t terms_;
  std::vector<MeshAxis> axes_;
  std::vector<ChoiceList> choices_;
  std::vector<std::unordered_map<std::string, std::vector<double>>> columns_;
  std::vector<std::unordered_map<std::string, Table>> tables_;
};

}  // namespace hwflow::chip
