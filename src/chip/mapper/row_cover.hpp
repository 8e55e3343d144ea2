#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "chip/mapper/choice_tables.hpp"

namespace hwflow::chip {

/// A class that is done, and for which choices that is so. Of every mapping made of such choices it
/// is known that either nothing better than the best costs as little as its sums say, or that all
/// orders of its loops were looked at.
struct DoneClass {
  std::vector<const Table*> tables;  ///< per compound
  /// Do its sums say what its mappings cost? Then so it is for what others stood in for, too. Else
  /// such a mapping may cost less in an order that the others were not tried in.
  bool is_exact = false;
  /// Per compound, for all choices; empty: all that its table has.
  std::vector<std::vector<bool>> choices;
};

/// Which mappings of a class other classes make needless. A mapping belongs to many classes: where
/// its loops do not turn, their order is all the same. When a class that is done has the choices of
/// a mapping of another and counts no more in any term, nobody need look at that mapping again.
class RowCover {
 public:
  /// Does `a` cover, in one compound, every row of the table `b`? For classes without choices of
  /// their own; remembered.
  [[nodiscard]] bool covers(const DoneClass& a, std::size_t compound, const Table& b) {
    const Table& table = *a.tables[compound];
    if (&table == &b) return true;
    std::int8_t& known = answer(covers_[a.is_exact ? 1 : 0], table.number, b.number);
    if (known < 0) known = find_covers(a, compound, b) ? 1 : 0;
    return known == 1;
  }
  /// Does it cover these choices of the table `b`?
  [[nodiscard]] static bool covers(const DoneClass& a, std::size_t compound, const Table& b,
                                   const std::vector<std::uint32_t>& choices);
  /// Leaves the choices of the table `b` that it does not cover.
  static void take_covered(const DoneClass& a, std::size_t compound, const Table& b,
                           std::vector<std::uint32_t>& choices);

 private:
  /// Answers by two numbers, the second first; -1: not known.
  using Answers = std::vector<std::vector<std::int8_t>>;
  static std::int8_t& answer(Answers& answers, std::uint32_t a, std::uint32_t b) {
    if (answers.size() <= b) answers.resize(b + 1);
    if (answers[b].size() <= a) answers[b].resize(a + 1, -1);
    return answers[b][a];
  }
  bool find_covers(const DoneClass& done, std::size_t compound, const Table& b);
  static bool is_no_more(const Table::Column& a, const Table::Column& b,
                         const std::vector<bool>* where, Answers& known);

  std::size_t decisive_ = 0;  ///< term
  std::array<Answers, 2> covers_;
  std::unordered_map<const std::vector<bool>*, Answers> is_no_more_;  ///< of columns, by where
};

}  // namespace hwflow::chip
