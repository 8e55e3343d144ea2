#include "cli/map_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "chip/cost/reference_check.hpp"
#include "chip/mapper/network_mapper.hpp"
#include "chip/mapper/pareto_network.hpp"
#include "chip/mapping/reference_cases.hpp"
#include "cli/interrupt.hpp"
#include "cli/mapping_output.hpp"
#include "cli/network_layers.hpp"
#include "cli/pareto_output.hpp"
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
  std::optional<double> pareto_step;
  bool prove = false;
  [[nodiscard]] bool is_pareto() const { return chip::asks_for_pareto(objective); }
  std::string semantics = "exact";
  std::string refs;
};

/// Without limits of the user: bounds of mappings, with perfect factors of lists of choices too,
/// which cost less; most layers are proved long before.
constexpr std::int64_t kDefaultEvaluations = 400'000;
constexpr std::int64_t kDefaultPerfectEvaluations = 1'000'000;
/// All searches of a layer together.
constexpr std::int64_t kDefaultParetoEvaluations = 20'000'000;

std::int64_t default_evaluations(const MapArguments& arguments) {
  if (arguments.is_pareto()) return kDefaultParetoEvaluations;
  return arguments.strategy == "products" && arguments.factors == "perfect"
             ? kDefaultPerfectEvaluations
             : kDefaultEvaluations;
}

/// Is it the second of two words? A third one is a problem.
bool is_second(const std::string& option, const std::string& word, const std::string& first,
               const std::string& second, Diagnostics& problems) {
  if (word == first || word == second) return word == second;
  std::string hint = nearest_name_hint(word, {first, second});
  if (hint.empty()) hint = fmt::format("one of {}, {}", first, second);
  problems.push_back({option, fmt::format("unknown word '{}'", word), std::move(hint)});
  return false;
}

/// The option of the command line that sets an option of the mapper.
std::string option_of(const std::string& place) {
  if (place == "time_limit_seconds") return "--time-limit";
  if (place == "max_evaluations") return "--max-evaluations";
  if (place == "pareto_step") return "--pareto-step";
  if (place == "strategy" || place == "factors" || place == "objective" || place == "threads")
    return "--" + place;
  return place;  // a layer or a machine
}

void collect(Diagnostics from, Diagnostics& to) {
  for (Diagnostic& problem : from) {
    problem.place = option_of(problem.place);
    if (std::find(to.begin(), to.end(), problem) == to.end()) to.push_back(std::move(problem));
  }
}

Expected<chip::MapperOptions> mapper_options(const MapArguments& arguments,
                                             const GlobalOptions& global) {
  chip::MapperOptions options;
  Diagnostics problems;
  if (const auto objective = chip::objective_from_name(arguments.objective)) {
    options.objective = *objective;
  } else if (!arguments.is_pareto()) {
    problems = objective.error();
    std::string& hint = problems.back().hint;
    if (hint.starts_with("one of"))
      hint += "; pareto, or two of energy, latency, dram with a comma";
  }
  if (arguments.pareto_step && !arguments.is_pareto())
    problems.push_back({"--pareto-step", "spaces the points of a Pareto set, and none is asked for",
                        "add --objective pareto, or leave it out"});
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
  if (arguments.prove && arguments.strategy != "products" &&
      arguments.strategy != "branch_and_bound") {
    problems.push_back({"--prove", fmt::format("'{}' proves nothing", arguments.strategy),
                        "take --strategy products or branch_and_bound, or leave out --prove"});
  }
  options.strategy = arguments.strategy;
  options.time_limit_seconds = arguments.time_limit_seconds;
  options.max_evaluations = arguments.max_evaluations;
  if (!arguments.prove && !options.time_limit_seconds && !options.max_evaluations) {
    options.max_evaluations = default_evaluations(arguments);
  }
  options.seed = global.seed;
  options.threads = thread_count(global);
  collect(chip::check(options), problems);
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
    notes.emplace_back(
        "in exact counting 'products' knows perfect factors only: branch_and_bound searches on");
  return notes;
}

/// Says what was simplified and what a certificate covers.
void tell(const MapArguments& arguments, const chip::MapperOptions& options,
          chip::Semantics semantics, NetworkLayers& network, const GlobalOptions& global) {
  for (std::string& note : notes_on_certificates(options, semantics))
    network.notes.push_back(std::move(note));
  print_notes(global, arguments.input, network);
}

chip::MapProgress show_on(ProgressLine& line) {
  return [&line](std::size_t done, std::size_t of) {
    line.show({"mapping", static_cast<std::int64_t>(done), static_cast<std::int64_t>(of), ""});
  };
}

