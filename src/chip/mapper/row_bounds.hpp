#pragma once

#include <cstdint>
#include <vector>

#include "chip/mapper/caps.hpp"
#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// Lower bounds of the cost of every row of a list: the sums of a layer with the least value of
/// every term in all other lists.
class RowBounds {
 public:
  /// Keeps a reference to `sums`.
  RowBounds(const CostSums& sums, Objective objective, const Caps& caps = {});

  /// Do cycles matter, to the objective or a cap?
  [[nodiscard]] bool is_timed() const;

  /// What stands beside a list.
  struct Beside {
    std::vector<double> products;    ///< per term: of the decided rows and the least of open ones
    double decided_steps = 1.0;      ///< of the decided rows alone
    double open = 1.0;               ///< elements of the other open compounds
    std::vector<std::int64_t> mesh;  ///< what the decided rows leave of every axis
  };
  /// Infinite where a row cannot fit.
  void find(const List& list, const Beside& beside, std::vector<double>& bounds);
  /// The term of the steps of the whole array; any where time does not count.
  [[nodiscard]] std::uint32_t steps_term() const {
    return sums_.cycles.empty() ? 0 : sums_.cycles[0][0][0].term;
  }

 private:
  void weigh(const TermSum& terms, const std::vector<double>& products, const List& list,
             double fixed, std::vector<double>& sum);
  void weigh_cycles(const List& list, const Beside& beside);
  void weigh_energy(const List& list, const Beside& beside, std::vector<double>& energy);
  void apply_caps(const List& list, const Beside& beside, std::vector<double>& bounds);

  const CostSums& sums_;
  Objective objective_;
  Caps caps_;
  std::vector<double> cycles_, units_, sum_, longest_, weights_;
};

}  // namespace hwflow::chip
