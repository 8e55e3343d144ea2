#include "train/quant/quantized_testing.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/dequantize.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::train {
namespace {

/// A checkpoint of float weights and grids, or one of integers.
Expected<QuantizedNetwork> read_either(const std::filesystem::path& file, const Network& network) {
  auto quantized = read_quantized_network(file, network);
  if (quantized) return quantized;
  const auto integers = read_integer_network(file, network);
  if (!integers) return quantized;
  return dequantize(*integers);
}

}  // namespace

std::vector<std::uint8_t> test_integers(const IntegerNetwork& network, const ImageSet& images,
                                        int threads) {
  const auto executor = IntegerExecutor::make(network);
  HWFLOW_CHECK(executor.has_value(), to_text(executor.error()));
  const std::vector<std::int32_t> classes =
      executor->predict(images.pixels, images.count(), threads);
  std::vector<std::uint8_t> correct(classes.size());
  for (std::size_t i = 0; i < classes.size(); ++i)
    correct[i] = classes[i] == images.labels[i] ? 1 : 0;
  return correct;
}

std::vector<std::uint8_t> test_fake_quantized(const QuantizedNetwork& network,
                                              const ImageSet& images) {
  constexpr std::int64_t kBatch = 100;
  std::vector<std::uint8_t> correct;
  for (std::int64_t first = 0; first < images.count(); first += kBatch) {
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::min(kBatch, images.count() - first)));
    std::iota(indices.begin(), indices.end(), first);
    const torch::Tensor chosen =
        exact_logits(network, to_tensor(images, network.normalization, indices)).argmax(1);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto label = images.labels[static_cast<std::size_t>(indices[i])];
      correct.push_back(chosen.data_ptr<std::int64_t>()[i] == label ? 1 : 0);
    }
  }
  return correct;
}

Expected<std::vector<std::uint8_t>> test_quantized_checkpoint(const std::filesystem::path& file,
                                                              const Network& network,
                                                              const ImageSet& images,
                                                              QuantizedMode mode, int threads) {
  const auto quantized = read_either(file, network);
  if (!quantized) return Unexpected{quantized.error()};
  if (Diagnostics problems = check_fit(quantized->network, images); !problems.empty())
    return Unexpected{std::move(problems)};
  if (mode == QuantizedMode::fake) {
    torch::set_num_threads(threads);
    return test_fake_quantized(*quantized, images);
  }
  const auto integers = to_integer_network(*quantized);
  if (!integers) return Unexpected{integers.error()};
  return test_integers(*integers, images, threads);
}

}  // namespace hwflow::train
