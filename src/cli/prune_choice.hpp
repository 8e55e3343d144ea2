#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "study/channel_options.hpp"
#include "study/hardware_model.hpp"
#include "train/prune/pruned_networks.hpp"

namespace hwflow::cli {

/// How many channels stay, as the command line says it: one of share, within and channels.
struct PruneChoice {
  std::optional<double> share;
  std::vector<std::string> within;  ///< "energy=0.5"
  std::string channels;             ///< "12 16 ...", of every group
  std::string rule = "magnitude";   ///< or uniform: of share and within
  study::ChannelOptions limits;     ///< multiple, keep, keep_shared
};

void add_choice_options(CLI::App& command, PruneChoice& choice);
/// Criterion, refit and the images for them.
void add_pruning_options(CLI::App& command, train::PruningOptions& options);

/// What is wrong before the network is known, and what is wrong for this one.
[[nodiscard]] Diagnostics check(const PruneChoice& choice);
[[nodiscard]] Diagnostics check(const PruneChoice& choice, const Network& network);

struct ChosenPlan {
  CompressionPlan plan;
  std::string how;  ///< "magnitude, a share of 0.671875"
};
/// `choice` passed check(). `widths` are those of every layer.
/// Errors  budgets that cannot be met, layers without a mapping.
[[nodiscard]] Expected<ChosenPlan> choose_plan(const PruneChoice& choice, const Network& network,
                                               const train::UnitScores& scores,
                                               const study::WidthPair& widths,
                                               study::HardwareModel& hardware, int threads,
                                               const std::stop_token& stop);

}  // namespace hwflow::cli
