#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "chip/mapper/choice_tables.hpp"

namespace hwflow::chip {

/// Which mappings of a class another class makes needless. A mapping belongs to many classes: where
/// its loops do not turn, their order is all the same. When one class allows the choices of a
/// mapping of another and counts no more in any term, whoever has exhausted the one need not look
/// at that mapping in the other.
class RowCover {
 public:
  /// Of tables of one compound: does `a` allow every choice that `b` allows, and count no more in
  /// any term?
  [[nodiscard]] bool covers(const Table& a, const Table& b) {
    if (&a == &b) return true;
    std::int8_t& known = answer(covers_, a.number, b.number);
    if (known < 0) known = find_covers(a, b) ? 1 : 0;
    return known == 1;
  }
  /// Takes out of `rows`, which are of `b`, those of which that is true.
  static void take_covered(const Table& a, const Table& b, std::vector<std::uint32_t>& rows);

 private:
  /// Answers by two numbers, the second first; -1: not known.
  using Answers = std::vector<std::vector<std::int8_t>>;
  static std::int8_t& answer(Answers& answers, std::uint32_t a, std::uint32_t b) {
    if (answers.size() <= b) answers.resize(b + 1);
    if (answers[b].size() <= a) answers[b].resize(a + 1, -1);
    return answers[b][a];
  }
  bool find_covers(const Table& a, const Table& b);
  static bool is_no_more(const Table::Column& a, const Table::Column& b,
                         const std::vector<bool>* where, Answers& known);

  std::size_t decisive_ = 0;                                          ///< term
  Answers covers_;                                                    ///< of tables
  std::unordered_map<const std::vector<bool>*, Answers> is_no_more_;  ///< of columns, by where
};

}  // namespace hwflow::chip
