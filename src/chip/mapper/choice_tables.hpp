#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "chip/mapper/choice_list.hpp"
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

/// The choices of one compound under a class, without those that another one with the same loops
/// down to the array matches or beats in every term.
struct Table {
  std::span<const std::uint32_t> choices;
  std::vector<const double*> logs;                  ///< per column
  std::vector<std::uint16_t> column_of;             ///< per term
  std::vector<double> least;                        ///< per term
  LogRows rows;                                     ///< of the above
  std::span<const std::vector<std::int32_t>> used;  ///< per axis
  std::vector<double> sum;  ///< of the logarithms of a row; empty: not needed yet
  /// How many of some values each column is above, as bits: of two rows the one that beats the
  /// other has no bit that the other lacks.
  std::array<std::vector<std::uint64_t>, 2> marks;
  /// Per row, as TermModel::Column: it beats only rows with the same loops above this level.
  std::vector<std::uint8_t> loose;
  const FactorChoices* all = nullptr;
  /// Of all choices, what their sums do not say and others lack who cost less for it (bits): meshes
  /// that add to outputs, tiles too ragged to be passed on. None: of no choice.
  const std::vector<std::uint32_t>* flaws = nullptr;
  /// Per choice, which of the different values among the choices with the same loops down to the
  /// array it has, least first.
  struct Shape {
    std::vector<std::uint16_t> ranks;
    bool is_flat = true;  ///< all are 0
  };
  /// A term's value for every choice of the compound, not only for those of the table.
  struct Column {
    std::uint32_t number = 0;  ///< equal values: equal numbers
    std::vector<double> values;
    const Shape* shape = nullptr;  ///< equal shapes: the same one
  };
  std::vector<const Column*> of_all;           ///< per column
  const std::vector<bool>* allowed = nullptr;  ///< of all choices; none: all are
  std::vector<bool> has;                       ///< of all choices: is it one of the table's?
  bool is_exact = true;                        ///< no row is loose
  std::uint32_t number = 0;                    ///< among all tables
};

/// The tables of every compound under every class; what they share is made once.
class ChoiceTables {
 public:
  /// `timed`: do cycles matter? `lists`: per compound.
  ChoiceTables(const TermModel& model, const std::vector<MeshAxis>& axes,
               std::vector<ChoiceList> lists, bool timed);

  [[nodiscard]] const std::vector<MeshAxis>& axes() const { return axes_; }
  [[nodiscard]] const FactorChoices& choices(std::size_t compound) const {
    return compounds_[compound].list.choices;
  }
  /// Of all tables so far, roughly.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Stays where it is for the life of this object.
  [[nodiscard]] Table& table(const LoopClass& loop_class, std::size_t compound) {
    return *table(loop_class, compound, [] { return false; });
  }
  /// None when `stopped`, asked now and then, says so.
  [[nodiscard]] Table* table(const LoopClass& loop_class, std::size_t compound,
                             const std::function<bool()>& stopped);
  /// The innermost level into which one of these rows may move fewer words than its terms say. What
  /// these words really are hangs on the loops of all compounds above the level. 0: none.
  [[nodiscard]] static LevelIndex loosest(const Table& table,
                                          const std::vector<std::uint32_t>& rows);
  /// Those of these rows of a table (ascending) that no other one with the same loops above a level
  /// (0: whatever its loops) matches or beats in every term and on every axis. The level is the
  /// loosest() of all compounds.
  [[nodiscard]] static List best_of(Table& table, const std::vector<std::uint32_t>& rows,
                                    LevelIndex same_above);

 private:
  using Columns = std::vector<const Table::Column*>;
  /// All that a table depends on: its columns term by term, the choices allowed, those that are
  /// loose.
  using Rows = std::tuple<Columns, const std::vector<bool>*, std::vector<std::uint8_t>>;
  /// What best_choices() depends on.
  using Shapes = std::tuple<std::vector<const Table::Shape*>, const std::vector<bool>*,
                            std::vector<std::uint8_t>>;
  struct TermColumn {
    const Table::Column* values = nullptr;
    std::vector<std::uint8_t> loose;  ///< as in TermModel::Column
  };
  struct RowColumn {
    std::vector<double> logs;
    double least = std::numeric_limits<double>::infinity();
  };
  /// Some choices with what is the same in every class; tables with the same choices share it.
  struct RowSet {
    std::vector<std::vector<std::int32_t>> used;  ///< per axis
    std::vector<std::vector<double>> log_used;
    std::vector<const double*> log_used_of;
    std::unordered_map<const Table::Column*, RowColumn> columns;
  };
  struct Choices {
    explicit Choices(ChoiceList all) : list(std::move(all)) {}
    ChoiceList list;
    std::vector<std::uint32_t> flaws;  ///< as in Table; may be empty
    std::unordered_map<std::string, TermColumn> by_key;
    std::unordered_map<std::string_view, std::unique_ptr<Table::Column>> by_content;
    std::unordered_map<std::string_view, std::unique_ptr<Table::Shape>> shapes;
    std::map<Shapes, std::vector<std::uint32_t>> best;           ///< best_choices()
    std::unordered_map<std::string, std::vector<bool>> allowed;  ///< by what a class leaves out
    std::map<std::vector<std::uint32_t>, RowSet> row_sets;
    std::unordered_map<std::string, Table*> tables;  ///< by TermModel::profile()
    std::map<Rows, std::unique_ptr<Table>> by_rows;
  };
  const TermColumn& column(std::size_t term, const LoopClass& loop_class, std::size_t compound);
  const std::vector<bool>* allowed(const LoopClass& loop_class, std::size_t compound);
  const Table::Shape* shape_of(const std::vector<double>& values, std::size_t compound);
  const std::vector<std::uint32_t>& best_choices(const Columns& columns,
                                                 const std::vector<bool>* allowed,
                                                 const std::vector<std::uint8_t>& loose,
                                                 std::size_t compound);
  [[nodiscard]] std::vector<std::uint32_t> best_by(const Shapes& shapes,
                                                   std::size_t compound) const;
  RowSet& row_set(const std::vector<std::uint32_t>& choices, std::size_t compound, Table& table);
  static void mark(Table& table);
  [[nodiscard]] std::unique_ptr<Table> make_table(const Rows& rows, std::size_t compound);

  const TermModel& model_;
  std::size_t terms_;
  bool timed_;
  LevelIndex inside_ = 1;  ///< the level below the array
  LevelIndex loosest_;     ///< that any class may be
  std::vector<MeshAxis> axes_;
  std::deque<Choices> compounds_;
  std::uint32_t columns_ = 0, tables_ = 0;  ///< how many there are
  std::size_t bytes_ = 0;
};

}  // namespace hwflow::chip
