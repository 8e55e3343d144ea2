#include "cli/evaluate_command.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chip/cost/reference_check.hpp"
#include "chip/mapper/network_mapper.hpp"
#include "chip/mapping/mapping_input.hpp"
#include "cli/mapping_output.hpp"
#include "cli/network_layers.hpp"

namespace hwflow::cli {
namespace {

struct EvaluateArguments {
  NetworkInput input;
  std::string mapping;
  std::string objective = "edp";
  std::string semantics = "exact";
  std::string refs;
};

/// Compares cases as they are evaluated: prints what differs and collects the JSON.
class ReferenceReport {
 public:
  explicit ReferenceReport(bool prints) : prints_(prints) {}

  void add(const std::string& id, const std::vector<chip::CountDifference>& differences) {
    ++total_;
    matched_ += differences.empty() ? 1 : 0;
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const chip::CountDifference& d : differences) {
      list.push_back({{"level", d.level},
                      {"tensor", d.tensor},
                      {"count", d.count},
                      {"expected", d.expected},
                      {"got", d.got}});
      if (prints_)
        fmt::print("{}: {} {} {}: expected {}, got {}\n", id, d.level, d.tensor, d.count,
                   d.expected, d.got);
    }
    cases_.push_back({{"id", id}, {"match", differences.empty()}, {"differences", list}});
  }

  /// A case whose mapping cannot be represented: it counts, and does not match.
  void skip(const std::string& id, const std::string& reason) {
    ++total_;
    if (prints_) fmt::print("{}: not evaluated: {}\n", id, reason);
    cases_.push_back({{"id", id},
                      {"match", false},
                      {"differences", nlohmann::ordered_json::array()},
                      {"not_evaluated", reason}});
  }

  nlohmann::ordered_json finish() {
    if (prints_) fmt::print("{} of {} equal\n", matched_, total_);
    return {{"matched", matched_}, {"total", total_}, {"cases", std::move(cases_)}};
  }

 private:
  bool prints_;
  int matched_ = 0, total_ = 0;
  nlohmann::ordered_json cases_ = nlohmann::ordered_json::array();
};

int evaluate_references(const EvaluateArguments& arguments, chip::Semantics semantics,
                        const GlobalOptions& global) {
  const auto references = chip::load_reference_cases(arguments.refs);
  if (!references) return report_wrong_input(references.error());
  ReferenceReport report(!global.quiet && global.json != "-");
  Diagnostics problems;
  const auto add = [&](const std::string& id, const auto& differences) {
    if (differences) return report.add(id, *differences);
    for (const Diagnostic& problem : differences.error()) problems.push_back(problem);
  };
  for (const chip::ReferenceCase& each : *references) {
    if (!each.unsaid.empty()) report.skip(each.id, each.unsaid);
    if (each.mapping && each.result) add(each.id, chip::check_reference(each, semantics));
    for (const chip::ReferenceOptimum& optimum : each.optima)
      if (optimum.mapping)
        add(fmt::format("{} {} {} {}", each.id, optimum.counting, optimum.space, optimum.objective),
            chip::check_optimum(each, optimum));
  }
  if (!problems.empty()) return report_wrong_input(problems);
  write_json_tree(global, report.finish());
  return kDone;
}

int run_evaluate(const EvaluateArguments& arguments, const GlobalOptions& global) {
  const auto semantics = chip::semantics_from_name(arguments.semantics);
  if (!semantics) return report_wrong_input(semantics.error());
  if (!arguments.refs.empty()) return evaluate_references(arguments, *semantics, global);
  const auto objective = chip::objective_from_name(arguments.objective);
  if (!objective) return report_wrong_input(objective.error());
  if (arguments.mapping.empty())
    return report_wrong_input({{"--mapping", "is missing", "or compare a file with --refs"}});
  const auto network = load_network_layers(arguments.input);
  if (!network) return report_wrong_input(network.error());
  print_notes(global, arguments.input, *network);
  const auto documents = chip::Documents::load(arguments.mapping);
  if (!documents) return report_wrong_input(documents.error());
  auto read = chip::read_mappings(*documents, network->inputs, network->machine);
  if (!read) return report_wrong_input(read.error());
  print_notes(global, arguments.mapping, read->notes);
  const chip::Accelerator accelerator = chip::with_semantics(read->accelerator, *semantics);
  std::map<std::string, chip::Mapping> mappings;
  for (chip::LayerMapping& each : read->mappings) mappings[each.layer] = std::move(each.mapping);
  const auto evaluated = chip::evaluate_network(network->layers, accelerator, *objective, mappings);
  if (!evaluated) return report_wrong_input(evaluated.error());
  std::vector<std::string> notes = all_notes(*network);
  notes.insert(notes.end(), read->notes.begin(), read->notes.end());
  const MappingTitle title{network->network, *objective, 1, MappingSource::file, notes};
  write_json(global, to_json(*evaluated, accelerator, title));
  if (!global.quiet && global.json != "-") print_table(*evaluated, accelerator, title);
  return kDone;
}

}  // namespace

void add_evaluate_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("evaluate", "Cost of given mappings");
  auto arguments = std::make_shared<EvaluateArguments>();
  add_network_options(*command, arguments->input);
  CLI::Option* mapping = command->add_option("--mapping", arguments->mapping,
                                             "YAML or JSON, as 'hwflow map --json' writes it, or a "
                                             "mapping of Timeloop or ZigZag");
  command->add_option("--semantics", arguments->semantics,
                      "How words are counted: exact, timeloop, timeloop-no-forwarding, zigzag or "
                      "accelforge");
  command
      ->add_option("--refs", arguments->refs,
                   "Instead of a network: compare every mapping of a neutral reference file")
      ->excludes(mapping)
      ->excludes("network")
      ->excludes("--arch")
      ->excludes("--bits")
      ->excludes("--batch")
      ->excludes("--auxiliary");
  command
      ->add_option("--objective", arguments->objective,
                   "What counts as the value of a layer: energy, latency, edp or dram")
      ->capture_default_str();
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_evaluate(*arguments, options); });
}

}  // namespace hwflow::cli
