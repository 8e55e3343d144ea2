#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "chip/mapper/product_search.hpp"

namespace hwflow::chip {

/// Two or three values that are minimised; the first is an energy or a count, the others counts.
using ParetoValues = std::vector<double>;

/// Is `a` at least as good in all? First values nearer than kEqualEnergy are equal.
[[nodiscard]] bool covers(const ParetoValues& a, const ParetoValues& b);
/// ... and better in one?
[[nodiscard]] bool dominates(const ParetoValues& a, const ParetoValues& b);

/// Indices of the values that no others dominate, by the first value and then the others; of equal
/// ones the first.
[[nodiscard]] std::vector<std::size_t> nondominated(const std::vector<ParetoValues>& values);

/// Where points may be that no known point covers: less than `below` in all values. Nothing in it
/// has less than `at_least`.
struct ParetoBox {
  ParetoValues below, at_least;
  /// Of the search of a box that contains this one; per order of the siblings.
  std::shared_ptr<const std::vector<ClassBounds>> known{};
  /// Cannot hold anything.
  [[nodiscard]] bool is_empty() const;
};

/// The region that no known point covers, as boxes (Klamroth, Lacour & Vanderpooten, "On the
/// representation of the search region in multi-objective optimization", EJOR 245, 2015).
class ParetoBoxes {
 public:
  /// Everything. No point has less than `at_least`.
  explicit ParetoBoxes(ParetoValues at_least);

  [[nodiscard]] const std::vector<ParetoBox>& boxes() const { return boxes_; }
  /// The box that is largest by the logarithms of its sides; none when all are done. Taken out.
  [[nodiscard]] std::optional<ParetoBox> take_largest();
  void put_back(ParetoBox box);
  /// Cuts what is no less than `corner` in all values out of all boxes.
  void cut(const ParetoValues& corner);

 private:
  std::vector<ParetoBox> boxes_;
};

/// The least g such that every point in a box is, in all values, at least a known point divided by
/// 1 + g: the multiplicative epsilon indicator less one (Zitzler et al., IEEE TEC 7(2),
/// 2003), bounded from above. Infinite without points, and where nothing is known of a box.
[[nodiscard]] double largest_gap(const std::vector<ParetoBox>& boxes,
                                 const std::vector<ParetoValues>& points);

}  // namespace hwflow::chip
