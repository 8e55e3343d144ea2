#include "cli/prune_output.hpp"

#include <fmt/format.h>

#include "cli/training_run.hpp"
#include "report/format.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

double top1(std::int64_t correct, std::int64_t total) {
  return total > 0 ? static_cast<double>(correct) / static_cast<double>(total) : 0.0;
}

/// Output channels of a layer of the network; 0: none of that name.
std::int64_t channels_of(const Network& network, const std::string& layer) {
  const std::optional<NodeId> id = network.find(layer);
  return id ? network.node(*id).shape.channels : 0;
}

Json groups_json(const PruneOutcome& outcome) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < outcome.groups.size(); ++i) {
    groups.push_back({{"group", outcome.groups[i]},
                      {"kept", outcome.plan.channels[i]},
                      {"whole", outcome.group_sizes[i]}});
  }
  return groups;
}

Json layers_json(const PruneOutcome& outcome) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < outcome.pruned.layers.size(); ++i) {
    const study::LayerDetails& whole = outcome.whole.layers[i];
    const study::LayerDetails& pruned = outcome.pruned.layers[i];
    layers.push_back({{"layer", pruned.name},
                      {"shape", pruned.shape},
                      {"channels", channels_of(outcome.pruned.network, pruned.name)},
                      {"channels_whole", channels_of(outcome.whole.network, pruned.name)},
                      {"macs", pruned.macs},
                      {"macs_whole", whole.macs},
                      {"energy_pj", pruned.energy_pj},
                      {"energy_pj_whole", whole.energy_pj},
                      {"cycles", pruned.cycles},
                      {"cycles_whole", whole.cycles}});
  }
  return layers;
}

Json totals_json(const PricedNetwork& priced, std::int64_t images) {
  return {{"macs", priced.network.macs()},       {"parameters", priced.network.parameters()},
          {"energy_pj", priced.cost.energy_pj},  {"cycles", priced.cost.cycles},
          {"dram_bits", priced.cost.dram_bits},  {"correct", priced.correct},
          {"top1", top1(priced.correct, images)}};
}

std::vector<std::string> row(const std::string& name, const PricedNetwork& priced,
                             const PruneOutcome& outcome, std::int64_t correct) {
  const auto seconds = report::seconds_of(priced.cost.cycles, outcome.clock_mhz);
  return {name,
          fmt::format("{:.2f} %", 100.0 * top1(correct, outcome.test_images)),
          report::number_text(static_cast<double>(priced.network.macs()) * 1e-6) + " M",
          report::number_text(static_cast<double>(priced.network.parameters()) * 1e-3) + " k",
          priced.cost.energy_pj > 0.0 ? report::energy_text(priced.cost.energy_pj) : "-",
          seconds > 0.0 ? report::time_text(seconds) : fmt::format("{}", priced.cost.cycles),
          report::bytes_text(static_cast<double>(priced.cost.dram_bits))};
}

std::string times_less(double whole, double pruned) {
  return pruned > 0.0 ? fmt::format("{:.2f}x", whole / pruned) : std::string("-");
}

std::vector<std::string> ratio_row(const PricedNetwork& whole, const PricedNetwork& pruned) {
  const auto ratio = [](std::int64_t a, std::int64_t b) {
    return times_less(static_cast<double>(a), static_cast<double>(b));
  };
  return {"less by",
          "",
          ratio(whole.network.macs(), pruned.network.macs()),
          ratio(whole.network.parameters(), pruned.network.parameters()),
          times_less(whole.cost.energy_pj, pruned.cost.energy_pj),
          ratio(whole.cost.cycles, pruned.cost.cycles),
          ratio(whole.cost.dram_bits, pruned.cost.dram_bits)};
}

}  // namespace

Json to_json(const PruneOutcome& outcome) {
  Json json{{"network", outcome.whole.network.name()},
            {"accelerator", outcome.accelerator},
            {"chosen_by", outcome.chosen_by},
            {"plan", to_text(outcome.plan)},
            {"test_images", outcome.test_images},
            {"whole", totals_json(outcome.whole, outcome.test_images)},
            {"pruned", totals_json(outcome.pruned, outcome.test_images)},
            {"correct_untrained", outcome.correct_untrained},
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
      row("whole", outcome.whole, outcome, outcome.whole.correct),
      row("pruned", outcome.pruned, outcome, outcome.correct_untrained)};
  if (outcome.training)
    rows.push_back(row("pruned, trained", outcome.pruned, outcome, outcome.pruned.correct));
  rows.push_back(ratio_row(outcome.whole, outcome.pruned));
  return fmt::format("{}\n{} on {}, channels by {}; {} test images\nnetwork: {}\nweights: {}\n{}",
                     report::aligned(rows), outcome.whole.network.name(), outcome.accelerator,
                     outcome.chosen_by, outcome.test_images, outcome.network_file.string(),
                     outcome.weights_file.string(),
                     outcome.onnx_file.empty()
                         ? std::string()
                         : fmt::format("for other runtimes: {}\n", outcome.onnx_file.string()));
}

}  // namespace hwflow::cli
