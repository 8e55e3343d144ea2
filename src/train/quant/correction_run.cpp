#include "train/quant/correction_run.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

using integer::Kernel;
using integer::Slot;

/// Runs the correction images layer by layer, as far as corrections ask for it.
class CorrectionRun {
 public:
  CorrectionRun(const CalibratedNetwork& calibrated, const CompressionPlan& plan,
                integer::Plan compiled, PlanCache& cache)
      : calibrated_(calibrated),
        plan_(plan),
        compiled_(std::move(compiled)),
        cache_(cache),
        images_(static_cast<std::size_t>(calibrated.correction_count())),
        codes_(compiled_.slots.size()) {
    workspace_.codes.resize(compiled_.slots.size());
    workspace_.logits.resize(static_cast<std::size_t>(
        compiled_.network.network.nodes()[compiled_.output].shape.elements()));
  }

  void apply(const SumCorrection& correction, std::size_t node) {
    train::apply(correction, compiled_, node);
  }

  /// Inputs are corrected already.
  SharedCorrection correct(std::size_t node) {
    need(compiled_.nodes[node].inputs[0]);
    const SumStatistics& target = calibrated_.sums()[node];
    const std::string& name = compiled_.network.network.nodes()[node].name;
    const std::vector<float>& bias = calibrated_.weights().at(name + ".bias").values;
    const bool is_narrow = compiled_.nodes[node].kernel != Kernel::wide;
    SumStatistics present;
    if (is_narrow) compute_sums(node);
    for (std::size_t i = 0; i < images_; ++i) {
      if (is_narrow) {
        add_moments(compiled_, node, sums_of(node, i), present);
      } else {
        codes_.bind(i, workspace_);
        add_moments(compiled_, node, workspace_, present);
      }
    }
    auto correction = std::make_shared<const SumCorrection>(
        correction_of(compiled_, node, present, target, bias, /*keeps_scales=*/false));
    const std::vector<std::int32_t> before = compiled_.nodes[node].bias;
    apply(*correction, node);
    if (is_narrow) store_sums(node, before);
    return correction;
  }

 private:
  [[nodiscard]] std::string key_of(std::size_t slot) const {
    return cache_.keys.of_slot(plan_, compiled_.slots[slot], kCorrectionImages);
  }

  std::span<std::int32_t> sums_of(std::size_t node, std::size_t image) {
    const std::size_t count = integer::sum_count(compiled_, node);
    return std::span(sums_).subspan(image * count, count);
  }

  void compute_sums(std::size_t node) {
    sums_.resize(images_ * integer::sum_count(compiled_, node));
    for (std::size_t i = 0; i < images_; ++i) {
      codes_.bind(i, workspace_);
      integer::compute_sums(compiled_, node, workspace_, sums_of(node, i));
    }
  }

  /// Codes from the sums that were computed with another bias.
  void store_sums(std::size_t node, const std::vector<std::int32_t>& bias_before) {
    std::vector<std::int32_t> change = compiled_.nodes[node].bias;
    for (std::size_t k = 0; k < change.size(); ++k) change[k] -= bias_before[k];
    for (std::size_t i = 0; i < sums_.size(); i += change.size())
      for (std::size_t k = 0; k < change.size(); ++k) sums_[i + k] += change[k];
    fill_slots(node, [&](std::size_t image) {
      integer::store_sums(compiled_, node, sums_of(node, image), workspace_);
    });
  }

  /// Makes the codes of a slot, and of what it is made of, unless they are there.
  void need(std::size_t slot) {
    if (codes_.has(slot)) return;
    if (SharedActivations known = cache_.activations.find(key_of(slot)))
      return codes_.set(slot, std::move(known));
    const std::size_t node = compiled_.slots[slot].node;
    for (const std::size_t input : compiled_.nodes[node].inputs) need(input);
    for (const std::size_t written : compiled_.nodes[node].slots)
      for (const std::size_t source : compiled_.slots[written].sources) need(source);
    const std::span<const std::uint8_t> pixels = calibrated_.correction_pixels();
    fill_slots(node, [&](std::size_t image) {
      integer::run_node(compiled_, node, pixels.data() + image * (pixels.size() / images_),
                        workspace_);
    });
  }

  template <class Fill>
  void fill_slots(std::size_t node, const Fill& fill_image) {
    for (const std::size_t slot : compiled_.nodes[node].slots)
      codes_.make_room(slot, images_,
                       static_cast<std::size_t>(compiled_.slots[slot].shape.elements()));
    for (std::size_t i = 0; i < images_; ++i) {
      codes_.bind(i, workspace_);
      fill_image(i);
    }
    for (const std::size_t slot : compiled_.nodes[node].slots) {
      const SharedActivations filled = codes_.finish(slot);
      std::string key = key_of(slot);
      if (cache_.activations.wants(key))
        cache_.activations.insert(std::move(key), filled, filled->bytes());
    }
  }

  const CalibratedNetwork& calibrated_;
  const CompressionPlan& plan_;
  integer::Plan compiled_;
  PlanCache& cache_;
  std::size_t images_;
  SlotCodes codes_;
  integer::Workspace workspace_;
  std::vector<std::int32_t> sums_;
};

}  // namespace

std::vector<SharedCorrection> find_corrections(const CalibratedNetwork& calibrated,
                                               const CompressionPlan& plan,
                                               const IntegerNetwork& integers,
                                               std::span<const integer::SharedWeights> weights,
                                               PlanCache& cache) {
  std::vector<SharedCorrection> result(integers.nodes.size());
  std::vector<std::size_t> missing;
  const auto is_corrected = [&](std::size_t node) {
    return integers.nodes[node].compute.has_value() && calibrated.sums()[node].count > 0;
  };
  if (calibrated.correction_count() == 0) return result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!is_corrected(i)) continue;
    result[i] = cache.corrections.find(cache.keys.of_sums(plan, i));
    if (!result[i]) missing.push_back(i);
  }
  if (missing.empty()) return result;
  auto compiled = integer::compile(integers, KernelSet::best, weights);
  HWFLOW_CHECK(compiled.has_value(), to_text(compiled.error()));
  CorrectionRun run(calibrated, plan, std::move(*compiled), cache);
  for (std::size_t i = 0; i <= missing.back(); ++i) {
    if (!is_corrected(i)) continue;
    if (result[i]) {
      run.apply(*result[i], i);
      continue;
    }
    result[i] = run.correct(i);
    const std::size_t bytes =
        result[i]->gains.size() * sizeof(double) + result[i]->bias.size() * sizeof(float);
    cache.corrections.insert(cache.keys.of_sums(plan, i), result[i], bytes);
  }
  return result;
}

}  // namespace hwflow::train
