// Accuracy of models/fmnist_resnet.safetensors at low widths, first and last layer at 8/8: after
// calibration, and after quantization-aware training (LSQ, batch 64, cosine to 0, weight decay
// 1e-4, no augmentation) on 6,000 of its training images. Measured on 2,000 of the 5,000 training
// images that the network never saw; the test set stays untouched. One thread.
//
//   low_widths_bench [W A EPOCHS RATE]...     epochs 0: calibration only. Run it in the repository.

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/utils.h>

#include <cstdlib>

#include "train/nn/image_split.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/quantized_testing.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;

double percent_right(const QuantizedNetwork& quantized, const ImageSet& images) {
  double right = 0.0;
  for (const std::uint8_t is_right :
       test_integers(to_integer_network(quantized).value(), images, 1))
    right += is_right;
  return 100.0 * right / static_cast<double>(images.count());
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  const Dataset data = read_dataset({}).value();
  const Network network = make_builtin_network("fmnist_resnet").value();
  const auto file = read_safetensors("models/fmnist_resnet.safetensors").value();
  const auto weights = match_weights(network, file.tensors, "fmnist_resnet").value();
  const auto normalization = normalization_from_metadata(file.metadata, 1).value();
  const FoldedNetwork folded = fold_for_quantization(network, weights);
  const ImageSplit split = stratified_split(data.train, kHeldOutImages, 0, kSplitSeed);
  const ImageSet unseen = select(data.train, spread_sample(split.search, 2000, 1));
  const ImageSet training = select(data.train, spread_sample(split.training, 6000, 1));
  const auto calibrated =
      CalibratedNetwork::make(folded.network, folded.weights, data.train,
                              spread_sample(split.training, 256, 1), normalization, {})
          .value();
  for (int i = 1; i + 3 < argc; i += 4) {
    CompressionPlan plan = CompressionPlan::uniform(folded.network.compute_nodes().size(),
                                                    std::atoi(argv[i]), std::atoi(argv[i + 1]));
    plan.layers.front() = plan.layers.back() = {8, 8};
    const QuantizedNetwork start = calibrated->quantize(plan);
    fmt::print("{}/{} calibrated {:.2f} %", argv[i], argv[i + 1], percent_right(start, unseen));
    if (TrainOptions options; (options.epochs = std::atoi(argv[i + 2])) > 0) {
      FakeQuantizedModule module(start, QuantizerMethod::lsq);
      options.batch_size = 64;
      options.learning_rate = std::atof(argv[i + 3]);
      options.warmup_epochs = 0.0;
      options.weight_decay = 1e-4;
      (void)train_module(module, training, normalization, options, {}, {}).value();
      fmt::print(", {} epochs at {}: {:.2f} %", argv[i + 2], argv[i + 3],
                 percent_right(module.quantized(), unseen));
    }
    fmt::print("\n");
    (void)std::fflush(stdout);
  }
}
