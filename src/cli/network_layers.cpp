#include "cli/network_layers.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/check.hpp"
#include "cli/command.hpp"
#include "workload/network.hpp"
#include "workload/node_geometry.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

std::optional<int> to_width(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < 1 || value > kFloatBits) return std::nullopt;
  return value;
}

Expected<PrecisionPair> parse_bits(const std::string& text) {
  if (text.empty()) return PrecisionPair{};
  const auto slash = text.find('/');
  if (slash != std::string::npos) {
    const auto weights = to_width(std::string_view(text).substr(0, slash));
    const auto inputs = to_width(std::string_view(text).substr(slash + 1));
    if (weights && inputs) return PrecisionPair{*weights, *inputs};
  }
  return Unexpected{
      Diagnostics{{"--bits", fmt::format("must be W/A, two widths from 1 to 32, got '{}'", text),
                   "for example --bits 8/8"}}};
}

void collect(const Diagnostics& from, Diagnostics& to) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Problems placed at an option that is to blame.
Diagnostics at_option(const std::string& option, Diagnostics problems) {
  for (Diagnostic& problem : problems) problem.place = option;
  return problems;
}

/// A network without layers would be mapped, at no cost.
Diagnostics check_layers(const Network& network, const NetworkInput& input) {
  if (!network.compute_nodes().empty()) return {};
  bool has_auxiliary = false;
  for (std::size_t i = 0; i < network.nodes().size() && !has_auxiliary; ++i) {
    has_auxiliary = network.operator_of({static_cast<std::int32_t>(i)}, 1).has_value();
  }
  if (!has_auxiliary)
    return {{input.network, "has no layer that computes anything", "there is nothing to map"}};
  if (input.auxiliary) return {};
  return {{input.network, "has no layer with weights",
           "--auxiliary maps its poolings, additions and multiplications"}};
}

LoweringOptions lowering_options(const NetworkInput& input, const chip::Accelerator& accelerator,
                                 const PrecisionPair& bits) {
  LoweringOptions options;
  options.batch = input.batch;
  options.float_bits = accelerator.fields().float_bits;
  options.partial_sum_bits = accelerator.fields().partial_sum_bits;
  // One width for all activations, so that every producer stores a single copy.
  options.auxiliary_bits = bits.inputs == kFloatBits ? options.float_bits : bits.inputs;
  options.network_output_bits = accelerator.fields().float_bits;
  options.include_auxiliary = input.auxiliary;
  return options;
}

}  // namespace

void add_network_options(CLI::App& command, NetworkInput& input) {
  command.add_option(
      "network", input.network,
      "Built-in name, .onnx file, network YAML file, Timeloop problem or ZigZag workload");
  command.add_option(
      "--arch", input.arch,
      "Built-in accelerator or YAML file, also of Timeloop (arch.yaml,ert.yaml) or ZigZag");
  command.add_option("--bits", input.bits,
                     "Widths of weights and activations, W/A (default: uncompressed)");
  command.add_option("--batch", input.batch, "Images at a time")
      ->capture_default_str()
      ->check(is_integer(1, 1 << 30));
  command.add_flag("--auxiliary", input.auxiliary,
                   "Poolings, additions and multiplications too, not only layers with weights");
}

