#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Chooses, of offspring bred in excess, those worth measuring: their accuracies are predicted from
/// all plans measured so far, their costs are the true ones of the present level.
///
/// Offspring and population are sorted together as NSGA-II sorts, the population by what was
/// measured: offspring come first that are not dominated, and among these the lonelier ones.
class Surrogate {
 public:
  /// The ledger outlives it.
  explicit Surrogate(SearchLedger& ledger) : ledger_(ledger) {}

  /// What offspring are compared with: objectives of the present population.
  void set_population(std::vector<pareto::Objectives> population) {
    population_ = std::move(population);
  }

  /// As pareto::ChooseOffspring; none when the ledger is not alive.
  [[nodiscard]] std::optional<std::vector<std::size_t>> choose(
      std::span<const pareto::Genome> brood, std::size_t count);

  /// Rank correlation of what was predicted of `brood`, as chosen last, with its objectives; a
  /// brood may end early. None when that is not defined.
  [[nodiscard]] std::optional<double> compare(std::span<const pareto::Genome> brood,
                                              std::span<const pareto::Objectives> measured) const;

 private:
  SearchLedger& ledger_;
  std::vector<pareto::Objectives> population_;
  std::map<pareto::Genome, double> predicted_;  ///< harm of what was chosen last
};

}  // namespace hwflow::study
