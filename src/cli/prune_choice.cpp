#include "cli/prune_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/command.hpp"
#include "study/channel_budget.hpp"
#include "study/plan_space.hpp"
#include "workload/shrink.hpp"

namespace hwflow::cli {
namespace {

using study::Objective;

constexpr int kSteps = 64;  // shares of the channels that budgets choose from
constexpr std::array kCosts{Objective::energy, Objective::latency, Objective::dram, Objective::macs,
                            Objective::model_size};

/// "energy=0.5". Errors  what is no cost, or no share.
Expected<study::CostShare> budget_of(const std::string& text) {
  const std::size_t at = text.find('=');
  const std::string cost = text.substr(0, at);
  const auto of = std::ranges::find(kCosts, cost, [](Objective each) { return name(each); });
  double share = 0.0;
  const bool is_share =
      at != std::string::npos && CLI::detail::lexical_cast(text.substr(at + 1), share);
  if (of != kCosts.end() && is_share && share > 0.0 && share <= 1.0)
    return study::CostShare{*of, share};
  std::string known;
  for (const Objective each : kCosts)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name(each));
  return Unexpected{
      Diagnostics{{"--within " + text, "is no COST=SHARE with a share above 0, at most 1",
                   fmt::format("energy=0.5; costs: {}", known)}}};
}

std::string plain(std::string text) {
  std::ranges::replace(text, ',', ' ');
  return text;
}

/// The counts of --channels, behind the widths that a plan has, too.
Expected<CompressionPlan> plan_of_counts(const std::string& channels,
                                         const CompressionPlan& whole) {
  const std::size_t bar = channels.find('|');
  const std::string counts = bar == std::string::npos ? channels : channels.substr(bar + 1);
  const std::string listed = plain(counts);
  if (listed.find_first_not_of("0123456789 \t\n") != std::string::npos ||
      listed.find_first_of("0123456789") == std::string::npos) {
    return Unexpected{Diagnostics{{"", fmt::format("'{}' is no list of counts", counts),
                                   "how many channels of every group stay: \"12 16 ...\""}}};
  }
  return compression_plan_from_text(to_text(whole) + " | " + listed);
}

CompressionPlan whole_plan(const Network& network, const study::WidthPair& widths) {
  return CompressionPlan::uniform(network.compute_nodes().size(), widths.weights, widths.inputs);
}

/// Counts of all steps, whatever the multiple.
study::ChannelOptions with_steps(study::ChannelOptions limits) {
  limits.shares.clear();
  for (int step = 1; step <= kSteps; ++step)
    limits.shares.push_back(static_cast<double>(step) / kSteps);
  return limits;
}

study::PlanSpace space_of(const PruneChoice& choice, const Network& network,
                          const study::WidthPair& widths) {
  study::SearchOptions options;
  options.weight_bits = {widths.weights};
  options.input_bits = {widths.inputs};
  options.channels = with_steps(choice.limits);
  return {options, network};
}

}  // namespace

void add_choice_options(CLI::App& command, PruneChoice& choice) {
  command
      .add_option("--share", choice.share,
                  "Keep this share of the channels, of every group or of all by score (--rule)")
      ->check(is_number(0.01, 1.0));
  command.add_option("--within", choice.within,
                     "Keep as many as cost this share of the whole network: energy=0.5, latency, "
                     "dram, macs or model_size; again for several");
  command.add_option("--channels", choice.channels,
                     "Keep so many of every group: \"12 16 ...\", or a plan of 'hwflow codesign'");
  command
      .add_option("--rule", choice.rule,
                  "uniform: the same share of every group; magnitude: by score, whatever the group")
      ->check(CLI::IsMember(std::array{"uniform", "magnitude"}))
      ->capture_default_str();
  command
      .add_option("--multiple", choice.limits.multiple,
                  "Round counts up to a multiple of this, where a group has as many")
      ->capture_default_str()
      ->check(is_integer(1, 4096));
  command.add_option("--keep", choice.limits.keep,
                     "Layers whose channels all stay, and those that share them");
  command.add_flag("--keep-shared", choice.limits.keep_shared,
                   "Channels that several layers make together all stay: residual streams");
}

