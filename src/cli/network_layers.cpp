#include "cli/network_layers.hpp"

#include <fmt/format.h>

#include <charconv>

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
  command.add_option("network", input.network, "Built-in name, .onnx file or network YAML file");
  command.add_option("--arch", input.arch, "Built-in accelerator or YAML file");
  command.add_option("--bits", input.bits,
                     "Widths of weights and activations, W/A (default: uncompressed)");
  command.add_option("--batch", input.batch, "Images at a time")
      ->capture_default_str()
      ->check(is_integer(1, 1 << 30));
  command.add_flag("--auxiliary", input.auxiliary,
                   "Poolings, additions and multiplications too, not only layers with weights");
}

Expected<NetworkLayers> load_network_layers(const NetworkInput& input) {
  Diagnostics problems;
  if (input.network.empty()) {
    problems.push_back({"NETWORK", "is missing", "'hwflow list networks' names the built-in ones"});
  }
  if (input.arch.empty()) {
    problems.push_back(
        {"--arch", "is missing", "'hwflow list accelerators' names the built-in ones"});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const auto model = load_network(input.network);
  const auto accelerator = chip::load_accelerator(input.arch);
  const auto bits = parse_bits(input.bits);
  if (model) {
    collect(at_option("--batch", check_batch(model->network, input.batch)), problems);
    collect(check_layers(model->network, input), problems);
  } else {
    collect(model.error(), problems);
  }
  if (!accelerator) collect(accelerator.error(), problems);
  if (!bits) collect(bits.error(), problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const Network& network = model->network;
  const auto plan =
      PrecisionPlan::uniform(network.compute_nodes().size(), bits->weights, bits->inputs);
  NetworkLayers result{network.name(), *accelerator, {}};
  for (LoweredLayer& lowered : lower(network, plan, lowering_options(input, *accelerator, *bits))) {
    result.layers.push_back(std::move(lowered.layer));
  }
  result.notes = model->notes;
  return result;
}

}  // namespace hwflow::cli
