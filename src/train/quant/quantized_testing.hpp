#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// For every image 1 if the network's highest output is the label, else 0 (the first of equals).
/// The image sizes must fit the network. Results do not depend on `threads`; when `stop` is asked
/// for they are of no use.
[[nodiscard]] std::vector<std::uint8_t> test_integers(const IntegerNetwork& network,
                                                      const ImageSet& images, int threads);
[[nodiscard]] std::vector<std::uint8_t> test_fake_quantized(const QuantizedNetwork& network,
                                                            const ImageSet& images, int threads = 1,
                                                            const std::stop_token& stop = {});

/// A checkpoint of float weights and grids, or one of integers, as its metadata say.
/// Errors  a checkpoint of neither format; whatever the reader of its format refuses.
[[nodiscard]] Expected<QuantizedNetwork> read_quantized_model(const std::filesystem::path& file,
                                                              const Network& network);

enum class QuantizedMode : std::uint8_t { fake, integer };

/// `hwflow test --mode fake|integer`: a quantized checkpoint on a set of images.
/// Errors  a checkpoint of neither format; whatever the reader of its format and
/// to_integer_network() refuse; images that do not
/// fit.
[[nodiscard]] Expected<std::vector<std::uint8_t>> test_quantized_checkpoint(
    const std::filesystem::path& file, const Network& network, const ImageSet& images,
    QuantizedMode mode, int threads);

}  // namespace hwflow::train
