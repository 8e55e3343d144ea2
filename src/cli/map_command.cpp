#include "cli/map_command.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "chip/cost/reference_check.hpp"
#include "chip/mapper/network_mapper.hpp"
#include "chip/mapping/reference_cases.hpp"
#include "cli/interrupt.hpp"
#include "cli/mapping_output.hpp"
#include "cli/network_layers.hpp"
#include "cli/progress_line.hpp"

namespace hwflow::cli {
namespace {

struct MapArguments {
  NetworkInput input;
  std::string objective = "edp";
  std::string factors = "perfect";
  std::string axes = "any";
  std::string sibling_order = "listed";
  std::string strategy = "products";
  std::optional<double> time_limit_seconds;
  std::optional<std::int64_t> max_evaluations;
  bool prove = false;
  std::string semantics = "exact";
  std::string refs;
};

/// Without limits of the user: bounds of mappings in branch and bound and of lists of choices in
/// products; most layers are proved long before.
constexpr std::int64_t kDefaultEvaluations = 400'000;

/// Is it the second of two words? A third one is a problem.
bool is_second(const std::string& option, const std::string& word, const std::string& first,
               const std::string& second, Diagnostics& problems) {
  if (word != first && word != second)
    problems.push_back({option, fmt::format("unknown word '{}'", word),
                        fmt::format("one of {}, {}", first, second)});
  return word == second;
}

/// The option of the command line that sets an option of the mapper.
std::string option_of(const std::string& place) {
  if (place == "time_limit_seconds") return "--time-limit";
  if (place == "max_evaluations") return "--max-evaluations";
  return "--" + place;
}

Expected<chip::MapperOptions> mapper_options(const MapArguments& arguments,
                                             const GlobalOptions& global) {
  chip::MapperOptions options;
  Diagnostics problems;
  if (const auto objective = chip::objective_from_name(arguments.objective)) {
    options.objective = *objective;
  } else {
    problems = objective.error();
  }
  using Options = chip::MapperOptions;
  if (is_second("--factors", arguments.factors, "perfect", "ceiling", problems))
    options.factors = Options::Factors::ceiling;
  if (is_second("--axes", arguments.axes, "any", "one", problems))
    options.axes = Options::Axes::one;
  if (is_second("--sibling-order", arguments.sibling_order, "listed", "any", problems))
    options.sibling_order = Options::SiblingOrder::any;
  if (arguments.prove && (arguments.time_limit_seconds || arguments.max_evaluations)) {
    problems.push_back({"--prove", "searches without limit, and a limit is given",
                        "leave out --prove, or --time-limit and --max-evaluations"});
  }
  options.strategy = arguments.strategy;
  options.time_limit_seconds = arguments.time_limit_seconds;
  options.max_evaluations = arguments.max_evaluations;
  if (!arguments.prove && !options.time_limit_seconds && !options.max_evaluations) {
    options.max_evaluations = kDefaultEvaluations;
  }
  options.seed = global.seed;
  options.threads = thread_count(global);
  for (Diagnostic problem : chip::check(options)) {
    problem.place = option_of(problem.place);
    problems.push_back(std::move(problem));
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return options;
}

/// What a reader of "proved" must know (docs/mapper.md, "Products").
std::vector<std::string> notes_on_certificates(const chip::MapperOptions& options,
                                               chip::Semantics semantics) {
  std::vector<std::string> notes;
  if (options.strategy != "products") return notes;
  if (semantics == chip::Semantics::timeloop ||
      semantics == chip::Semantics::timeloop_no_forwarding) {
    notes.emplace_back(
        "with Timeloop's counting 'proved' holds for the term model, which on some machines counts "
        "up to a few percent more than Timeloop does");
  }
  if (options.factors == chip::MapperOptions::Factors::ceiling &&
      semantics == chip::Semantics::exact)
    notes.emplace_back("'products' knows perfect factors only: branch_and_bound searches instead");
  return notes;
}

int map_network_command(const MapArguments& arguments, const chip::MapperOptions& options,
                        chip::Semantics semantics, const GlobalOptions& global) {
  auto network = load_network_layers(arguments.input);
  if (!network) return report_wrong_input(network.error());
  network->accelerator = chip::with_semantics(network->accelerator, semantics);
  for (std::string& note : notes_on_certificates(options, semantics))
    network->notes.push_back(std::move(note));
  print_notes(global, arguments.input, *network);
  const InterruptWatch interrupts;
  ProgressLine line(global.quiet, Log(global.logs()));
  const auto mapped = chip::map_network(
      network->layers, network->accelerator, options,
      [&line](std::size_t done, std::size_t of) {
        line.show({"mapping", static_cast<std::int64_t>(done), static_cast<std::int64_t>(of), ""});
      },
      interrupts.token());
  line.close();
  if (!mapped) return report_unmapped(mapped.error());
  std::vector<std::string> notes = all_notes(*network);
  if (interrupts.token().stop_requested())
    notes.emplace_back(
        "interrupted: layers that are not proved have the best mapping found by then");
  const MappingTitle title{network->network,
                           options.objective,
                           options.threads,
                           MappingSource::search,
                           std::move(notes),
                           {{"semantics", std::string(chip::name(semantics))},
                            {"factors", arguments.factors},
                            {"axes", arguments.axes},
                            {"sibling_order", arguments.sibling_order},
                            {"strategy", arguments.strategy},
                            {"seed", std::to_string(options.seed)}}};
  write_json(global, to_json(*mapped, network->accelerator, title));
  if (!global.quiet && global.json != "-") print_table(*mapped, network->accelerator, title);
  return kDone;
}

int map_references(const MapArguments& arguments, const chip::MapperOptions& options,
                   chip::Semantics semantics, const GlobalOptions& global) {
  const auto references = chip::load_reference_cases(arguments.refs);
  if (!references) return report_wrong_input(references.error());
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const chip::ReferenceCase& reference : *references) {
    const chip::Accelerator machine = chip::reference_machine(reference, semantics);
    const auto found = chip::map_layer(reference.layer, machine, options);
    if (!found) return report_unmapped(found.error());
    // The files count words.
    const bool words = options.objective == chip::Objective::dram;
    cases.push_back({{"id", reference.id},
                     {"value", words ? found->value / chip::kReferenceWordBits : found->value},
                     {"energy_pj", found->cost.energy_pj},
                     {"cycles", found->cost.cycles},
                     {"dram_words", found->cost.dram_bits / chip::kReferenceWordBits},
                     {"lower_bound",
                      words ? found->lower_bound / chip::kReferenceWordBits : found->lower_bound},
                     {"optimal", found->optimal},
                     {"seconds", found->seconds},
                     {"mapping", to_text(found->mapping, reference.accelerator)}});
    if (!global.quiet && global.json != "-") {
      fmt::print("{:<36}  {:>12.6g}  {}  {:.2f} s\n", reference.id, found->value,
                 found->optimal ? "proved" : fmt::format("gap {:.2f} %", 100 * found->gap()),
                 found->seconds);
    }
  }
  write_json_tree(global, nlohmann::ordered_json({{"cases", std::move(cases)}}));
  return kDone;
}

int run_map(const MapArguments& arguments, const GlobalOptions& global) {
  const auto semantics = chip::semantics_from_name(arguments.semantics);
  if (!semantics) return report_wrong_input(semantics.error());
  const auto options = mapper_options(arguments, global);
  if (!options) return report_wrong_input(options.error());
  if (!arguments.refs.empty()) return map_references(arguments, *options, *semantics, global);
  return map_network_command(arguments, *options, *semantics, global);
}

}  // namespace

void add_map_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("map", "Best mapping of every layer, with a lower bound");
  auto arguments = std::make_shared<MapArguments>();
  add_network_options(*command, arguments->input);
  command->add_option("--objective", arguments->objective, "energy, latency, edp or dram")
      ->capture_default_str();
  command->add_option("--factors", arguments->factors, "perfect or ceiling")->capture_default_str();
  command
      ->add_option("--axes", arguments->axes,
                   "May a dimension be spread over columns and rows of a mesh? any or one")
      ->capture_default_str();
  command
      ->add_option("--sibling-order", arguments->sibling_order,
                   "How neighbouring levels that keep one operand each nest: listed, or any order")
      ->capture_default_str();
  command
      ->add_option("--strategy", arguments->strategy,
                   "products, branch_and_bound, annealing, genetic or random")
      ->capture_default_str();
  command->add_option("--semantics", arguments->semantics,
                      "How words are counted: exact, timeloop, timeloop-no-forwarding (not by "
                      "branch_and_bound), zigzag or accelforge (not by products either)");
  command->add_option("--time-limit", arguments->time_limit_seconds, "Seconds for each layer");
  command->add_option(
      "--max-evaluations", arguments->max_evaluations,
      "Mappings and bounds for each layer (400000 when no limit is given); reproducible");
  command->add_flag("--prove", arguments->prove,
                    "No limit: search until the optimum of every layer is proved");
  command->add_option("--refs", arguments->refs, "Map the cases of a neutral reference file")
      ->excludes("network")
      ->excludes("--arch")
      ->excludes("--bits")
      ->excludes("--batch")
      ->excludes("--auxiliary");
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_map(*arguments, options); });
}

}  // namespace hwflow::cli