MappingTitle title_of(const MapArguments& arguments, const chip::MapperOptions& options,
                      chip::Semantics semantics, const NetworkLayers& network,
                      const InterruptWatch& interrupts) {
  std::vector<std::string> notes = all_notes(network);
  if (interrupts.token().stop_requested())
    notes.emplace_back(
        arguments.is_pareto()
            ? "interrupted: layers that are not proved have the points found by then"
            : "interrupted: layers that are not proved have the best mapping found by then");
  return {network.network,
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
}

int map_network_command(const MapArguments& arguments, const chip::MapperOptions& options,
                        chip::Semantics semantics, const NetworkLayers& network,
                        const GlobalOptions& global) {
  const InterruptWatch interrupts;
  ProgressLine line(global.quiet, Log(global.logs()));
  const auto mapped = chip::map_network(network.layers, network.accelerator, options, show_on(line),
                                        interrupts.token());
  line.close();
  if (!mapped) return report_unmapped(mapped.error());
  const MappingTitle title = title_of(arguments, options, semantics, network, interrupts);
  write_json(global, to_json(*mapped, network.accelerator, title));
  if (!global.quiet && global.json != "-") print_table(*mapped, network.accelerator, title);
  return kDone;
}

int map_pareto_command(const MapArguments& arguments, const chip::ParetoOptions& options,
                       chip::Semantics semantics, const NetworkLayers& network,
                       const GlobalOptions& global) {
  const InterruptWatch interrupts;
  ProgressLine line(global.quiet, Log(global.logs()));
  const auto mapped = chip::map_network_pareto(network.layers, network.accelerator, options,
                                               show_on(line), interrupts.token());
  line.close();
  if (!mapped) return report_unmapped(mapped.error());
  const ParetoTitle title{title_of(arguments, options.mapper, semantics, network, interrupts),
                          arguments.objective, options.step};
  write_json(global, to_json(*mapped, network.accelerator, title));
  if (!global.quiet && global.json != "-") print_table(*mapped, network.accelerator, title);
  return kDone;
}

Expected<chip::ParetoOptions> pareto_options(const MapArguments& arguments,
                                             const chip::MapperOptions& mapper) {
  chip::ParetoOptions options;
  options.mapper = mapper;
  options.step = arguments.pareto_step.value_or(options.step);
  Diagnostics problems;
  if (auto objectives = chip::pareto_objectives_from_text(arguments.objective)) {
    options.objectives = std::move(*objectives);
  } else {
    problems = std::move(objectives).error();
  }
  for (Diagnostic& problem : chip::check(options)) problems.push_back(std::move(problem));
  if (!arguments.refs.empty())
    problems.push_back({"objective", "the cases of --refs are mapped for one objective",
                        "name one of energy, latency, edp and dram"});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return options;
}

using References = std::vector<chip::ReferenceCase>;

int map_references(const References& references, const chip::MapperOptions& options,
                   chip::Semantics semantics, const GlobalOptions& global) {
  for (const std::string& note : notes_on_certificates(options, semantics))
    if (!global.quiet) fmt::print(stderr, "note: {}\n", note);
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const chip::ReferenceCase& reference : references) {
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

/// Without what is missing because the parser could not read it.
Diagnostics not_told(Diagnostics problems, const Diagnostics& by_parser) {
  std::erase_if(problems, [&](const Diagnostic& problem) {
    return problem.reason == "is missing" &&
           std::any_of(by_parser.begin(), by_parser.end(), [&](const Diagnostic& told) {
             return told.reason.find(problem.place) != std::string::npos;
           });
  });
  return problems;
}

int run_map(const MapArguments& arguments, const GlobalOptions& global) {
  Diagnostics problems = global.problems;
  const auto semantics = chip::semantics_from_name(arguments.semantics);
  if (!semantics) collect(semantics.error(), problems);
  const auto options = mapper_options(arguments, global);
  if (!options) collect(options.error(), problems);
  std::optional<chip::ParetoOptions> pareto;
  if (options && arguments.is_pareto()) {
    auto asked = pareto_options(arguments, *options);
    if (!asked) collect(asked.error(), problems);
    if (asked) pareto = std::move(*asked);
  }
  if (!arguments.refs.empty()) {
    const auto references = chip::load_reference_cases(arguments.refs);
    if (!references) collect(references.error(), problems);
    for (std::size_t i = 0; semantics && options && references && i < references->size(); ++i) {
      const chip::ReferenceCase& one = (*references)[i];
      const chip::Accelerator machine = chip::reference_machine(one, *semantics);
      collect(chip::check_network({&one.layer, 1}, machine, *options), problems);
    }
    if (!problems.empty()) return report_wrong_input(problems);
    return map_references(*references, *options, *semantics, global);
  }
  auto network = load_network_layers(arguments.input);
  if (!network) collect(not_told(network.error(), global.problems), problems);
  if (network && semantics) {
    network->accelerator = chip::with_semantics(network->accelerator, *semantics);
    if (options)
      collect(chip::check_network(network->layers, network->accelerator, *options), problems);
  }
  if (!problems.empty()) return report_wrong_input(problems);
  tell(arguments, *options, *semantics, *network, global);
  return pareto ? map_pareto_command(arguments, *pareto, *semantics, *network, global)
                : map_network_command(arguments, *options, *semantics, *network, global);
}

}  // namespace

void add_map_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("map", "Best mapping of every layer, with a lower bound");
  auto arguments = std::make_shared<MapArguments>();
  add_network_options(*command, arguments->input);
  command
      ->add_option("--objective", arguments->objective,
                   "energy, latency, edp or dram; pareto: all that no other mapping beats "
                   "in energy, latency and dram; or two of these with a comma: energy,latency")
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
      "Mappings and bounds for each layer; reproducible. When no limit is given: 1000000 for "
      "products with perfect factors, 20000000 for a Pareto set, else 400000");
  command->add_option(
      "--pareto-step", arguments->pareto_step,
      "Fewer points of a Pareto set: with 0.01 every mapping costs, in all objectives, at least "
      "1/1.01 of some point (0: every point)");
  command->add_flag("--prove", arguments->prove,
                    "No limit: search until the optimum of every layer is proved");
  command->add_option("--refs", arguments->refs, "Map the cases of a neutral reference file")
      ->excludes("network")
      ->excludes("--arch")
      ->excludes("--bits")
      ->excludes("--batch")
      ->excludes("--auxiliary");
  add_global_options(*command, options, Refusal::by_command);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_map(*arguments, options); });
}

}  // namespace hwflow::cli
