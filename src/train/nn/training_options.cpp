#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/nn/training.hpp"

namespace hwflow::train {

Diagnostics check(const TrainOptions& o) {
  Diagnostics problems;
  const auto want = [&](bool good, const char* option, const std::string& reason) {
    if (!good) problems.push_back({option, reason, ""});
  };
  constexpr std::int64_t kMostBatch = 65'536, kMostPad = 64;
  const auto in_unit = [](double x) { return x >= 0.0 && x < 1.0; };
  want(o.epochs >= 1, "epochs", fmt::format("must be >= 1, got {}", o.epochs));
  want(o.batch_size >= 2, "batch_size", fmt::format("must be >= 2, got {}", o.batch_size));
  want(o.batch_size <= kMostBatch, "batch_size",
       fmt::format("must be <= {}, got {}", kMostBatch, o.batch_size));
  want(o.learning_rate > 0.0 && std::isfinite(o.learning_rate), "learning_rate",
       fmt::format("must be > 0, got {}", o.learning_rate));
  want(o.warmup_epochs >= 0.0 && std::isfinite(o.warmup_epochs), "warmup_epochs",
       fmt::format("must be a number >= 0, got {}", o.warmup_epochs));
  want(o.step_factor > 0.0 && o.step_factor <= 1.0, "step_factor",
       fmt::format("must be in (0, 1], got {}", o.step_factor));
  const bool are_numbers =
      std::ranges::all_of(o.step_epochs, [](double x) { return std::isfinite(x) && x >= 0.0; });
  want(are_numbers, "step_epochs", "must be numbers >= 0");
  want(!are_numbers || std::ranges::is_sorted(o.step_epochs), "step_epochs", "must ascend");
  want(in_unit(o.momentum), "momentum", fmt::format("must be in [0, 1), got {}", o.momentum));
  want(!o.nesterov || o.momentum > 0.0, "nesterov", "needs a momentum above 0");
  want(o.weight_decay >= 0.0 && std::isfinite(o.weight_decay), "weight_decay",
       fmt::format("must be a number >= 0, got {}", o.weight_decay));
  want(in_unit(o.label_smoothing), "label_smoothing",
       fmt::format("must be in [0, 1), got {}", o.label_smoothing));
  want(o.distillation >= 0.0 && o.distillation <= 1.0, "distillation",
       fmt::format("must be in [0, 1], got {}", o.distillation));
  want(o.temperature > 0.0 && std::isfinite(o.temperature), "temperature",
       fmt::format("must be a number > 0, got {}", o.temperature));
  want(o.augmentation.pad >= 0 && o.augmentation.pad <= kMostPad, "pad",
       fmt::format("must be from 0 to {}, got {}", kMostPad, o.augmentation.pad));
  want(o.threads >= 1, "threads", fmt::format("must be >= 1, got {}", o.threads));
  for (const auto& [option, decay] :
       {std::pair{"norm_decay", o.norm_decay}, std::pair{"range_decay", o.range_decay}}) {
    want(!decay || (*decay >= 0.0 && std::isfinite(*decay)), option,
         fmt::format("must be a number >= 0, got {}", decay.value_or(0.0)));
  }
  want(o.weight_clip >= 0.0 && std::isfinite(o.weight_clip), "weight_clip",
       fmt::format("must be a number >= 0, got {}", o.weight_clip));
  for (const auto& [option, rate] : {std::pair{"bit_errors.weights", o.bit_errors.weights},
                                     std::pair{"bit_errors.activations", o.bit_errors.activations}})
    want(rate >= 0.0 && rate <= 0.5, option, fmt::format("must be from 0 to 0.5, got {}", rate));
  want(o.bit_error_epochs >= 0.0 && std::isfinite(o.bit_error_epochs), "bit_error_epochs",
       fmt::format("must be a number >= 0, got {}", o.bit_error_epochs));
  for (const Diagnostic& problem : check(o.adversary)) problems.push_back(problem);
  want(!o.resume || !o.checkpoint.empty(), "resume", "needs a checkpoint file");
  return problems;
}

double learning_rate_at(const TrainOptions& options, double epoch) {
  const double peak = options.learning_rate;
  if (options.schedule == Schedule::cyclic) {
    const double half = options.epochs / 2.0;
    return peak * std::max(0.0, 1.0 - std::abs(epoch - half) / half);
  }
  if (epoch < options.warmup_epochs) return peak * epoch / options.warmup_epochs;
  if (options.schedule == Schedule::step) {
    const auto steps =
        std::ranges::count_if(options.step_epochs, [epoch](double step) { return epoch >= step; });
    return peak * std::pow(options.step_factor, static_cast<double>(steps));
  }
  const double span = std::max(options.epochs - options.warmup_epochs, 1e-9);
  const double done = std::min((epoch - options.warmup_epochs) / span, 1.0);
  return 0.5 * peak * (1.0 + std::cos(std::numbers::pi * done));
}

Diagnostics check_fit(const Network& network, const ImageSet& images) {
  Diagnostics problems;
  const auto& nodes = network.nodes();
  const auto input = std::ranges::find(nodes, NodeKind::input, &Node::kind);
  if (input != nodes.end()) {
    const FeatureShape& s = input->shape;
    if (s != FeatureShape{images.channels, images.height, images.width}) {
      problems.push_back({network.name(),
                          fmt::format("reads images of {} x {} x {}, those of {} have {} x {} x {}",
                                      s.channels, s.height, s.width, images.name, images.channels,
                                      images.height, images.width),
                          "choose a network made for this data set"});
    }
  }
  if (network.compute_nodes().empty()) {
    problems.push_back(
        {network.name(), "has no layer with weights: there is nothing to train", ""});
  }
  if (network.outputs().size() != 1) {
    std::string names;
    for (const NodeId output : network.outputs())
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", network.node(output).name);
    problems.push_back({network.name(),
                        fmt::format("has {} outputs ({}); accuracy is that of one",
                                    network.outputs().size(), names),
                        "leave in the file only the output that classifies"});
    return problems;
  }
  for (const NodeId output : network.outputs()) {
    const std::int64_t features = network.node(output).shape.elements();
    if (features != images.classes) {
      problems.push_back({network.name() + ": " + network.node(output).name,
                          fmt::format("has {} outputs for the {} classes of {}", features,
                                      images.classes, images.name),
                          ""});
    }
  }
  return problems;
}

}  // namespace hwflow::train
