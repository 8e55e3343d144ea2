#include "train/quant/calibration.hpp"

#include <torch/utils.h>

#include <algorithm>

#include "base/check.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/quant/integer_checks.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

constexpr std::size_t kSamplesPerTensor = 32768;
constexpr std::int64_t kCovarianceSamples = 4096;
constexpr std::int64_t kLargestFanIn = 2304;  // 42 MB

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
        sums(network.nodes().size()),
        inputs(network.nodes().size()),
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
    if (is_compute(description) && wanted > 0) note_sums(node, x.slice(0, 0, wanted));
    if (is_compute(description)) note_inputs(node, x);
    return x;
  }

  std::vector<std::vector<float>> samples;  ///< per source node
  std::vector<SumStatistics> sums;          ///< per compute node
  std::vector<InputMoments> inputs;         ///< per compute node

 private:
  void note_sums(std::size_t node, const Tensor& x) {
    const Tensor y = run_node(node, {x}).transpose(0, 1).flatten(1).to(torch::kFloat64);
    const Tensor sum = y.sum(1).contiguous(), squares = y.square().sum(1).contiguous();
    SumStatistics& s = sums[node];
    s.sum.resize(static_cast<std::size_t>(y.size(0)));
    s.squares.resize(s.sum.size());
    for (std::size_t k = 0; k < s.sum.size(); ++k) {
      s.sum[k] += sum.data_ptr<double>()[k];
      s.squares[k] += squares.data_ptr<double>()[k];
    }
    s.count += y.size(1);
  }

  void note_inputs(std::size_t node, const Tensor& x) {
    const Node& description = network().nodes()[node];
    const ConvShape& c = description.conv;
    const bool full = description.kind == NodeKind::fully_connected;
    Tensor columns;  // (image, group and element of the filter, position)
    if (full) {
      columns = x.flatten(1).unsqueeze(2);
    } else {
      const Tensor padded =
          torch::constant_pad_nd(x, {c.pad_left, c.pad_right, c.pad_top, c.pad_bottom}, 0.0);
      columns = torch::im2col(padded, {c.kernel_height, c.kernel_width},
                              {c.dilation_height, c.dilation_width}, {0, 0},
                              {c.stride_height, c.stride_width});
    }
    const std::int64_t groups = full ? 1 : c.groups;
    const std::int64_t fan_in = columns.size(1) / groups;
    if (fan_in > kLargestFanIn) return;
    // An odd step visits every column of images of even width.
    const std::int64_t step =
        std::max<std::int64_t>(1, (columns.size(2) * images_ / kCovarianceSamples - 1) | 1);
    columns = columns.slice(2, 0, columns.size(2), step)
                  .reshape({columns.size(0), groups, fan_in, -1})
                  .permute({1, 0, 3, 2})
                  .contiguous();  // (group, image, position, element)
    InputMoments& moments = inputs[node];
    if (moments.samples == 0) moments = InputMoments(groups, fan_in);
    moments.add({columns.data_ptr<float>(), static_cast<std::size_t>(columns.numel())});
  }

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
    result.sums_ = std::move(module.sums);
    for (const InputMoments& moments : module.inputs)
      result.covariances_.push_back(covariance_of(moments));
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

const QuantizerGrid& CalibratedNetwork::activation_grid(std::size_t source, int bits) {
  Once<QuantizerGrid>* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    entry = &grids_[{source, bits}];
  }
  std::call_once(entry->flag, [&] { find_grid(source, bits, entry->value); });
  return entry->value;
}

void CalibratedNetwork::find_grid(std::size_t source, int bits, QuantizerGrid& grid) const {
  grid.bits = bits;
  if (bits == kFloatBits) return;
  const CodeRange range = activation_range(bits, !non_negative_[source]);
  grid.low = range.low;
  grid.high = range.high;
  grid.scale = calibrated_scale(samples_[source], range, options_.activations);
}

std::vector<QuantizerGrid> CalibratedNetwork::input_grids(std::size_t node, int bits) {
  std::vector<QuantizerGrid> grids;
  const Node& description = network_.nodes()[node];
  if (!integer::is_arithmetic(description.kind)) return grids;
  for (const NodeId input : description.inputs)
    grids.push_back(activation_grid(sources_[static_cast<std::size_t>(input.value)], bits));
  return grids;
}

const LayerWeights& CalibratedNetwork::layer_weights(std::size_t node, int bits, bool dorefa) {
  Once<LayerWeights>* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    entry = &weights_of_layers_[{node, bits, dorefa}];
  }
  std::call_once(entry->flag, [&] { round_weights(node, bits, dorefa, entry->value); });
  return entry->value;
}

void CalibratedNetwork::round_weights(std::size_t node, int bits, bool dorefa,
                                      LayerWeights& weights) const {
  const FloatTensor& weight = weights_.at(network_.nodes()[node].name + ".weight");
  weights.values = weight.values;
  if (bits == kFloatBits) return;
  IntegerCompute codes =
      dorefa ? quantize_weights_dorefa(weight.shape, weight.values, bits, options_.granularity)
             : quantize_weights(weight.shape, weight.values, bits, options_.weights,
                                options_.granularity);
  const bool for_sums = !dorefa && bits > 1 && bits <= 8 && options_.weights == Calibration::mse;
  if (for_sums && !covariances_[node].values.empty()) {
    codes = round_for_sums(std::move(codes), weight.values, covariances_[node]);
    keep_codes(codes, weights.values);
  }
  weights.quantizer = {
      .bits = bits, .range = {codes.low, codes.high}, .scales = codes.scales, .dorefa = dorefa};
  weights.prepared = integer::prepare_weights(codes.codes, integer::convolution_of(network_, node),
                                              /*is_wide=*/false, KernelSet::best);
  weights.codes = std::move(codes);
}

QuantizedNetwork CalibratedNetwork::quantize(const CompressionPlan& plan, QuantizerMethod method,
                                             bool reestimate) {
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
      const LayerWeights& rounded = layer_weights(i, weight_bits, dorefa);
      result.nodes[i].weights = rounded.quantizer;
      result.weights.at(node.name + ".weight").values = rounded.values;
    }
    result.nodes[i].inputs = input_grids(i, bits);
  }
  if (reestimate) correct_sums(result, correction_pixels_, correction_count_, sums_);
  make_room_for_biases(result);
  return result;
}

}  // namespace hwflow::train
