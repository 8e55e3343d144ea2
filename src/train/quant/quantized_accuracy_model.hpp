#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/normalization.hpp"
#include "train/prune/pruned_networks.hpp"
#include "train/quant/backend.hpp"
#include "train/quant/calibration.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// What is done to a plan before its accuracy is measured in a search, by rising price.
enum class Preparation : std::uint8_t {
  calibrated,   ///< scales and codes from calibration images, nothing else
  reestimated,  ///< and scales and biases corrected as BatchNorm would be (correct_sums)
  finetuned,    ///< and trained on `finetune_images` for `finetune`
};
[[nodiscard]] std::string_view name(Preparation preparation);

struct AccuracyModelOptions {
  Preparation preparation = Preparation::reestimated;
  HeldOutFrom held_out_from = HeldOutFrom::training;
  QuantizerMethod method = QuantizerMethod::lsq;  ///< of the fine-tuning
  bool batch_norm = false;            ///< of the fine-tuning: live (with_batch_norm) or folded
  int threads = 1;                    ///< for whole-set measurements; changes no result
  FinetuneOptions finetune;           ///< of evaluate() and confirm() with Preparation::finetuned
  std::int64_t finetune_images = 0;   ///< of the training split, for these; 0: all
  std::string device = "cpu";         ///< of all training, and of measuring floats
  std::int64_t search_images = 1000;  ///< of held_out_from, equal shares of all classes
  std::int64_t confirmation_images = 0;                  ///< likewise, others; 0: none
  std::optional<PruningOptions> pruning = std::nullopt;  ///< none: no plan removes channels
  CalibrationOptions calibration;  ///< its images come from what is trained on
  Normalization normalization;
  Augmentation augmentation;  ///< of the fine-tuning
  double momentum = 0.9;
  double weight_decay = 1e-4;
  double distillation = 0.0;  ///< of the fine-tuning: the float network teaches
  std::uint64_t seed = 1;     ///< of the split
  /// For what plans share (PlanRunner), or for what was trained where finish() trains the same;
  /// 0: nothing is kept but weights. Changes no result.
  std::size_t cache_bytes = std::size_t{1} << 30U;
};

/// Accuracy of plans of a trained network: widths of its layers, channels of its groups.
///
/// Plans that remove channels are measured like others, but of the network that PrunedNetworks
/// makes of it, which is calibrated anew.
/// evaluate()  post-training quantization, or that and a short fine-tuning (options.preparation);
///             plans of at most 8 bits are run by the integer executor, others (16, float) by the
///             fake-quantized network in float32. What was fine-tuned is confirmed along with it.
/// confirm()   the same on the confirmation split.
/// finish()    fine-tunes the fake-quantized network on the training set without what is
///             held out of it (cosine schedule from the given learning rate; weights and
///             activations by options.method); the final network is measured in integers on a
///             held-out split, and on the test set fake-quantized (exact_logits) and in integers.
///             Widths above 16 (float) are finished at 16 bits, the width that stands for float on
///             an accelerator.
/// Errors      an unknown or absent device, weights that do not fit the network (match_weights()
/// first), networks that cannot be
///             executed in integers, images that do not fit, fewer images than the split needs.
[[nodiscard]] Expected<std::unique_ptr<AccuracyModel>> make_quantized_accuracy_model(
    const Network& network, const WeightMap& weights, std::shared_ptr<const Dataset> dataset,
    const AccuracyModelOptions& options);

}  // namespace hwflow::train
