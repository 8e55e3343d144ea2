#include "train/quant/plan_runner.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "train/quant/correction_run.hpp"

namespace hwflow::train {
namespace {

/// Runs the end of a plan: the part whose inputs nobody has kept.
class EndOfPlan {
 public:
  /// `cache`: null: nothing is taken from it or kept.
  EndOfPlan(const CompressionPlan& plan, integer::Plan compiled, PlanCache* cache,
            std::span<const std::uint8_t> pixels, std::int64_t count)
      : plan_(plan),
        compiled_(std::move(compiled)),
        cache_(cache),
        pixels_(pixels),
        images_(static_cast<std::size_t>(count)),
        codes_(compiled_.slots.size()),
        is_needed_(compiled_.slots.size(), false),
        is_run_(compiled_.nodes.size(), false) {}

  std::vector<std::int32_t> predict() {
    need_inputs(compiled_.output, {});
    is_run_[compiled_.output] = true;
    const std::vector<std::size_t> kept = choose_kept();
    leave_out_others();
    std::vector<std::int32_t> classes(images_);
    integer::Workspace workspace = integer::make_workspace(compiled_);
    for (std::size_t i = 0; i < images_; ++i) {
      codes_.bind(i, workspace);
      const std::uint8_t* pixels = pixels_.data() + i * (pixels_.size() / images_);
      for (std::size_t node = 0; node < is_run_.size(); ++node)
        if (is_run_[node]) integer::run_node(compiled_, node, pixels, workspace);
      classes[i] = static_cast<std::int32_t>(
          std::max_element(workspace.logits.begin(), workspace.logits.end()) -
          workspace.logits.begin());
    }
    for (const std::size_t slot : kept) {
      const SharedActivations filled = codes_.finish(slot);
      cache_->activations.insert(key_of(slot), filled, filled->bytes());
    }
    return classes;
  }

  /// Per image, of what predict() ran.
  [[nodiscard]] std::int64_t macs() const {
    std::int64_t macs = 0;
    for (std::size_t node = 0; node < is_run_.size(); ++node) {
      if (!is_run_[node] || !compiled_.network.nodes[node].compute) continue;
      const FeatureShape out = compiled_.network.network.nodes()[node].shape;
      macs += std::ssize(compiled_.network.nodes[node].compute->codes) * out.height * out.width;
    }
    return macs;
  }

 private:
  [[nodiscard]] std::string key_of(std::size_t slot) const {
    return cache_->keys.of_slot(plan_, compiled_.slots[slot], kSearchImages);
  }

  /// From the logits back to codes that were kept, or to the image.
  void need(std::size_t slot) {
    if (is_needed_[slot]) return;
    is_needed_[slot] = true;
    if (cache_ != nullptr) {
      if (SharedActivations known = cache_->activations.find(key_of(slot)))
        return codes_.set(slot, std::move(known));
    }
    const integer::Slot& description = compiled_.slots[slot];
    is_run_[description.node] = true;
    need_inputs(description.node, description.sources);
  }

  void need_inputs(std::size_t node, std::span<const std::size_t> sources) {
    for (const std::size_t input : compiled_.nodes[node].inputs) need(input);
    for (const std::size_t source : sources) need(source);
  }

  /// Computed slots that were asked for before: others may ask again.
  std::vector<std::size_t> choose_kept() {
    std::vector<std::size_t> kept;
    if (cache_ == nullptr) return kept;
    for (std::size_t slot = 0; slot < is_needed_.size(); ++slot) {
      if (!is_needed_[slot] || codes_.has(slot) || !cache_->activations.wants(key_of(slot)))
        continue;
      codes_.make_room(slot, images_,
                       static_cast<std::size_t>(compiled_.slots[slot].shape.elements()));
      kept.push_back(slot);
    }
    return kept;
  }

  /// Nodes write only what is needed and not there: others may read what is there right now.
  void leave_out_others() {
    for (integer::PreparedNode& node : compiled_.nodes)
      std::erase_if(node.slots,
                    [&](std::size_t slot) { return !is_needed_[slot] || codes_.has(slot); });
  }

