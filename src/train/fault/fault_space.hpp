#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// Which faults a campaign draws from.
struct SpaceOptions {
  std::vector<Site> sites{Site::weights};
  std::vector<Effect> effects{Effect::flip};
  std::vector<std::string> layers{};  ///< names of nodes; empty: all
  std::vector<int> bits{};            ///< positions, 0 the least significant; empty: all
  int adjacent_bits = 1;              ///< disturbed together, from the position upwards
};

/// Faults that differ only in the word that they disturb.
struct Stratum {
  Site site = Site::weights;
  Effect effect = Effect::flip;
  std::uint32_t node = 0, copy = 0;
  int bit = 0;             ///< the lowest one
  std::int64_t words = 0;  ///< population
};

/// All single faults: one word, its adjacent bits, one effect. Cut into strata.
class FaultSpace {
 public:
  /// Errors  every unknown layer and every option out of range; nothing left to disturb.
  [[nodiscard]] static Expected<FaultSpace> make(const integer::Plan& plan,
                                                 const SpaceOptions& options);

  [[nodiscard]] const std::vector<Stratum>& strata() const { return strata_; }
  [[nodiscard]] std::int64_t population() const { return population_; }
  /// Faults of the strata before stratum `stratum`.
  [[nodiscard]] std::int64_t before(std::size_t stratum) const { return before_.at(stratum); }
  /// The stratum of fault `number` of all, strata one after the other.
  [[nodiscard]] std::size_t stratum_of(std::int64_t number) const;
  /// Fault number `word` of a stratum.
  [[nodiscard]] Upset upset(std::size_t stratum, std::int64_t word) const;

 private:
  std::vector<Stratum> strata_;
  std::vector<std::int64_t> before_;
  int adjacent_bits_ = 1;
  std::int64_t population_ = 0;
};

}  // namespace hwflow::train::fault
