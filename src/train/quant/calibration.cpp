#include "train/quant/calibration.hpp"

#include <torch/utils.h>

#include <algorithm>

#include "base/check.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/quant/integer_checks.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

constexpr std::size_t kSamplesPerTensor = 32768;

bool is_compute(const Node& node) {
  return node.kind == NodeKind::convolution || node.kind == NodeKind::fully_connected;
}

/// The float network, noting what its arithmetic nodes read.
class ObservedModule final : public NetworkModule {
 public:
  /// `images` will pass in all; means are taken over the first `mean_images` of them.
  ObservedModule(const Network& network, std::int64_t images, std::int64_t mean_images)
      : NetworkModule(network),
        samples(network.nodes().size()),
        mean_inputs(network.nodes().size()),
        images_(images),
        mean_images_(mean_images),
        sources_(grid_sources(network)) {}

  Tensor forward(Tensor images) override {
    const std::int64_t count = images.size(0);
    Tensor logits = NetworkModule::forward(std::move(images));
    seen_ += count;
    return logits;
  }

  Tensor input_of(std::size_t node, std::size_t edge, Tensor x) override {
    const Node& description = network().nodes()[node];
    const auto read = static_cast<std::size_t>(description.inputs[edge].value);
    take_samples(sources_[read], node, edge, x);
    const std::int64_t wanted = std::min(x.size(0), mean_images_ - seen_);
    if (is_compute(description) && wanted > 0) {
      const Tensor sum = x.slice(0, 0, wanted).sum(0, false, torch::kFloat64).contiguous();
      std::vector<double>& mean = mean_inputs[node];
      mean.resize(static_cast<std::size_t>(sum.numel()), 0.0);
      for (std::size_t i = 0; i < mean.size(); ++i)
        mean[i] += sum.data_ptr<double>()[i] / static_cast<double>(mean_images_);
    }
    return x;
  }

  std::vector<std::vector<float>> samples;       ///< per source node
  std::vector<std::vector<double>> mean_inputs;  ///< per compute node, (channel, row, column)

 private:
  /// A fixed share of the elements, evenly spread, and the extremes; of the first edge only that
  /// reads a source.
  void take_samples(std::size_t source, std::size_t node, std::size_t edge, const Tensor& x) {
    const auto [reader, is_new] = readers_.try_emplace(source, node, edge);
    if (reader->second != std::pair(node, edge)) return;
    const Tensor flat = x.contiguous().flatten();
    const float* values = flat.data_ptr<float>();
    const double total = static_cast<double>(flat.numel()) / static_cast<double>(x.size(0)) *
                         static_cast<double>(images_);
    // An odd step visits every column of images of even width.
    const auto step = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(total / static_cast<double>(kSamplesPerTensor)) | 1);
    std::vector<float>& kept = samples[source];
    for (std::int64_t i = 0; i < flat.numel(); i += step) kept.push_back(values[i]);
    kept.push_back(flat.min().item<float>());
    kept.push_back(flat.max().item<float>());
  }

  std::int64_t images_, mean_images_, seen_ = 0;
  std::vector<std::size_t> sources_;
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> readers_;
};

std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

/// Fills a CalibratedNetwork.
class CalibrationRun {
 public:
  static std::shared_ptr<CalibratedNetwork> run(const Network& network, const WeightMap& weights,
                                                const ImageSet& images,
                                                std::span<const std::int64_t> indices,
                                                const Normalization& normalization,
                                                const CalibrationOptions& options) {
    std::shared_ptr<CalibratedNetwork> result(new CalibratedNetwork(network, weights));
    result->normalization_ = normalization;
    result->options_ = options;
    result->sources_ = grid_sources(network);
    result->non_negative_ = non_negative_nodes(network);
    const auto count =
        std::min<std::size_t>(indices.size(), static_cast<std::size_t>(options.images));
    const auto image = static_cast<std::size_t>(images.channels * images.height * images.width);
    result->correction_count_ =
        std::min<std::int64_t>(static_cast<std::int64_t>(count), options.correction_images);
    observe(*result, images, indices.first(count));
    for (const std::int64_t i :
         indices.first(static_cast<std::size_t>(result->correction_count_))) {
      const auto first = images.pixels.begin() + i * static_cast<std::ptrdiff_t>(image);
      result->correction_pixels_.insert(result->correction_pixels_.end(), first,
                                        first + static_cast<std::ptrdiff_t>(image));
    }
    return result;
  }

