#include "train/quant/quantized_training.hpp"

#include <fmt/format.h>

#include "train/nn/image_batch.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/safetensors.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/live_batch_norm.hpp"

namespace hwflow::train {
namespace {

constexpr std::int64_t kSumImages = 512;  // from which means and deviations are taken

/// Folds BatchNorm. Its running averages are noisy and do not know that integers round biases to
/// units of the sum; so every layer's integers get the means and deviations that it learned, on
/// images changed as those that it learned them of: plain ones have others (less black).
QuantizedNetwork fold_trained(const QuantizedNetwork& trained, const ImageSet& images,
                              const Augmentation& augmentation) {
  QuantizedNetwork folded = without_batch_norm(trained);
  if (folded.network == trained.network) return folded;
  const ImageSet chosen = augmented_sample(images, kSumImages, augmentation, /*seed=*/0);
  correct_sums(folded, chosen.pixels, chosen.count(), sums_of_batch_norm(trained));
  make_room_for_biases(folded);
  return folded;
}

/// What a resumed run must share beside the options.
TrainOptions with_circumstances(const QuantizedNetwork& start, const QuantizedTraining& training,
                                const Teacher* teacher) {
  TrainOptions options = training.options;
  options.circumstances["widths"] = to_text(start.plan);
  options.circumstances["quantizer"] = name(training.method);
  options.circumstances["BatchNorm"] = training.batch_norm ? "live" : "folded";
  options.circumstances["start"] = fmt::format("weights {:016x}", fingerprint(start.weights));
  options.circumstances["teacher"] = circumstance_of(teacher);
  return options;
}

}  // namespace

std::vector<SumStatistics> sums_of_trained(const QuantizedNetwork& trained, const ImageSet& images,
                                           const Augmentation& augmentation) {
  const ImageSet chosen = augmented_sample(images, kSumImages, augmentation, /*seed=*/0);
  return sums_of_integers(trained, chosen.pixels, chosen.count());
}

Expected<TrainedQuantized> train_quantized(const QuantizedNetwork& start,
                                           std::span<const SumStatistics> sums,
                                           const ImageSet& images,
                                           const QuantizedTraining& training,
                                           const Teacher* teacher, const EpochProgress& progress,
                                           const std::stop_token& stop) {
  const Expected<torch::Device> device = find_device(training.options.device);
  if (!device) return Unexpected{device.error()};
  FakeQuantizedModule module(training.batch_norm ? with_batch_norm(start, sums) : start,
                             training.method, training.options.weight_decay);
  module.to(*device);
  auto epochs = train_module(module, images, start.normalization,
                             with_circumstances(start, training, teacher), progress, stop,
                             module_of(teacher, *device).get());
  if (!epochs) return Unexpected{epochs.error()};
  module.to(torch::kCPU);
  return TrainedQuantized{fold_trained(module.quantized(), images, training.options.augmentation),
                          std::move(*epochs), stop.stop_requested()};
}

}  // namespace hwflow::train
