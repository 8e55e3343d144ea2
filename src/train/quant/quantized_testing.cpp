#include "train/quant/quantized_testing.hpp"

#include <fmt/format.h>
#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/safetensors.hpp"
#include "train/quant/dequantize.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::train {

Expected<QuantizedNetwork> read_quantized_model(const std::filesystem::path& file,
                                                const Network& network) {
  const auto content = read_safetensors(file);
  if (!content) return Unexpected{content.error()};
  const auto entry = content->metadata.find("format");
  const std::string format = entry == content->metadata.end() ? std::string() : entry->second;
  if (format == kQuantizedFormat) return read_quantized_network(file, network);
  if (format != kIntegerFormat) {
    return Unexpected{Diagnostics{{file.string(),
                                   fmt::format("metadata 'format' is '{}', neither '{}' nor '{}'",
                                               format, kQuantizedFormat, kIntegerFormat),
                                   "float weights are tested with --mode float"}}};
  }
  const auto integers = read_integer_network(file, network);
  if (!integers) return Unexpected{integers.error()};
  return dequantize(*integers);
}

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
                                              const ImageSet& images, int threads,
                                              const std::stop_token& stop) {
  constexpr std::size_t kBatch = 50;  // every thread holds all values of one batch
  std::vector<std::uint8_t> correct(static_cast<std::size_t>(images.count()));
  const std::size_t batches = (correct.size() + kBatch - 1) / kBatch;
  parallel_for(batches, threads, [&](std::size_t batch) {
    if (stop.stop_requested()) return;
    // Torch's own threads, set for each thread that calls it, only wait for one another here.
    torch::set_num_threads(1);
    const std::size_t first = batch * kBatch;
    std::vector<std::int64_t> indices(std::min(kBatch, correct.size() - first));
    std::iota(indices.begin(), indices.end(), static_cast<std::int64_t>(first));
    const torch::Tensor chosen =
        exact_logits(network, to_tensor(images, network.normalization, indices)).argmax(1);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto label = images.labels[first + i];
      correct[first + i] = chosen.data_ptr<std::int64_t>()[i] == label ? 1 : 0;
    }
  });
  return correct;
}

Expected<std::vector<std::uint8_t>> test_quantized_checkpoint(const std::filesystem::path& file,
                                                              const Network& network,
                                                              const ImageSet& images,
                                                              QuantizedMode mode, int threads) {
  const auto quantized = read_quantized_model(file, network);
  if (!quantized) return Unexpected{quantized.error()};
  if (Diagnostics problems = check_fit(quantized->network, images); !problems.empty())
    return Unexpected{std::move(problems)};
  if (mode == QuantizedMode::fake) return test_fake_quantized(*quantized, images, threads);
  const auto integers = to_integer_network(*quantized);
  if (!integers) return Unexpected{integers.error()};
  return test_integers(*integers, images, threads);
}

}  // namespace hwflow::train