 private:
  static void observe(CalibratedNetwork& result, const ImageSet& images,
                      std::span<const std::int64_t> indices) {
    torch::NoGradGuard no_gradients;
    ObservedModule module(result.network_, static_cast<std::int64_t>(indices.size()),
                          result.correction_count_);
    load_weights(module, result.weights_);
    module.eval();
    constexpr std::size_t kBatch = 64;
    for (std::size_t first = 0; first < indices.size(); first += kBatch) {
      const auto part = indices.subspan(first, std::min(kBatch, indices.size() - first));
      module.forward(to_tensor(images, result.normalization_, {part.begin(), part.end()}));
    }
    result.samples_ = std::move(module.samples);
    result.mean_sums_.resize(result.network_.nodes().size());
    for (std::size_t i = 0; i < result.network_.nodes().size(); ++i) {
      const Node& node = result.network_.nodes()[i];
      if (!is_compute(node) || result.correction_count_ == 0) continue;
      const FeatureShape input = result.network_.node(node.inputs[0]).shape;
      std::vector<double> means =
          mean_outputs(node, input, module.mean_inputs[i],
                       doubles(result.weights_.at(node.name + ".weight").values));
      const std::vector<float>& bias = result.weights_.at(node.name + ".bias").values;
      for (std::size_t k = 0; k < means.size(); ++k) means[k] += bias[k];
      result.mean_sums_[i] = std::move(means);
    }
  }
};

Expected<std::shared_ptr<CalibratedNetwork>> CalibratedNetwork::make(
    const Network& network, const WeightMap& weights, const ImageSet& images,
    std::span<const std::int64_t> indices, const Normalization& normalization,
    const CalibrationOptions& options) {
  Diagnostics problems = unsupported_parts(network);
  for (Diagnostic& problem : integer::unsupported_in_integers(network))
    problems.push_back(std::move(problem));
  for (Diagnostic& problem : check_fit(network, images)) problems.push_back(std::move(problem));
  if (indices.empty() || options.images < 1)
    problems.push_back({"calibration", "needs at least one image", ""});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return CalibrationRun::run(network, weights, images, indices, normalization, options);
}

QuantizerGrid CalibratedNetwork::activation_grid(std::size_t source, int bits) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = grids_.try_emplace({source, bits});
  QuantizerGrid& grid = entry->second;
  if (!is_new) return grid;
  grid.bits = bits;
  if (bits == kFloatBits) return grid;
  const CodeRange range = activation_range(bits, !non_negative_[source]);
  grid.low = range.low;
  grid.high = range.high;
  grid.scale = calibrated_scale(samples_[source], range, options_.activations);
  return grid;
}

WeightQuantizer CalibratedNetwork::weight_quantizer(std::size_t node, int bits, bool dorefa) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = quantizers_.try_emplace({node, bits, dorefa});
  WeightQuantizer& quantizer = entry->second;
  if (!is_new || bits == kFloatBits) return quantizer;
  const FloatTensor& weight = weights_.at(network_.nodes()[node].name + ".weight");
  IntegerCompute codes =
      dorefa ? quantize_weights_dorefa(weight.shape, weight.values, bits, options_.granularity)
             : quantize_weights(weight.shape, weight.values, bits, options_.weights,
                                options_.granularity);
  quantizer = {.bits = bits,
               .range = {codes.low, codes.high},
               .scales = std::move(codes.scales),
               .dorefa = dorefa};
  return quantizer;
}

QuantizedNetwork CalibratedNetwork::quantize(const PrecisionPlan& plan, QuantizerMethod method) {
  HWFLOW_CHECK(plan.layers.size() == network_.compute_nodes().size(),
               "the plan has another number of layers than the network");
  QuantizedNetwork result{.network = network_,
                          .weights = weights_,
                          .plan = plan,
                          .nodes = std::vector<QuantizedNode>(network_.nodes().size()),
                          .normalization = normalization_};
  std::size_t layer = 0;
  for (std::size_t i = 0; i < network_.nodes().size(); ++i) {
    const Node& node = network_.nodes()[i];
    if (!integer::is_arithmetic(node.kind)) continue;
    int bits = options_.auxiliary_bits;
    if (is_compute(node)) {
      bits = plan.layers[layer].inputs;
      const int weight_bits = plan.layers[layer++].weights;
      const bool dorefa = method != QuantizerMethod::lsq && weight_bits <= kWidestDorefa;
      result.nodes[i].weights = weight_quantizer(i, weight_bits, dorefa);
    }
    for (const NodeId input : node.inputs)
      result.nodes[i].inputs.push_back(
          activation_grid(sources_[static_cast<std::size_t>(input.value)], bits));
  }
  correct_biases(result, correction_pixels_, correction_count_, mean_sums_);
  make_room_for_biases(result);
  return result;
}

}  // namespace hwflow::train
