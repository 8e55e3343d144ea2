#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "pareto/breeder.hpp"
#include "study/study.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// The plans that a search may choose from, as genomes: for every layer that is not pinned a group
/// of two neighbouring genes, its weight width and its input width, each an index into the widths
/// of that layer.
class PlanSpace {
 public:
  /// `options` were checked against `network`: pinned layers exist. Every layer that is not pinned
  /// may take all widths of the options.
  PlanSpace(const SearchOptions& options, const Network& network);

  /// The part of this space that `front` points at: a layer keeps the widths that at least `share`
  /// of these plans give it (and at least one of them), and those up to `steps` places beside them
  /// in its list. Without plans all widths.
  [[nodiscard]] PlanSpace narrowed(std::span<const PrecisionPlan> front, int steps,
                                   double share) const;

  [[nodiscard]] const pareto::GenomeSpace& genomes() const noexcept { return genomes_; }
  [[nodiscard]] PrecisionPlan decode(const pareto::Genome& genome) const;
  /// The inverse; none when some layer may not take its widths here.
  [[nodiscard]] std::optional<pareto::Genome> encode(const PrecisionPlan& plan) const;
  /// The same widths in every layer that is not pinned, be they of this space or not.
  [[nodiscard]] PrecisionPlan uniform(const WidthPair& widths) const;
  /// All pairs of the widths of the options, widest first.
  [[nodiscard]] std::vector<WidthPair> width_pairs() const;

  /// Those of the options, ascending.
  [[nodiscard]] const std::vector<int>& weight_bits() const noexcept { return alphabet_.weights; }
  [[nodiscard]] const std::vector<int>& input_bits() const noexcept { return alphabet_.inputs; }
  /// Layer (index into the plan) of each pair of genes.
  [[nodiscard]] const std::vector<std::size_t>& free_layers() const noexcept {
    return free_layers_;
  }
  /// What every layer of a plan may take, pinned ones too.
  [[nodiscard]] std::vector<LayerWidths> layer_widths() const;

 private:
  void count_genes();

  LayerWidths alphabet_;
  std::vector<std::size_t> free_layers_;
  std::vector<LayerWidths> choices_;  // as free_layers_
  PrecisionPlan pinned_;              // widths of pinned layers; others are overwritten
  pareto::GenomeSpace genomes_;
};

/// Position of a pinned layer's name in PrecisionPlan::layers: "first", "last", or a node's name.
[[nodiscard]] std::optional<std::size_t> find_compute_layer(const Network& network,
                                                            std::string_view layer);

}  // namespace hwflow::study
