#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chip/mapper/dual_bound.hpp"
#include "chip/mapper/map_space.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// Some choices of one compound with the values of every term. Terms that have the same value in
/// every row share a column.
struct List {
  std::size_t size = 0;
  std::span<const std::uint16_t> column_of;  ///< per term
  std::vector<double> values, logs;          ///< column by column
  std::vector<std::int32_t> used;            ///< mesh axis by mesh axis
  std::vector<double> log_used;
  std::vector<std::uint32_t> row;  ///< which choice each is
  std::vector<double> least;       ///< per term
  [[nodiscard]] std::size_t columns() const { return size == 0 ? 0 : values.size() / size; }
  [[nodiscard]] const double* column(std::size_t c) const { return values.data() + c * size; }
  [[nodiscard]] const double* of(std::size_t term) const { return column(column_of[term]); }
  [[nodiscard]] const std::int32_t* used_on(std::size_t axis) const {
    return used.data() + axis * size;
  }
  void find_least();
  /// Keeps these rows, ascending, of `from`, which may be this list.
  void keep(const List& from, const std::vector<std::uint32_t>& rows);
};

/// Every choice of one compound under a class.
struct Table {
  std::vector<const double*> values, logs;  ///< per column
  std::vector<std::uint16_t> column_of;     ///< per term
  std::vector<double> least;                ///< per term, of the choices that the class allows
  LogRows rows;                             ///< of the above
};

/// Mesh axes of more than one unit.
struct MeshAxis {
  std::size_t slot = 0;
  std::int64_t size = 1;
};

/// The tables of every compound under every class; what they share is made once.
class ChoiceTables {
 public:
  ChoiceTables(const TermModel& model, const MapSpace& space);

  [[nodiscard]] const std::vector<MeshAxis>& axes() const { return axes_; }
  [[nodiscard]] const std::vector<FactorChoice>& choices(std::size_t compound) const {
    return compounds_[compound].choices;
  }
  /// Stays where it is for the life of this object.
  [[nodiscard]] const Table& table(const LoopClass& loop_class, std::size_t compound);
  /// Those of these rows of a table (ascending) that no other one matches or beats in every term
  /// and on every axis.
  [[nodiscard]] List best_of(const Table& table, std::size_t compound,
                             const std::vector<std::uint32_t>& rows) const;

 private:
  struct Column {
    std::vector<double> values, logs;
    double least = 0.0;
  };
  struct Choices {
    std::vector<FactorChoice> choices;
    std::vector<std::vector<std::int32_t>> used;  ///< per axis
    std::vector<std::vector<double>> log_used;
    std::vector<const double*> log_used_of;
    std::unordered_map<std::string, const Column*> by_key;
    std::unordered_map<std::string_view, std::unique_ptr<Column>> by_content;
    std::unordered_map<std::string, std::vector<double>> forbidden;  ///< by what a class leaves out
    std::unordered_map<std::string, std::unique_ptr<Table>> tables;
  };
  void add_choices(const Compound& compound);
  const Column* column(std::size_t term, const LoopClass& loop_class, std::size_t compound);
  [[nodiscard]] std::unique_ptr<Table> make_table(const LoopClass& loop_class,
                                                  std::size_t compound);

  const TermModel& model_;
  const MapSpace& space_;
  std::size_t terms_;
  std::vector<MeshAxis> axes_;
  std::deque<Choices> compounds_;
};

}  // namespace hwflow::chip
