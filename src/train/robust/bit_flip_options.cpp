#include "train/robust/bit_flip_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hwflow::train::robust {
namespace {

/// Nodes with weights, in order.
std::vector<std::size_t> layers_of(const IntegerNetwork& network) {
  std::vector<std::size_t> layers;
  for (std::size_t node = 0; node < network.nodes.size(); ++node)
    if (network.nodes[node].compute) layers.push_back(node);
  return layers;
}

/// Whether `name` means that node; `layers` is not empty.
bool names(const std::string& name, std::size_t node, const IntegerNetwork& network,
           const std::vector<std::size_t>& layers) {
  return (name == kFirstLayer && node == layers.front()) ||
         (name == kLastLayer && node == layers.back()) ||
         network.network.nodes()[node].name == name;
}

}  // namespace

std::vector<std::size_t> searched_layers(const IntegerNetwork& network,
                                         const std::vector<std::string>& skip) {
  const std::vector<std::size_t> layers = layers_of(network);
  std::vector<std::size_t> searched;
  std::ranges::copy_if(layers, std::back_inserter(searched), [&](std::size_t node) {
    return std::ranges::none_of(
        skip, [&](const std::string& name) { return names(name, node, network, layers); });
  });
  return searched;
}

Diagnostics check(const BitFlipOptions& o, std::int64_t classes) {
  Diagnostics problems;
  const auto want = [&](bool good, const char* option, const std::string& reason,
                        const char* hint = "") {
    if (!good) problems.push_back({option, reason, hint});
  };
  const auto want_count = [&](const char* option, std::int64_t value, std::int64_t least,
                              std::int64_t most) {
    want(value >= least && value <= most, option,
         fmt::format("must be from {} to {}, got {}", least, most, value));
  };
  const auto want_class = [&](const char* option, const std::optional<std::int64_t>& value) {
    want(!value || (*value >= 0 && *value < classes), option,
         fmt::format("must be a class from 0 to {}, got {}", classes - 1, value.value_or(0)));
  };
  want_count("flips", o.flips, 1, kMostFlips);
  want_count("images", o.images, 1, 65'536);
  want_count("bits_per_step", o.bits_per_step, 1, kMostFlips);
  want_count("candidates", o.candidates, 0, 1'000'000);
  want_count("random_runs", o.random_runs, 0, 100);
  want_count("threads", o.threads, 1, 1024);
  want_class("target", o.target);
  want_class("source", o.source);
  want(!o.source || o.target, "source", "says whose images are to be taken for another class",
       "name that class as the target");
  want(!o.source || !o.target || *o.source != *o.target, "source", "is the target itself",
       "two classes");
  want(!o.source || o.images >= 2, "images", "must be 2 or more: half are of the source class");
  want(!o.until || (*o.until >= 0.0 && *o.until <= 1.0), "until",
       fmt::format("must be a share from 0 to 1, got {}", o.until.value_or(0.0)));
  return problems;
}

Diagnostics check_layers(const BitFlipOptions& o, const IntegerNetwork& network) {
  Diagnostics problems;
  const std::vector<std::size_t> layers = layers_of(network);
  for (const std::string& name : o.skip) {
    if (std::ranges::any_of(layers,
                            [&](std::size_t node) { return names(name, node, network, layers); }))
      continue;
    problems.push_back({"skip", fmt::format("'{}' is no layer with weights", name),
                        "first, last, or a name as 'hwflow inject' lists them"});
  }
  std::int64_t bits = 0;
  for (const std::size_t node : searched_layers(network, o.skip))
    bits += std::ssize(network.nodes[node].compute->codes) * network.nodes[node].compute->bits;
  if (bits == 0) problems.push_back({"skip", "leaves no layer to attack", "skip fewer layers"});
  if (bits > 0 && o.flips > bits)
    problems.push_back({"flips", fmt::format("asks for {} of {} bits", o.flips, bits), ""});
  return problems;
}

std::optional<double> stop_accuracy(const BitFlipOptions& options, std::int64_t classes) {
  if (options.until || options.source) return options.until;
  return 1.0 / static_cast<double>(classes);
}

}  // namespace hwflow::train::robust
