#include "cli/convert_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chip/mapping/layer_network.hpp"
#include "chip/mapping/mapping_input.hpp"
#include "cli/network_layers.hpp"
#include "workload/network_yaml.hpp"

namespace hwflow::cli {
namespace {

struct ConvertArguments {
  NetworkInput input;
  std::string mapping, to;
  bool lossy = false;
};

/// One file to write.
struct Converted {
  std::string file;
  chip::ForeignText text;
};

/// What is converted, read.
struct Inputs {
  std::optional<chip::AcceleratorInput> machine;
  std::vector<Layer> layers;
  std::vector<chip::LayerMapping> mappings;
  std::vector<std::string> notes;
};

void append(std::vector<std::string>& to, const std::vector<std::string>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

Expected<Inputs> read_inputs(const ConvertArguments& arguments) {
  Inputs inputs;
  const NetworkInput& input = arguments.input;
  if (input.network.empty() && input.arch.empty())
    return Unexpected{
        Diagnostics{{"convert", "nothing to convert", "give NETWORK, --arch, or both"}}};
  if (!arguments.mapping.empty() && (input.network.empty() || input.arch.empty()))
    return Unexpected{Diagnostics{{"--mapping", "needs NETWORK and --arch", ""}}};
  if (input.network.empty()) {
    auto machine = chip::read_accelerator(input.arch);
    if (!machine) return Unexpected{std::move(machine).error()};
    inputs.notes = machine->notes;
    inputs.machine = std::move(*machine);
    return inputs;
  }
  auto network = input.arch.empty() ? load_layers_alone(input) : load_network_layers(input);
  if (!network) return Unexpected{std::move(network).error()};
  inputs.layers = network->layers;
  inputs.notes = all_notes(*network);
  if (!input.arch.empty()) inputs.machine = network->machine;
  if (arguments.mapping.empty()) return inputs;
  const auto documents = chip::Documents::load(arguments.mapping);
  if (!documents) return Unexpected{documents.error()};
  auto mapped = chip::read_mappings(*documents, network->inputs, network->machine);
  if (!mapped) return Unexpected{std::move(mapped).error()};
  inputs.machine->accelerator = std::move(mapped->accelerator);
  inputs.mappings = std::move(mapped->mappings);
  append(inputs.notes, mapped->notes);
  return inputs;
}

std::string file_name(const std::string& layer, const char* kind) {
  std::string name = layer;
  std::replace(name.begin(), name.end(), '/', '_');
  return fmt::format("{}.{}.yaml", name, kind);
}

/// `machine` null pointer: the layer is converted alone.
Expected<chip::ForeignText> convert_layer(const Layer& layer, const chip::Accelerator* machine,
                                          chip::Format format) {
  if (format != chip::Format::hwflow) return chip::write_layer(layer, format);
  const auto network = chip::network_of(layer);
  if (!network) return Unexpected{network.error()};
  chip::ForeignText text{to_yaml(*network), {}, {}};
  if (layer.op.bound(Dim::n) > 1)
    text.notes.push_back(
        fmt::format("layer {}: --batch {} is its batch", layer.name, layer.op.bound(Dim::n)));
  text.notes.push_back(fmt::format("layer {}: --bits {}/{} are its widths", layer.name,
                                   layer.bits.weights, layer.bits.inputs));
  if (machine != nullptr && machine->fields().partial_sum_bits != layer.bits.partial_sums)
    text.losses.push_back({fmt::format("layer {}: partial sums", layer.name),
                           fmt::format("have {} bits: network files take the {} of the accelerator",
                                       layer.bits.partial_sums, machine->fields().partial_sum_bits),
                           "set partial_sum_bits in accelerator.yaml"});
  return text;
}

Expected<std::vector<Converted>> convert(const Inputs& inputs, chip::Format format) {
  std::vector<Converted> files;
  Diagnostics problems;
  if (inputs.machine)
    files.push_back(
        {"accelerator.yaml", chip::write_accelerator(inputs.machine->accelerator, format)});
  for (const Layer& layer : inputs.layers) {
    auto text =
        convert_layer(layer, inputs.machine ? &inputs.machine->accelerator : nullptr, format);
    if (text) files.push_back({file_name(layer.name, "layer"), std::move(*text)});
    if (!text) problems.insert(problems.end(), text.error().begin(), text.error().end());
  }
  for (const auto& [name, mapping] : inputs.mappings) {
    const auto layer = std::find_if(inputs.layers.begin(), inputs.layers.end(),
                                    [&](const Layer& each) { return each.name == name; });
    const chip::Accelerator& accelerator = inputs.machine->accelerator;
    if (layer == inputs.layers.end()) {
      problems.push_back({name, "is the name of no layer of the network", ""});
      continue;
    }
    const Diagnostics wrong = chip::check(mapping, *layer, accelerator);
    problems.insert(problems.end(), wrong.begin(), wrong.end());
    if (wrong.empty())
      files.push_back(
          {file_name(name, "mapping"), chip::write_mapping(mapping, *layer, accelerator, format)});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return files;
}

void write(const std::vector<Converted>& files, const GlobalOptions& global) {
  if (!global.out) {
    for (const Converted& each : files) fmt::print("{}", each.text.text);
    return;
  }
  std::filesystem::create_directories(*global.out);
  for (const Converted& each : files) {
    write_file(*global.out / each.file, each.text.text);
    if (!global.quiet) fmt::print("{}\n", (*global.out / each.file).string());
  }
}

void report(const std::vector<Converted>& files, std::vector<std::string> notes,
            const Diagnostics& losses, const GlobalOptions& global) {
  nlohmann::ordered_json names = nlohmann::ordered_json::array(), lost = names;
  for (const Converted& each : files) names.push_back(each.file);
  for (const Diagnostic& each : losses) {
    lost.push_back(fmt::format("{}: {}", each.place, each.reason));
    notes.push_back("not said: " + lost.back().get<std::string>());
  }
  print_notes(global, "convert", notes);
  write_json_tree(global, {{"files", names}, {"notes", notes}, {"losses", lost}});
}

int run_convert(const ConvertArguments& arguments, const GlobalOptions& global) {
  const auto format = chip::format_from_name(arguments.to);
  if (!format) return report_wrong_input(format.error());
  const auto inputs = read_inputs(arguments);
  if (!inputs) return report_wrong_input(inputs.error());
  const auto files = convert(*inputs, *format);
  if (!files) return report_wrong_input(files.error());
  Diagnostics losses;
  std::vector<std::string> notes = inputs->notes;
  for (const Converted& each : *files) {
    append(notes, each.text.notes);
    losses.insert(losses.end(), each.text.losses.begin(), each.text.losses.end());
  }
  if (!losses.empty() && !arguments.lossy) {
    losses.push_back({fmt::format("--to {}", arguments.to), "cannot say all of this",
                      "--lossy writes the rest"});
    return report_wrong_input(losses);
  }
  if (!global.out && files->size() > 1 &&
      (*format == chip::Format::hwflow || *format == chip::Format::zigzag || files->size() > 3))
    return report_wrong_input({{"--out", fmt::format("is missing: {} files", files->size()), ""}});
  write(*files, global);
  report(*files, std::move(notes), losses, global);
  return kDone;
}

}  // namespace

void add_convert_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "convert", "Accelerators, layers and mappings from and to the formats of other tools");
  auto arguments = std::make_shared<ConvertArguments>();
  add_network_options(*command, arguments->input);
  command->add_option("--mapping", arguments->mapping,
                      "Mappings of NETWORK on --arch, converted too");
  command->add_option("--to", arguments->to, "hwflow, timeloop (0.4), timeloop-0.3 or zigzag")
      ->required();
  command->add_flag("--lossy", arguments->lossy,
                    "Write what the format can say and name the rest, instead of refusing");
  command->footer(
      "Formats of the inputs are recognised by their content. Without --out the result goes to\n"
      "standard output. What the other format cannot say is named, with exit code 2 unless "
      "--lossy.");
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_convert(*arguments, options); });
}

}  // namespace hwflow::cli
