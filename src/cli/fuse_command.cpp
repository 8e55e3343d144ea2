#include "cli/fuse_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "chip/fusion/network_fusion.hpp"
#include "cli/fuse_buffers.hpp"
#include "cli/fusion_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/network_layers.hpp"
#include "cli/progress_line.hpp"
#include "report/fusion_page.hpp"

namespace hwflow::cli {
namespace {

struct FuseArguments {
  NetworkInput input;
  std::string objective = "dram";
  std::string recompute, halos;  ///< empty: not given
  std::string tile, outer_axis;  ///< empty: all
  std::string share_array;       ///< empty: as the objective says
  std::string first, last;       ///< layers
  bool prove = false;
  std::optional<std::int64_t> max_group, buffer_bits, max_evaluations;
  std::optional<double> time_limit_seconds;
  bool double_buffered = false;
  bool one_group = false;
  BufferArguments buffers;
};

/// Of single layers, and of the blocks of groups.
constexpr std::int64_t kDefaultEvaluations = 1'000'000, kDefaultDramEvaluations = 4'000'000;

void collect(const Diagnostics& from, Diagnostics& to) {
  to.insert(to.end(), from.begin(), from.end());
}

/// The word of an option that takes one of a few; none: another one.
template <typename Value>
std::optional<Value> choose(const char* option, const std::string& word,
                            const std::vector<std::pair<std::string, Value>>& choices,
                            Diagnostics& problems) {
  std::vector<std::string> words;
  for (const auto& [name, value] : choices) {
    if (word == name) return value;
    words.push_back(name);
  }
  std::string hint = nearest_name_hint(word, words);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(words, ", "));
  problems.push_back({option, fmt::format("unknown word '{}'", word), std::move(hint)});
  return std::nullopt;
}

/// The policies that --recompute and --halos leave.
std::vector<chip::HaloPolicy> halos_of(const FuseArguments& arguments, Diagnostics& problems) {
  using enum chip::HaloPolicy;
  using Policies = std::vector<chip::HaloPolicy>;
  Policies allowed{retain};
  if (!arguments.recompute.empty())
    allowed = choose<Policies>("--recompute", arguments.recompute,
                               {{"never", {retain}},
                                {"always", {in_band, again}},
                                {"either", {retain, in_band, again}}},
                               problems)
                  .value_or(allowed);
  if (arguments.halos.empty()) return allowed;
  const auto only = choose<chip::HaloPolicy>(
      "--halos", arguments.halos, {{"retain", retain}, {"in_band", in_band}, {"again", again}},
      problems);
  if (!only) return allowed;
  if (!arguments.recompute.empty() &&
      std::find(allowed.begin(), allowed.end(), *only) == allowed.end())
    problems.push_back(
        {"--halos",
         fmt::format("'{}' contradicts --recompute {}", arguments.halos, arguments.recompute),
         "leave --recompute out"});
  return {*only};
}

std::optional<chip::OutputTile> tile_of(const std::string& text, Diagnostics& problems) {
  chip::OutputTile tile;
  const char* const end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, tile.rows);
  if (rows.ec == std::errc() && rows.ptr != end && *rows.ptr == 'x') {
    const auto columns = std::from_chars(rows.ptr + 1, end, tile.columns);
    if (columns.ec == std::errc() && columns.ptr == end && tile.rows >= 1 && tile.columns >= 1)
      return tile;
  }
  problems.push_back({"--tile", fmt::format("must be ROWSxCOLUMNS, both >= 1, got '{}'", text),
                      "such as 18x60; an axis that is not to be cut may be any larger number"});
  return std::nullopt;
}

chip::GroupSpaceOptions space_of(const FuseArguments& arguments, Diagnostics& problems) {
  chip::GroupSpaceOptions space;
  space.intermediates = halos_of(arguments, problems);
  if (!arguments.tile.empty()) space.tile = tile_of(arguments.tile, problems);
  if (!arguments.outer_axis.empty())
    space.outer = choose<chip::Axis>("--outer-axis", arguments.outer_axis,
                                     {{"rows", chip::Axis::rows}, {"columns", chip::Axis::columns}},
                                     problems);
  return space;
}

bool shares_in_space(const std::string& word, chip::Objective objective, Diagnostics& problems) {
  using chip::Objective;
  if (word.empty()) return objective == Objective::latency || objective == Objective::edp;
  if (word == "time") return false;
  if (word != "either") {
    std::string hint = nearest_name_hint(word, {"time", "either"});
    if (hint.empty()) hint = "time or either";
    problems.push_back({"--share-array", fmt::format("unknown word '{}'", word), std::move(hint)});
  } else if (objective == Objective::dram) {
    problems.push_back({"--share-array", "'either' changes nothing for objective dram",
                        "leave it out, or ask for energy, latency or edp"});
  }
  return true;
}

