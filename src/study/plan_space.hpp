#pragma once

#include <vector>

#include "chip/arch/accelerator.hpp"
#include "pareto/nsga2.hpp"
#include "study/study.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// The plans that a search may choose from, as genomes: for every layer that is not pinned two
/// neighbouring genes, its weight width and its input width, each an index into the allowed widths
/// (ascending). Crossover exchanges runs of genes, so a layer's pair and its neighbours stay
/// together.
class PlanSpace {
 public:
  /// `options` were checked against `network`: pinned layers exist.
  PlanSpace(const SearchOptions& options, const Network& network);

  [[nodiscard]] const pareto::GenomeSpace& genomes() const noexcept { return genomes_; }
  [[nodiscard]] PrecisionPlan decode(const pareto::Genome& genome) const;
  /// The inverse; widths must be allowed ones.
  [[nodiscard]] pareto::Genome encode(const PrecisionPlan& plan) const;
  /// The same widths in every layer that is not pinned.
  [[nodiscard]] pareto::Genome uniform(const WidthPair& widths) const;
  /// All pairs of allowed widths, widest first.
  [[nodiscard]] std::vector<WidthPair> width_pairs() const;

  [[nodiscard]] const std::vector<int>& weight_bits() const noexcept { return weight_bits_; }
  [[nodiscard]] const std::vector<int>& input_bits() const noexcept { return input_bits_; }
  /// Layer (index into the plan) of each pair of genes.
  [[nodiscard]] const std::vector<std::size_t>& free_layers() const noexcept {
    return free_layers_;
  }

 private:
  std::vector<int> weight_bits_, input_bits_;  // ascending, distinct
  std::vector<std::size_t> free_layers_;
  PrecisionPlan pinned_;  // widths of pinned layers; others are overwritten
  pareto::GenomeSpace genomes_;
};

/// Position of a pinned layer's name in PrecisionPlan::layers: "first", "last", or a node's name.
[[nodiscard]] std::optional<std::size_t> find_compute_layer(const Network& network,
                                                            std::string_view layer);

}  // namespace hwflow::study
