#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/row_cover.hpp"

namespace hwflow::chip {

/// The rows of the class at hand that make mappings which no class done before covers
/// (docs/mapper.md, "Covered mappings").
class CoveredRows {
 public:
  using Tables = std::vector<Table*>;  ///< per compound

  /// False when no mapping of the class is new.
  [[nodiscard]] bool find_new(const Tables& tables);
  /// Infinite for rows that are not new; as LogRows has it. Empty before the first class.
  [[nodiscard]] std::span<const double> handicap(std::size_t compound) const {
    return handicap_.empty() ? std::span<const double>{} : handicap_[compound];
  }
  [[nodiscard]] bool is_new(std::size_t compound, std::size_t row) const {
    return handicap_.empty() || handicap_[compound][row] == 0.0;
  }
  /// Are there rows that are not new?
  [[nodiscard]] bool hides_rows() const { return hides_rows_; }

  /// The class at hand is done: its bound says that nothing in it is better.
  void add_ruled_out(const Tables& tables) { done_.push_back(done_class(tables)); }
  /// It is to be exhausted: `kept` are the rows that its bound leaves, `lists` those of them that
  /// no other beats. Takes rows out of the lists that classes of which only some choices are done
  /// cover; false when one is left empty, and nothing is to be searched.
  [[nodiscard]] bool add_searched(const Tables& tables,
                                  const std::vector<std::vector<std::uint32_t>>& kept,
                                  std::vector<List>& lists);

 private:
  [[nodiscard]] static DoneClass done_class(const Tables& tables);
  template <class IsAsked, class Covers>
  bool leave_new(const Tables& tables, const IsAsked& is_asked, const Covers& covers);
  bool narrow(const Tables& tables, std::vector<List>& lists);

  std::deque<DoneClass> done_;
  RowCover cover_;
  std::vector<std::vector<double>> handicap_;  ///< per compound and row
  bool hides_rows_ = false;

  // Work space.
  std::vector<std::vector<std::uint32_t>> choices_;  // per compound
  std::set<std::pair<const Table*, bool>> seen_;
};

}  // namespace hwflow::chip
