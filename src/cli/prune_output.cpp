#include "cli/prune_output.hpp"

#include <fmt/format.h>

#include "cli/training_run.hpp"
#include "report/format.hpp"
#include "report/prune_page.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::kPrunedPlan;
using report::kWholePlan;

const study::PlanDetails& details(const PruneOutcome& outcome, std::size_t plan) {
  return outcome.result.plans[plan];
}

const study::HardwareCost& cost_of(const PruneOutcome& outcome, std::size_t plan) {
  return outcome.result.evaluated[details(outcome, plan).evaluated].hardware;
}

double top1(std::int64_t correct, std::int64_t total) {
  return train::AccuracyEstimate{correct, total}.top1();
}

Json groups_json(const PruneOutcome& outcome) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < outcome.groups.size(); ++i) {
    groups.push_back({{"group", outcome.groups[i]},
                      {"kept", outcome.plan().channels[i]},
                      {"whole", outcome.group_sizes[i]}});
  }
  return groups;
}

Json layers_json(const PruneOutcome& outcome) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < details(outcome, kPrunedPlan).layers.size(); ++i) {
    const study::LayerDetails& whole = details(outcome, kWholePlan).layers[i];
    const study::LayerDetails& left = details(outcome, kPrunedPlan).layers[i];
    layers.push_back({{"layer", left.name},
                      {"shape", left.shape},
                      {"channels", left.channels},
                      {"channels_whole", left.channels_whole},
                      {"macs", left.macs},
                      {"macs_whole", whole.macs},
                      {"energy_pj", left.energy_pj},
                      {"energy_pj_whole", whole.energy_pj},
                      {"cycles", left.cycles},
                      {"cycles_whole", whole.cycles}});
  }
  return layers;
}

Json totals_json(const PruneOutcome& outcome, std::size_t plan, std::int64_t correct) {
  const study::HardwareCost& cost = cost_of(outcome, plan);
  return {{"macs", details(outcome, plan).size.macs},
          {"parameters", details(outcome, plan).size.parameters},
          {"energy_pj", cost.energy_pj},
          {"cycles", cost.cycles},
          {"dram_bits", cost.dram_bits},
          {"correct", correct},
          {"top1", top1(correct, outcome.test_images)}};
}

std::vector<std::string> row(const std::string& name, const PruneOutcome& outcome, std::size_t plan,
                             std::int64_t correct) {
  const study::HardwareCost& cost = cost_of(outcome, plan);
  const study::NetworkSize& size = details(outcome, plan).size;
  const double clock = outcome.result.accelerator.clock_mhz;
  return {name,
          fmt::format("{:.2f} %", 100.0 * top1(correct, outcome.test_images)),
          report::number_text(static_cast<double>(size.macs) * 1e-6) + " M",
          report::number_text(static_cast<double>(size.parameters) * 1e-3) + " k",
          cost.energy_pj > 0.0 ? report::energy_text(cost.energy_pj) : "-",
          clock > 0.0 ? report::time_text(report::seconds_of(cost.cycles, clock))
                      : fmt::format("{} cycles", cost.cycles),
          report::bytes_text(static_cast<double>(cost.dram_bits))};
}

std::vector<std::string> ratio_row(const PruneOutcome& outcome) {
  const auto less = [](auto whole, auto left) {
    return report::times_less_text(static_cast<double>(whole), static_cast<double>(left));
  };
  const study::HardwareCost& whole = cost_of(outcome, kWholePlan);
  const study::HardwareCost& left = cost_of(outcome, kPrunedPlan);
  const study::NetworkSize& whole_size = details(outcome, kWholePlan).size;
  const study::NetworkSize& left_size = details(outcome, kPrunedPlan).size;
  return {"less by",
          "",
          less(whole_size.macs, left_size.macs),
          less(whole_size.parameters, left_size.parameters),
          less(whole.energy_pj, left.energy_pj),
          less(whole.cycles, left.cycles),
          less(whole.dram_bits, left.dram_bits)};
}

}  // namespace

const CompressionPlan& PruneOutcome::plan() const {
  return result.evaluated[result.plans[kPrunedPlan].evaluated].plan;
}

Json to_json(const PruneOutcome& outcome) {
  Json json{{"network", outcome.result.network.name},
            {"accelerator", outcome.result.accelerator.name},
            {"version", outcome.result.version},
            {"seed", outcome.result.seed},
            {"data", outcome.result.data},
            {"chosen_by", outcome.chosen_by},
            {"conditions", outcome.conditions},
            {"settings", outcome.settings},
            {"plan", to_text(outcome.plan())},
            {"test_images", outcome.test_images},
            {"whole", totals_json(outcome, kWholePlan, outcome.whole_correct)},
            {"pruned", totals_json(outcome, kPrunedPlan, outcome.correct())},
            {"untrained_correct", outcome.untrained_correct},
            {"groups", groups_json(outcome)},
            {"layers", layers_json(outcome)},
            {"files",
             {{"network", outcome.network_file.string()},
              {"weights", outcome.weights_file.string()},
              {"onnx", outcome.onnx_file.string()}}}};
  if (outcome.training) json["epochs"] = epochs_json(*outcome.training);
  return json;
}

std::string prune_table(const PruneOutcome& outcome) {
  std::vector<std::vector<std::string>> rows{
      {"network", "right", "MACs", "parameters", "energy", "latency", "DRAM"},
      row("whole", outcome, kWholePlan, outcome.whole_correct),
      row("pruned", outcome, kPrunedPlan, outcome.untrained_correct)};
  if (outcome.training)
    rows.push_back(row("pruned, trained", outcome, kPrunedPlan, outcome.training->correct));
  rows.push_back(ratio_row(outcome));
  return fmt::format(
      "{}\n{} on {}, channels by {}; {} test images; {}\nnetwork: {}\nweights: {}\n{}",
      report::aligned(rows), outcome.result.network.name, outcome.result.accelerator.name,
      outcome.chosen_by, outcome.test_images, outcome.conditions, outcome.network_file.string(),
      outcome.weights_file.string(),
      outcome.onnx_file.empty()
          ? std::string()
          : fmt::format("for other runtimes: {}\n", outcome.onnx_file.string()));
}

std::string prune_page(const PruneOutcome& outcome) {
  report::PruneReport report{.result = outcome.result,
                             .chosen_by = outcome.chosen_by,
                             .conditions = outcome.conditions,
                             .whole = {outcome.whole_correct, outcome.test_images},
                             .untrained = {outcome.untrained_correct, outcome.test_images},
                             .trained = std::nullopt,
                             .epochs = 0,
                             .files = {}};
  if (outcome.training) {
    report.trained = train::AccuracyEstimate{outcome.training->correct, outcome.test_images};
    report.epochs = outcome.epochs;
  }
  for (const auto& file : {outcome.network_file, outcome.weights_file, outcome.onnx_file})
    if (!file.empty()) report.files.push_back(file.filename().string());
  return report::prune_page(report);
}

}  // namespace hwflow::cli