chip::FusionOptions fusion_options(const FuseArguments& arguments, const GlobalOptions& global,
                                   Diagnostics& problems) {
  chip::FusionOptions options;
  const auto objective = chip::objective_from_name(arguments.objective);
  if (objective)
    options.objective = *objective;
  else
    for (Diagnostic problem : objective.error()) {
      problem.place = "--objective";
      problems.push_back(std::move(problem));
    }
  if (arguments.max_group) options.max_group = static_cast<std::size_t>(*arguments.max_group);
  options.space = space_of(arguments, problems);
  options.one_group = arguments.one_group;
  if (arguments.one_group && arguments.max_group)
    problems.push_back({"--one-group", "contradicts --max-group",
                        "leave --max-group out; --from and --to say which layers form the group"});
  options.share_in_space = shares_in_space(arguments.share_array, options.objective, problems);
  options.mapper.objective = options.objective;
  options.mapper.strategy = "products";
  options.mapper.max_evaluations = arguments.max_evaluations.value_or(
      options.objective == chip::Objective::dram ? kDefaultDramEvaluations : kDefaultEvaluations);
  options.mapper.seed = global.seed;
  options.prove = arguments.prove;
  if (options.prove && options.objective == chip::Objective::dram)
    problems.push_back({"--prove", "changes nothing for objective dram, which is always proved",
                        "leave it out, or ask for energy, latency or edp"});
  options.time_limit_seconds = arguments.time_limit_seconds;
  if (options.time_limit_seconds && !(*options.time_limit_seconds > 0.0))
    problems.push_back(
        {"--time-limit",
         fmt::format("must be a number of seconds > 0, got {}", *options.time_limit_seconds), ""});
  options.threads = thread_count(global);
  return options;
}

/// The place of a layer by its name.
std::optional<std::size_t> find_layer(const chip::FusionGraph& graph, const std::string& name,
                                      const char* option, Diagnostics& problems) {
  std::vector<std::string> names;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    names.push_back(graph.layers[l].layer.name);
    if (names.back() == name) return l;
  }
  problems.push_back({option, fmt::format("'{}' is no layer of {}", name, graph.name),
                      nearest_name_hint(name, names)});
  return std::nullopt;
}

/// The layers that --from and --to leave.
chip::FusionGraph selected(const FuseArguments& arguments, chip::FusionGraph graph,
                           Diagnostics& problems) {
  std::optional<std::size_t> first = 0, last = graph.layers.size() - 1;
  if (!arguments.first.empty()) first = find_layer(graph, arguments.first, "--from", problems);
  if (!arguments.last.empty()) last = find_layer(graph, arguments.last, "--to", problems);
  if (!first || !last) return graph;
  if (*first > *last) {
    problems.push_back({"--to",
                        fmt::format("'{}' comes before '{}'", arguments.last, arguments.first),
                        "exchange --from and --to"});
    return graph;
  }
  if (*first == 0 && *last + 1 == graph.layers.size()) return graph;
  return part_of(graph, *first, *last + 1);
}

/// What --buffers asks for; none: one size.
std::optional<chip::BufferSweep> sweep_of(const FuseArguments& arguments, Diagnostics& problems) {
  if (arguments.buffers.sizes.empty()) {
    if (arguments.buffers.step)
      problems.push_back({"--buffer-step", "is of a range of --buffers only",
                          "state a range such as --buffers 32KiB:2MiB"});
    return std::nullopt;
  }
  if (arguments.buffer_bits)
    problems.push_back({"--buffers", "and --buffer are both given", "leave one of them out"});
  chip::BufferSweep sweep = buffer_sweep(arguments.buffers, problems);
  if (arguments.double_buffered) sweep.double_buffered = true;
  return sweep;
}

int run_fuse(const FuseArguments& arguments, const GlobalOptions& global) {
  Diagnostics problems = global.problems;
  const chip::FusionOptions options = fusion_options(arguments, global, problems);
  const auto sweep = sweep_of(arguments, problems);
  const auto input = load_network_graph(arguments.input);
  std::optional<Expected<chip::FusionMachine>> machine;
  chip::FusionGraph graph;
  if (input) {
    graph = selected(
        arguments, chip::make_fusion_graph(input->network, input->plan, input->lowering), problems);
    chip::FusionMachineOptions choices{arguments.buffer_bits, std::nullopt};
    if (sweep) choices.buffer_bits = 1 << 20;  // any: is the machine right but for its size?
    if (arguments.double_buffered) choices.double_buffered = true;
    machine = chip::make_fusion_machine(input->machine.accelerator, choices);
    if (!*machine) collect(machine->error(), problems);
    std::vector<Layer> layers;
    for (const chip::FusionLayer& layer : graph.layers) layers.push_back(layer.batched);
    collect(chip::check_network(layers, input->machine.accelerator, options.mapper), problems);
  } else {
    for (const Diagnostic& problem : input.error())
      if (problem.reason != "is missing" || global.problems.empty()) problems.push_back(problem);
  }
  if (!problems.empty()) return report_wrong_input(problems);

  std::vector<std::string> notes = input->notes;
  notes.insert(notes.end(), (*machine)->notes.begin(), (*machine)->notes.end());
  print_notes(global, arguments.input.network, notes);
  if (sweep)
    return run_fuse_buffers(graph, input->machine.accelerator, *sweep, options, global,
                            {graph.name, input->machine.accelerator.name(), options.objective,
                             options.threads, notes, options.space, options.one_group});
  const InterruptWatch interrupts;
  ProgressLine line(global.quiet, Log(global.logs()));
  const auto fused = chip::fuse_network(
      graph, **machine, options,
      [&line](std::int64_t searched, double value, double) {
        line.show({"searching", searched, 0, fmt::format("at least {:.5g}", value)});
      },
      interrupts.token());
  line.close();
  if (!fused) return report_unmapped(fused.error());
  if (interrupts.token().stop_requested())
    notes.emplace_back("interrupted: the best partition found by then");
  const FusionTitle title{graph.name,
                          input->machine.accelerator.name(),
                          options.objective,
                          options.threads,
                          notes,
                          options.space,
                          options.one_group};
  if (global.out)
    report::write_fusion_page({*fused, graph, **machine, title.accelerator, title.objective, notes},
                              *global.out);
  write_json_tree(global, to_json(*fused, graph, **machine, title));
  if (!global.quiet && global.json != "-") {
    print_table(*fused, graph, **machine, title);
    if (global.out) fmt::print("report: {}\n", (*global.out / "fusion.html").string());
  }
  return kDone;
}

