#include "cli/quantized_train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "train/nn/safetensors.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/quantized_checkpoint.hpp"
#include "train/quant/quantized_testing.hpp"
#include "train/quant/quantized_training.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

using train::QuantizerMethod;

constexpr std::array kMethods{QuantizerMethod::lsq, QuantizerMethod::pact, QuantizerMethod::dorefa};

Expected<QuantizerMethod> method_of(const std::string& text) {
  for (const QuantizerMethod method : kMethods) {
    if (name(method) == text) return method;
  }
  return Unexpected{Diagnostics{
      {"--quantizer " + text, "is not a quantizer that we know", "lsq, pact or dorefa"}}};
}

Expected<CompressionPlan> plan_of(const QuantizedArguments& arguments, const Network& network) {
  const std::size_t layers = network.compute_nodes().size();
  if (!arguments.plan.empty()) {
    Expected<CompressionPlan> plan = compression_plan_from_text(arguments.plan);
    if (plan && plan->layers.size() != layers) {
      return Unexpected{Diagnostics{{"--plan",
                                     fmt::format("has {} pairs, {} has {} layers with weights",
                                                 plan->layers.size(), network.name(), layers),
                                     "one pair for each, in the network's order"}}};
    }
    if (plan && !plan->channels.empty()) {
      return Unexpected{Diagnostics{
          {"--plan", "removes channels, which training alone does not",
           "leave out what follows '|'; 'hwflow codesign' with search.channels removes them"}}};
    }
    return plan;
  }
  const Expected<PrecisionPair> bits = pair_of("--bits", arguments.bits);
  const Expected<PrecisionPair> ends = pair_of("--ends", arguments.ends);
  if (!bits) return Unexpected{bits.error()};
  if (!ends) return Unexpected{ends.error()};
  CompressionPlan plan = CompressionPlan::uniform(layers, bits->weights, bits->inputs);
  plan.layers.front() = plan.layers.back() = *ends;
  return plan;
}

/// A checkpoint with quantizers; none: the file is something else.
Expected<std::optional<train::QuantizedNetwork>> load_quantized(const ModelArguments& arguments) {
  using Result = std::optional<train::QuantizedNetwork>;
  if (arguments.file.ends_with(".onnx")) return Result{};
  const Expected<train::Safetensors> file = train::read_safetensors(arguments.file);
  if (!file) return Unexpected{file.error()};
  const auto format = file->metadata.find("format");
  if (format == file->metadata.end() || format->second != train::kQuantizedFormat) return Result{};
  const Expected<OnnxModel> described = load_network(arguments.network);
  if (!described) return Unexpected{described.error()};
  auto read = train::read_quantized_network(arguments.file, described->network);
  if (!read) return Unexpected{read.error()};
  return Result{std::move(*read)};
}

/// What training starts from, and the sums that its batches are expected to have.
struct Start {
  train::QuantizedNetwork network;
  std::vector<train::SumStatistics> sums;
};

bool has_method(const train::QuantizedNetwork& network, QuantizerMethod method) {
  return std::ranges::all_of(network.nodes, [&](const train::QuantizedNode& node) {
    return node.weights.scales.empty() || node.weights.bits > 8 ||
           node.weights.dorefa == (method != QuantizerMethod::lsq);
  });
}

/// A checkpoint of the same widths goes on as it is; anything else is calibrated.
Expected<Start> start_of(const TrainArguments& arguments, const TrainInputs& inputs,
                         const CompressionPlan& plan, QuantizerMethod method) {
  Expected<std::optional<train::QuantizedNetwork>> known =
      load_quantized({arguments.initial, arguments.network, arguments.normalization});
  if (!known) return Unexpected{known.error()};
  if (*known && (*known)->plan == plan && has_method(**known, method)) {
    std::vector<train::SumStatistics> sums =
        train::sums_of_trained(**known, inputs.training, arguments.options.augmentation);
    return Start{std::move(**known), std::move(sums)};
  }
  const auto calibrated = calibrate(*inputs.folded, inputs.training, inputs.normalization,
                                    arguments.quantized.calibration_images, arguments.options.seed);
  if (!calibrated) return Unexpected{calibrated.error()};
  const std::span<const train::SumStatistics> sums = (*calibrated)->sums();
  return Start{(*calibrated)->quantize(plan, method), {sums.begin(), sums.end()}};
}

}  // namespace

Expected<std::shared_ptr<train::CalibratedNetwork>> calibrate(
    const train::FoldedNetwork& folded, const train::ImageSet& images,
    const train::Normalization& normalization, std::int64_t count, std::uint64_t seed) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  train::CalibrationOptions options;
  options.images = count;
  return train::CalibratedNetwork::make(folded.network, folded.weights, images,
                                        train::spread_sample(all, count, seed), normalization,
                                        options);
}

Expected<PrecisionPair> pair_of(const std::string& option, const std::string& text) {
  const Expected<CompressionPlan> plan = compression_plan_from_text(text);
  if (plan && plan->layers.size() == 1 && plan->channels.empty()) return plan->layers.front();
  return Unexpected{Diagnostics{{option + " " + text, "is not one pair of widths",
                                 "weights/inputs in bits, each 1 to 16: 4/8"}}};
}

