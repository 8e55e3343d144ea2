#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "train/nn/weighted_network.hpp"
#include "train/quant/quantized_network.hpp"
#include "train/quant/quantized_testing.hpp"
#include "train/robust/attack_options.hpp"

namespace hwflow::train::robust {

class Classifier;
/// Makes one for each thread.
using MakeClassifier = std::function<std::unique_ptr<Classifier>()>;

/// What is attacked: whose answers count, whose gradients lead there.
struct Victim {
  MakeClassifier judge;     ///< in the arithmetic that was asked for; also what Square queries
  MakeClassifier gradient;  ///< of the white-box attacks
  MakeClassifier transfer;  ///< of AttackKind::transfer; empty: there is none
};

/// A float network is its own judge.
/// Errors  networks that cannot be executed or do not fit the images, a device that is not there
[[nodiscard]] Expected<Victim> float_victim(const WeightedNetwork& model,
                                            const Normalization& normalization,
                                            const ImageSet& images, const std::string& device);

/// Gradients straight through the rounding; the judge is exact_logits() or the integer executor.
/// Errors  likewise; integer: whatever to_integer_network() and IntegerExecutor refuse.
[[nodiscard]] Expected<Victim> quantized_victim(const QuantizedNetwork& quantized,
                                                QuantizedMode mode, PixelGrid pixels,
                                                const ImageSet& images, const std::string& device);

}  // namespace hwflow::train::robust