namespace {

/// Files of another tool; nothing when the name is one of ours.
std::optional<Expected<chip::Documents>> foreign_layers(const std::string& name) {
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  if (!ends(".yaml") && !ends(".yml") && !ends(".json")) return std::nullopt;
  auto documents = chip::Documents::load(name);
  if (!documents || !chip::holds_layers(*documents)) return std::nullopt;
  return documents;
}

/// Layers of a file of another tool, which says the batch itself.
Expected<NetworkLayers> layers_of(const chip::Documents& documents, const NetworkInput& input,
                                  chip::AcceleratorInput machine, const PrecisionPair& bits) {
  const chip::Accelerator::Fields& fields = machine.accelerator.fields();
  LayerBits widths;
  widths.weights = bits.weights == kFloatBits ? fields.float_bits : bits.weights;
  widths.inputs = bits.inputs == kFloatBits ? fields.float_bits : bits.inputs;
  widths.outputs = fields.float_bits;
  widths.partial_sums = fields.partial_sum_bits;
  auto read = chip::read_layers(documents, widths);
  if (!read) return Unexpected{std::move(read).error()};
  Diagnostics problems;
  if (input.batch != 1)
    problems.push_back({"--batch", "the file says the batch", "leave out --batch"});
  if (read->states_bits && !input.bits.empty())
    problems.push_back({"--bits", "the file says the widths", "leave out --bits"});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  NetworkLayers result{input.network, machine.accelerator, {}, std::move(read->notes)};
  for (const chip::LayerInput& each : read->layers) result.layers.push_back(each.layer);
  result.inputs = std::move(read->layers);
  result.machine = std::move(machine);
  return result;
}

NetworkLayers layers_of(const OnnxModel& model, const NetworkInput& input,
                        chip::AcceleratorInput machine, const PrecisionPair& bits) {
  const Network& network = model.network;
  const auto plan =
      CompressionPlan::uniform(network.compute_nodes().size(), bits.weights, bits.inputs);
  NetworkLayers result{network.name(), machine.accelerator, {}, model.notes};
  const LoweringOptions options = lowering_options(input, machine.accelerator, bits);
  for (LoweredLayer& lowered : lower(network, plan, options)) {
    result.inputs.push_back(chip::with_usual_names(lowered.layer));
    result.layers.push_back(std::move(lowered.layer));
  }
  result.machine = std::move(machine);
  return result;
}

Expected<NetworkLayers> load_on(const NetworkInput& input,
                                const Expected<chip::AcceleratorInput>& machine) {
  Diagnostics problems;
  const auto bits = parse_bits(input.bits);
  const auto foreign = foreign_layers(input.network);
  std::optional<Expected<OnnxModel>> model;
  if (!foreign) model = load_network(input.network);
  if (model && *model) {
    collect(at_option("--batch", check_batch((*model)->network, input.batch)), problems);
    collect(check_layers((*model)->network, input), problems);
  }
  if (model && !*model) collect(model->error(), problems);
  if (!machine) collect(machine.error(), problems);
  if (!bits) collect(bits.error(), problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return foreign ? layers_of(**foreign, input, *machine, *bits)
                 : layers_of(**model, input, *machine, *bits);
}

}  // namespace

std::vector<std::string> all_notes(const NetworkLayers& network) {
  std::vector<std::string> notes = network.notes;
  notes.insert(notes.end(), network.machine.notes.begin(), network.machine.notes.end());
  return notes;
}

void print_notes(const GlobalOptions& global, const NetworkInput& input,
                 const NetworkLayers& network) {
  print_notes(global, input.network, network.notes);
  print_notes(global, input.arch, network.machine.notes);
}

namespace {

/// Names that the command line must give.
Diagnostics missing_names(const NetworkInput& input) {
  Diagnostics problems;
  if (input.network.empty()) {
    problems.push_back({"NETWORK", "is missing", "'hwflow list networks' names the built-in ones"});
  }
  if (input.arch.empty()) {
    problems.push_back(
        {"--arch", "is missing", "'hwflow list accelerators' names the built-in ones"});
  }
  return problems;
}

}  // namespace

Expected<NetworkGraph> load_network_graph(const NetworkInput& input) {
  Diagnostics problems = missing_names(input);
  const auto bits = parse_bits(input.bits);
  std::optional<Expected<OnnxModel>> model;
  if (!input.network.empty()) {
    if (foreign_layers(input.network))
      problems.push_back({input.network, "lists layers without their connections",
                          "'hwflow fuse' needs a network: a built-in one, ONNX or network YAML"});
    else
      model = load_network(input.network);
  }
  std::optional<Expected<chip::AcceleratorInput>> machine;
  if (!input.arch.empty()) machine = chip::read_accelerator(input.arch);
  if (model && *model) {
    collect(at_option("--batch", check_batch((*model)->network, input.batch)), problems);
    if ((*model)->network.compute_nodes().empty())
      problems.push_back({input.network, "has no layer with weights", ""});
  }
  if (model && !*model) collect(model->error(), problems);
  if (machine && !*machine) collect(machine->error(), problems);
  if (!bits) collect(bits.error(), problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  LoweringOptions lowering = lowering_options(input, (*machine)->accelerator, *bits);
  lowering.include_auxiliary = true;
  const std::size_t layers = (*model)->network.compute_nodes().size();
  return NetworkGraph{(*model)->network,
                      CompressionPlan::uniform(layers, bits->weights, bits->inputs), lowering,
                      **machine, (*model)->notes};
}

Expected<NetworkLayers> load_network_layers(const NetworkInput& input) {
  Diagnostics problems = missing_names(input);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return load_on(input, chip::read_accelerator(input.arch));
}

Expected<NetworkLayers> load_layers_alone(const NetworkInput& input) {
  chip::Accelerator::Fields fields;
  fields.name = "none";
  fields.partial_sum_bits = fields.float_bits;
  fields.levels.resize(1);
  fields.levels[0].name = "DRAM";
  fields.levels[0].keeps = {{true, true, true}};
  auto machine = chip::Accelerator::make(std::move(fields));
  HWFLOW_CHECK(machine.has_value(), "a machine of one level");
  return load_on(input, chip::AcceleratorInput{std::move(*machine)});
}

}  // namespace hwflow::cli