void add_pruning_options(CLI::App& command, train::PruningOptions& options) {
  add_name_option(command, "--criterion", options.criterion, "Which channels go first");
  command.add_flag("--refit,!--no-refit", options.refit,
                   "Weights by which layers sum up what they did, by least squares (default)");
  command.add_option("--images", options.images, "Training images for taylor and for the refit")
      ->capture_default_str()
      ->check(is_integer(1, 1'000'000));
}

Diagnostics check(const PruneChoice& choice) {
  const int given = static_cast<int>(choice.share.has_value()) +
                    static_cast<int>(!choice.within.empty()) +
                    static_cast<int>(!choice.channels.empty());
  Diagnostics problems;
  if (given != 1) {
    problems.push_back(
        {"--share, --within, --channels",
         given == 0 ? "say how many channels stay, and none is given" : "exclude each other",
         "give one of them: --within energy=0.5"});
  }
  const study::ChannelOptions& limits = choice.limits;
  if (!choice.channels.empty() &&
      (limits.multiple > 1 || limits.keep_shared || !limits.keep.empty())) {
    problems.push_back({"--channels",
                        "says every count itself; --multiple, --keep and "
                        "--keep-shared are for --share and --within",
                        "leave those out"});
  }
  for (const std::string& text : choice.within) {
    const auto budget = budget_of(text);
    if (!budget) problems.insert(problems.end(), budget.error().begin(), budget.error().end());
  }
  return problems;
}

Diagnostics check(const PruneChoice& choice, const Network& network) {
  if (!choice.channels.empty()) {
    const Expected<CompressionPlan> plan =
        plan_of_counts(choice.channels, whole_plan(network, {8, 8}));
    Diagnostics problems = plan ? check_channels(ChannelGroups(network), *plan) : plan.error();
    for (Diagnostic& problem : problems)
      problem.place = problem.place.empty() ? "--channels" : "--channels, " + problem.place;
    return problems;
  }
  Diagnostics problems = study::check(with_steps(choice.limits), network);
  for (Diagnostic& problem : problems)
    problem.place = problem.place.empty() ? network.name() : "--keep";
  return problems;
}

Expected<ChosenPlan> choose_plan(const PruneChoice& choice, const Network& network,
                                 const train::UnitScores& scores, const study::WidthPair& widths,
                                 study::HardwareModel& hardware, int threads,
                                 const std::stop_token& stop) {
  const CompressionPlan whole = whole_plan(network, widths);
  if (!choice.channels.empty())
    return ChosenPlan{plan_of_counts(choice.channels, whole).value(), "--channels"};
  const study::PlanSpace space = space_of(choice, network, widths);
  const auto plan_of = [&](double share) {
    CompressionPlan plan = space.with_channels(
        whole, choice.rule == "uniform" ? study::channels_of_share(share, space.group_sizes())
                                        : train::counts_by_global_score(scores, share, 0.0));
    if (plan.channels.empty()) plan.channels = space.group_sizes();  // all stay
    return plan;
  };
  const auto told = [&](double share) {
    const bool limited =
        choice.limits.multiple > 1 || choice.limits.keep_shared || !choice.limits.keep.empty();
    return fmt::format("{}, a share of {:g}{}", choice.rule, share,
                       limited ? ", then up to multiples and layers that keep all" : "");
  };
  if (choice.share) return ChosenPlan{plan_of(*choice.share), told(*choice.share)};
  std::vector<study::CostShare> budgets;
  for (const std::string& text : choice.within) budgets.push_back(budget_of(text).value());
  const study::ChannelSteps steps{
      kSteps, [&](int step) { return plan_of(static_cast<double>(step) / kSteps); }};
  const Expected<int> step = study::last_step_within(hardware, steps, budgets, threads, stop);
  if (!step) {
    Diagnostics problems = step.error();
    for (Diagnostic& problem : problems)
      if (problem.place.find('=') != std::string::npos) problem.place = "--within " + problem.place;
    return Unexpected{std::move(problems)};
  }
  const int found = std::max(1, *step);
  return ChosenPlan{steps.plan(found), told(static_cast<double>(found) / kSteps)};
}

}  // namespace hwflow::cli
