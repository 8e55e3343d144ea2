#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "pareto/breeder.hpp"
#include "study/study.hpp"
#include "workload/channel_groups.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// The plans that a search may choose from, as genomes: for every layer that is not pinned a group
/// of two neighbouring genes, its weight width and its input width, each an index into the widths
/// of that layer; then, where channels are searched, for every group of channels that may lose some
/// a gene, an index into the counts of that group.
class PlanSpace {
 public:
  /// `options` were checked against `network`: pinned layers and those of channels.keep exist.
  /// Every layer that is not pinned may take all widths of the options.
  PlanSpace(const SearchOptions& options, const Network& network);

  /// The part of this space that `front` points at: a layer keeps the widths that at least `share`
  /// of these plans give it (and at least one of them), and those up to `steps` places beside them
  /// in its list; a group of channels its counts likewise. Without plans all of them.
  [[nodiscard]] PlanSpace narrowed(std::span<const CompressionPlan> front, int steps,
                                   double share) const;

  [[nodiscard]] const pareto::GenomeSpace& genomes() const noexcept { return genomes_; }
  [[nodiscard]] CompressionPlan decode(const pareto::Genome& genome) const;
  /// The inverse; none when some layer may not take its widths here.
  [[nodiscard]] std::optional<pareto::Genome> encode(const CompressionPlan& plan) const;
  /// The same widths in every layer that is not pinned, be they of this space or not; all channels
  /// stay.
  [[nodiscard]] CompressionPlan uniform(const WidthPair& widths) const;
  /// `plan` with, of every group that may lose some, the least allowed count that is not below what
  /// is wanted (by group, as CompressionPlan::channels), else all; other groups stay whole.
  [[nodiscard]] CompressionPlan with_channels(CompressionPlan plan,
                                              std::span<const std::int32_t> wanted) const;
  /// Channels of all groups; empty: channels are not searched.
  [[nodiscard]] const std::vector<std::int32_t>& group_sizes() const noexcept {
    return group_sizes_;
  }
  /// All pairs of the widths of the options, widest first.
  [[nodiscard]] std::vector<WidthPair> width_pairs() const;

  /// Those of the options, ascending.
  [[nodiscard]] const std::vector<int>& weight_bits() const noexcept { return alphabet_.weights; }
  [[nodiscard]] const std::vector<int>& input_bits() const noexcept { return alphabet_.inputs; }
  /// Layer (index into the plan) of each pair of genes.
  [[nodiscard]] const std::vector<std::size_t>& free_layers() const noexcept {
    return free_layers_;
  }
  /// Groups of channels that may lose some, in the order of their genes, which follow those of
  /// widths; none where channels are not searched.
  [[nodiscard]] std::vector<std::size_t> free_groups() const;
  /// Counts that each of these groups may take, ascending.
  [[nodiscard]] std::vector<std::vector<int>> channel_counts() const;
  /// The same before any narrowing.
  [[nodiscard]] std::vector<std::vector<int>> all_channel_counts() const;
  /// Of a plan the counts of these groups.
  [[nodiscard]] std::vector<int> free_counts(const CompressionPlan& plan) const;
  /// The sum over groups of the share of channels that a plan removes.
  [[nodiscard]] double removed_channels(const CompressionPlan& plan) const;
  /// What every layer of a plan may take, pinned ones too.
  [[nodiscard]] std::vector<LayerWidths> layer_widths() const;

 private:
  void count_genes();
  void choose_channels(const ChannelOptions& options, const Network& network);

  LayerWidths alphabet_;
  std::vector<std::size_t> free_layers_;
  std::vector<LayerWidths> choices_;  // as free_layers_
  CompressionPlan pinned_;            // widths of pinned layers; others are overwritten
  struct ChannelChoice {
    std::size_t group;
    std::vector<int> counts;  // ascending
    std::vector<int> all;     // counts before any narrowing
  };
  std::vector<std::int32_t> group_sizes_;   // of all groups; empty: channels are not searched
  std::vector<ChannelChoice> free_groups_;  // those that may lose some
  pareto::GenomeSpace genomes_;
};

/// The nearest count to a share of `size` channels, 1 at least.
[[nodiscard]] std::int64_t channels_of_share(double share, std::int64_t size);

/// Counts that a group of `size` channels may keep: each share, rounded up to the multiple.
[[nodiscard]] std::vector<int> counts_of(const ChannelOptions& options, std::int64_t size);

/// Of every group of these sizes.
[[nodiscard]] std::vector<std::int32_t> channels_of_share(double share,
                                                          std::span<const std::int32_t> sizes);

/// Layers to keep that there are not, and options that leave nothing to choose; places are keys of
/// the options, or empty.
[[nodiscard]] Diagnostics check(const ChannelOptions& options, const Network& network);

/// Whether the layers of options.keep, or keep_shared, leave a group whole.
[[nodiscard]] bool keeps_all(const ChannelOptions& options, const Network& network,
                             const ChannelGroup& group);

/// Position of a pinned layer's name in CompressionPlan::layers: "first", "last", or a node's name.
[[nodiscard]] std::optional<std::size_t> find_compute_layer(const Network& network,
                                                            std::string_view layer);

}  // namespace hwflow::study