  const CompressionPlan& plan_;
  integer::Plan compiled_;
  PlanCache* cache_;
  std::span<const std::uint8_t> pixels_;
  std::size_t images_;
  SlotCodes codes_;
  std::vector<bool> is_needed_;  ///< per slot
  std::vector<bool> is_run_;     ///< per node
};

std::vector<int> places_of_layers(const Network& network) {
  std::vector<int> places(network.nodes().size(), -1);
  for (std::size_t layer = 0; layer < network.compute_nodes().size(); ++layer)
    places[static_cast<std::size_t>(network.compute_nodes()[layer].value)] =
        static_cast<int>(layer);
  return places;
}

}  // namespace

PlanRunner::PlanRunner(std::shared_ptr<CalibratedNetwork> calibrated,
                       std::span<const std::uint8_t> pixels, std::int64_t count, bool reestimate,
                       std::size_t cache_bytes)
    : calibrated_(std::move(calibrated)),
      pixels_(pixels),
      count_(count),
      reestimate_(reestimate),
      layers_(places_of_layers(calibrated_->network())),
      cache_(calibrated_->network(), cache_bytes) {}

bool PlanRunner::can_run(const CompressionPlan& plan) const {
  return calibrated_->options().auxiliary_bits <= 8 &&
         std::all_of(plan.layers.begin(), plan.layers.end(), [](const PrecisionPair& layer) {
           return layer.weights <= 8 && layer.inputs <= 8;
         });
}

std::vector<std::int32_t> PlanRunner::predict(const CompressionPlan& plan) {
  EndOfPlan end(plan, compile(plan), &cache_, pixels_, count_);
  std::vector<std::int32_t> classes = end.predict();
  macs_run_ += end.macs();
  return classes;
}

std::vector<std::int32_t> PlanRunner::predict(const CompressionPlan& plan,
                                              std::span<const std::uint8_t> pixels,
                                              std::int64_t count) {
  return EndOfPlan(plan, compile(plan), nullptr, pixels, count).predict();
}

PlanRunner::Integers PlanRunner::uncorrected(const CompressionPlan& plan) {
  const Network& network = calibrated_->network();
  HWFLOW_CHECK(plan.layers.size() == network.compute_nodes().size(),
               "the plan has another number of layers than the network");
  Integers result{{.network = network,
                   .nodes = std::vector<IntegerNode>(layers_.size()),
                   .input_mean = calibrated_->normalization().mean,
                   .input_std = calibrated_->normalization().std,
                   .plan = plan},
                  std::vector<integer::SharedWeights>(layers_.size())};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    IntegerNode& node = result.network.nodes[i];
    if (layers_[i] < 0) {
      node.inputs = calibrated_->input_grids(i, calibrated_->options().auxiliary_bits);
      continue;
    }
    const PrecisionPair& widths = plan.layers[static_cast<std::size_t>(layers_[i])];
    const LayerWeights& weights = calibrated_->layer_weights(i, widths.weights);
    node.inputs = calibrated_->input_grids(i, widths.inputs);
    node.compute = weights.codes;
    const auto& bias = calibrated_->weights().at(network.nodes()[i].name + ".bias").values;
    node.compute->bias = bias_codes(bias, node.compute->scales, node.inputs.at(0).scale);
    result.weights[i] = weights.prepared;
  }
  return result;
}

/// As correct_sums() and make_room_for_biases() leave the network.
void PlanRunner::correct(const CompressionPlan& plan, Integers& integers) {
  std::vector<SharedCorrection> corrections(layers_.size());
  if (reestimate_)
    corrections = find_corrections(*calibrated_, plan, integers.network, integers.weights, cache_);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (layers_[i] < 0) continue;
    const LayerWeights& weights =
        calibrated_->layer_weights(i, plan.layers[static_cast<std::size_t>(layers_[i])].weights);
    IntegerCompute& compute = *integers.network.nodes[i].compute;
    const std::string& name = integers.network.network.nodes()[i].name;
    std::vector<float> bias = calibrated_->weights().at(name + ".bias").values;
    if (corrections[i]) {
      bias = corrections[i]->bias;
      for (std::size_t g = 0; g < compute.scales.size(); ++g)
        compute.scales[g] *= corrections[i]->gains[g];
    }
    const double input_scale = integers.network.nodes[i].inputs.at(0).scale;
    IntegerCompute wider = compute;
    if (widen_scales(wider.scales, bias, input_scale)) {
      std::vector<float> values = weights.values;
      if (corrections[i]) scale_weights(*corrections[i], compute, values);
      compute =
          quantize_weights(wider.shape, values, wider.bits, {wider.low, wider.high}, wider.scales);
      integers.weights[i] = nullptr;
    }
    compute.bias = bias_codes(bias, compute.scales, input_scale);
  }
}

integer::Plan PlanRunner::compile(const CompressionPlan& plan) {
  Integers integers = uncorrected(plan);
  correct(plan, integers);
  auto compiled = integer::compile(std::move(integers.network), KernelSet::best, integers.weights);
  HWFLOW_CHECK(compiled.has_value(), to_text(compiled.error()));
  return std::move(*compiled);
}

}  // namespace hwflow::train
