#include "cli/export_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "train/export/onnx_export.hpp"
#include "train/nn/safetensors.hpp"
#include "train/quant/quantized_checkpoint.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  fs::path model;
  std::string network;
  std::string format = "qdq";
};

/// The network that a checkpoint names, unless the command line names one.
Expected<Network> network_of(const ExportArguments& arguments) {
  std::string name = arguments.network;
  if (name.empty()) {
    const Expected<train::Safetensors> file = train::read_safetensors(arguments.model);
    if (!file) return Unexpected{file.error()};
    const auto found = file->metadata.find("network");
    if (found == file->metadata.end()) {
      return Unexpected{Diagnostics{
          {arguments.model.string(), "does not say its network", "give --network NAME"}}};
    }
    name = found->second;
  }
  Expected<OnnxModel> model = load_network(name);
  if (!model) return Unexpected{std::move(model).error()};
  return std::move(model->network);
}

int run_export(const ExportArguments& arguments, const GlobalOptions& options) {
  const Expected<train::OnnxFlavour> flavour = train::onnx_flavour_from_name(arguments.format);
  if (!flavour) return report_wrong_input(flavour.error());
  const Expected<Network> network = network_of(arguments);
  if (!network) return report_wrong_input(network.error());
  const Expected<train::IntegerNetwork> integers =
      train::read_integer_network(arguments.model, *network);
  if (!integers) return report_wrong_input(integers.error());
  const Expected<std::string> bytes = train::to_onnx(*integers, *flavour);
  if (!bytes) return report_wrong_input(bytes.error());

  const fs::path folder = options.out.value_or(fs::path("."));
  fs::create_directories(folder);
  const fs::path file =
      folder / fmt::format("{}.{}.onnx", arguments.model.stem().string(), arguments.format);
  write_file(file, *bytes);
  write_json_tree(options, nlohmann::ordered_json({{"file", file.string()},
                                                   {"format", arguments.format},
                                                   {"bytes", bytes->size()}}));
  if (options.json != "-" && !options.quiet) {
    fmt::print("{} ({} bytes)\n", file.string(), bytes->size());
  }
  return kDone;
}

}  // namespace

void add_export_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("export", "Write a quantized network for other runtimes");
  const auto arguments = std::make_shared<ExportArguments>();
  command
      ->add_option("model", arguments->model, "Integer checkpoint, as 'hwflow codesign' writes it")
      ->required();
  command->add_option("--network", arguments->network,
                      "Built-in name or file; else as the checkpoint says");
  command
      ->add_option("--format", arguments->format,
                   "qdq: ONNX QuantizeLinear/DequantizeLinear, opset 13; qonnx: Quant nodes")
      ->capture_default_str();
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_export(*arguments, options); });
}

}  // namespace hwflow::cli
