#include "cli/evaluate_command.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "chip/mapper/network_mapper.hpp"
#include "chip/mapping/mapping_file.hpp"
#include "cli/mapping_output.hpp"
#include "cli/network_layers.hpp"

namespace hwflow::cli {
namespace {

struct EvaluateArguments {
  NetworkInput input;
  std::string mapping;
  std::string objective = "edp";
};

int run_evaluate(const EvaluateArguments& arguments, const GlobalOptions& global) {
  const auto objective = chip::objective_from_name(arguments.objective);
  if (!objective) return report_wrong_input(objective.error());
  const auto network = load_network_layers(arguments.input);
  if (!network) return report_wrong_input(network.error());
  print_notes(global, arguments.input.network, network->notes);
  auto read = chip::load_mappings(arguments.mapping, network->accelerator);
  if (!read) return report_wrong_input(read.error());
  std::map<std::string, chip::Mapping> mappings;
  for (chip::LayerMapping& each : *read) mappings[each.layer] = std::move(each.mapping);
  const auto evaluated =
      chip::evaluate_network(network->layers, network->accelerator, *objective, mappings);
  if (!evaluated) return report_wrong_input(evaluated.error());
  const MappingTitle title{network->network, *objective, 1, MappingSource::file, network->notes};
  write_json(global, to_json(*evaluated, network->accelerator, title));
  if (!global.quiet && global.json != "-") print_table(*evaluated, network->accelerator, title);
  return kDone;
}

}  // namespace

void add_evaluate_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("evaluate", "Cost of given mappings");
  auto arguments = std::make_shared<EvaluateArguments>();
  add_network_options(*command, arguments->input);
  command
      ->add_option("--mapping", arguments->mapping,
                   "YAML or JSON, as 'hwflow map --json' writes it")
      ->required();
  command
      ->add_option("--objective", arguments->objective,
                   "What counts as the value of a layer: energy, latency, edp or dram")
      ->capture_default_str();
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_evaluate(*arguments, options); });
}

}  // namespace hwflow::cli