void add_quantized_options(CLI::App& command, QuantizedArguments& arguments) {
  command.add_option("--bits", arguments.bits,
                     "Train at these widths, weights/inputs, all layers but the first and the "
                     "last: 4/4 (needs --initial)");
  command.add_option("--ends", arguments.ends, "Widths of the first and the last layer")
      ->capture_default_str();
  command.add_option("--plan", arguments.plan,
                     "Widths of every layer instead: \"8/8 4/2 ... 8/8\"");
  command.add_option("--quantizer", arguments.method, "lsq, pact or dorefa")->capture_default_str();
  command.add_flag("--folded", arguments.folded,
                   "Keep BatchNorm folded while training; else batches are normalized");
  command
      .add_option("--calibration-images", arguments.calibration_images,
                  "Training images from which the first scales are taken")
      ->capture_default_str();
  command.add_option("--teacher", arguments.teacher,
                     "Weight file of the teacher of --distill; at widths else that of --initial");
  command.add_option("--teacher-network", arguments.teacher_network,
                     "Its network, if it is another one");
}

Diagnostics check_quantized(const TrainArguments& arguments) {
  const QuantizedArguments& quantized = arguments.quantized;
  Diagnostics problems;
  if (!quantized.teacher.empty() && arguments.options.distillation <= 0.0)
    problems.push_back({"--teacher", "teaches nothing without --distill", "add --distill 1"});
  if (!quantized.wanted()) {
    if (arguments.options.distillation > 0.0 && quantized.teacher.empty())
      problems.push_back({"--distill", "needs a teacher", "add --teacher FILE"});
    return problems;
  }
  if (!quantized.bits.empty() && !quantized.plan.empty())
    problems.push_back({"--plan", "cannot stand beside --bits", "give one of them"});
  if (arguments.initial.empty())
    problems.push_back({"--bits", "needs trained weights to start from", "add --initial FILE"});
  if (quantized.calibration_images < 1)
    problems.push_back({"--calibration-images", "must be at least 1", ""});
  const auto keep = [&problems](const auto& expected) {
    if (expected) return;
    problems.insert(problems.end(), expected.error().begin(), expected.error().end());
  };
  keep(method_of(quantized.method));
  if (!quantized.bits.empty()) keep(pair_of("--bits", quantized.bits));
  keep(pair_of("--ends", quantized.ends));
  return problems;
}

Expected<train::Teacher> load_teacher(const TrainArguments& arguments, const TrainInputs& inputs) {
  const QuantizedArguments& quantized = arguments.quantized;
  const std::string& network =
      quantized.teacher_network.empty() ? arguments.network : quantized.teacher_network;
  const std::string& file = quantized.teacher.empty() ? arguments.initial : quantized.teacher;
  const Expected<std::optional<train::QuantizedNetwork>> rounded =
      load_quantized({file, network, arguments.normalization});
  if (!rounded) return Unexpected{rounded.error()};
  if (*rounded) {
    return Unexpected{Diagnostics{
        {quantized.teacher.empty() ? "--distill" : "--teacher " + file,
         file + " was trained to be rounded; its float weights are no network that could teach",
         "--teacher FILE with the float network"}}};
  }
  Expected<FoldedModel> model =
      load_folded({file, network, arguments.normalization}, inputs.training);
  if (!model) return Unexpected{model.error()};
  Diagnostics problems = train::check_fit(model->folded.network, inputs.training);
  if (model->normalization != inputs.normalization) {
    problems.push_back({"--teacher " + file,
                        "reads images of another normalization than the network that it teaches",
                        "train with a teacher of the same"});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return train::Teacher{std::move(model->folded.network), std::move(model->folded.weights)};
}

Expected<FoldedModel> load_folded(const ModelArguments& arguments, const train::ImageSet& images) {
  Expected<std::optional<train::QuantizedNetwork>> quantized = load_quantized(arguments);
  if (!quantized) return Unexpected{quantized.error()};
  if (*quantized) {
    return FoldedModel{{std::move((*quantized)->network), std::move((*quantized)->weights)},
                       std::move((*quantized)->normalization)};
  }
  const Expected<TrainedModel> model = load_model(arguments, images);
  if (!model) return Unexpected{model.error()};
  return FoldedModel{train::fold_for_quantization(model->network, model->weights),
                     model->normalization};
}

Expected<TrainOutcome> train_quantized(const TrainArguments& arguments, const TrainInputs& inputs,
                                       const std::filesystem::path& folder,
                                       const train::EpochProgress& progress,
                                       const std::stop_token& stop, const Provenance& provenance) {
  const train::FoldedNetwork& folded = *inputs.folded;
  const Expected<CompressionPlan> plan = plan_of(arguments.quantized, folded.network);
  if (!plan) return Unexpected{plan.error()};
  const QuantizerMethod method = method_of(arguments.quantized.method).value();
  Expected<Start> start = start_of(arguments, inputs, *plan, method);
  if (!start) return Unexpected{start.error()};
  std::optional<train::Teacher> teacher;
  if (arguments.options.distillation > 0.0) {
    Expected<train::Teacher> loaded = load_teacher(arguments, inputs);
    if (!loaded) return Unexpected{loaded.error()};
    teacher = std::move(*loaded);
  }
  auto trained = train::train_quantized(
      start->network, start->sums, inputs.training,
      {.method = method, .options = arguments.options, .batch_norm = !arguments.quantized.folded},
      teacher ? &*teacher : nullptr, progress, stop);
  if (!trained) return Unexpected{trained.error()};
  TrainOutcome outcome;
  outcome.epochs = std::move(trained->epochs);
  outcome.stopped = trained->stopped;
  if (outcome.stopped) return outcome;
  const auto integers = train::to_integer_network(trained->network);
  if (!integers) return Unexpected{integers.error()};
  const std::vector<std::uint8_t> right =
      train::test_integers(*integers, inputs.test, arguments.options.threads);
  outcome.correct = std::accumulate(right.begin(), right.end(), std::int64_t{0});
  outcome.file = folder / (folded.network.name() + "_quantized.safetensors");
  train::write_quantized_network(outcome.file, trained->network, provenance(outcome.correct));
  return outcome;
}

}  // namespace hwflow::cli