/// Which schedules may be chosen from.
void add_schedule_options(CLI::App& command, FuseArguments& arguments) {
  command.add_option(
      "--recompute", arguments.recompute,
      "May halos of intermediates be computed again? never, always or either. Default: never");
  command.add_option("--halos", arguments.halos,
                     "The one policy for halos of intermediates: retain (nothing is computed "
                     "again), in_band (between bands of tiles) or again (between all tiles)");
  command.add_option("--tile", arguments.tile,
                     "The one tile of each group's last layer, ROWSxCOLUMNS, cut to its map; "
                     "the certificate is about such groups only");
  command.add_option("--outer-axis", arguments.outer_axis,
                     "The one axis that bands of tiles follow along: rows or columns");
  command.add_flag("--one-group", arguments.one_group,
                   "All layers (of --from and --to) as one group, not compared with single layers");
  command.add_option("--share-array", arguments.share_array,
                     "How the layers of a group share the PEs: time, or either (in time, or in "
                     "space as a pipeline). Default: either for latency and edp");
}

}  // namespace

void add_fuse_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "fuse",
      "Best partition of a network into fused groups of layers, with a lower bound; --out DIR: "
      "fusion.html with timeline, buffer occupancy and traffic");
  auto arguments = std::make_shared<FuseArguments>();
  NetworkInput& input = arguments->input;
  command->add_option("network", input.network, "Built-in name, .onnx file or network YAML file");
  command->add_option("--arch", input.arch,
                      "Built-in accelerator or YAML file, also of Timeloop or ZigZag");
  command->add_option("--bits", input.bits,
                      "Widths of weights and activations, W/A (default: uncompressed)");
  command->add_option("--batch", input.batch, "Images at a time")
      ->capture_default_str()
      ->check(is_integer(1, 1 << 30));
  command->add_option("--objective", arguments->objective, "dram, energy, latency or edp")
      ->capture_default_str();
  command
      ->add_option("--max-group", arguments->max_group,
                   "Layers of a group at most, poolings and additions among them")
      ->check(is_integer(1, 1 << 20));
  command
      ->add_option("--buffer", arguments->buffer_bits,
                   "Bits of the on-chip buffer, in place of the accelerator's")
      ->check(is_integer(1, std::uint64_t{1} << 50U));
  command->add_option("--buffers", arguments->buffers.sizes,
                      "In place of --buffer: a list of sizes, 32KiB,64KiB,1MiB, or a range, "
                      "32KiB:2MiB, of which the Pareto set with the objective is found. Units KiB, "
                      "MiB, bits; limits hold for each size; --out DIR: buffers.html");
  command->add_option("--buffer-step", arguments->buffers.step,
                      "Points of a range differ in bits by this share at least; 0: every point "
                      "(default 0.1)");
  command->add_flag("--double-buffered", arguments->double_buffered,
                    "Tiles from and to DRAM take twice their room, transfers overlap computing");
  add_schedule_options(*command, *arguments);
  command->add_option("--from", arguments->first, "First layer; those before it are left out");
  command->add_option("--to", arguments->last, "Last layer; those after it are left out");
  command->add_flag("--prove", arguments->prove,
                    "Energy, latency, edp: price every schedule that its bound does not show to be "
                    "of no use, until none is left; can take hours");
  command->add_option("--time-limit", arguments->time_limit_seconds,
                      "Seconds in all; as --prove until then");
  command
      ->add_option(
          "--max-evaluations", arguments->max_evaluations,
          "Mappings and bounds for each single layer (default 4000000 for dram, 1000000 for the "
          "others); blocks of groups take 30000 at most")
      ->check(is_integer(1, std::uint64_t{1} << 40U));
  add_global_options(*command, options, Refusal::by_command);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_fuse(*arguments, options); });
}

}  // namespace hwflow::cli
