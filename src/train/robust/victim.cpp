#include "train/robust/victim.hpp"

#include <torch/types.h>

#include "train/nn/module_training.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/robust/classifier.hpp"

namespace hwflow::train::robust {
namespace {

Diagnostics check_victim(const Network& network, const ImageSet& images,
                         const std::string& device) {
  Diagnostics problems = unsupported_parts(network);
  for (const Diagnostic& problem : check_fit(network, images)) problems.push_back(problem);
  for (const Diagnostic& problem : check_device(device)) problems.push_back(problem);
  return problems;
}

}  // namespace

Expected<Victim> float_victim(const WeightedNetwork& model, const Normalization& normalization,
                              const ImageSet& images, const std::string& device) {
  Diagnostics problems = check_victim(model.network, images, device);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const torch::Device at = find_device(device).value();
  const auto shared = std::make_shared<const WeightedNetwork>(model);
  const MakeClassifier make = [shared, normalization, at] {
    return float_classifier(*shared, normalization, at);
  };
  return Victim{.judge = make, .gradient = make, .transfer = {}};
}

Expected<Victim> quantized_victim(const QuantizedNetwork& quantized, QuantizedMode mode,
                                  PixelGrid pixels, const ImageSet& images,
                                  const std::string& device) {
  Diagnostics problems = check_victim(quantized.network, images, device);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const torch::Device at = find_device(device).value();
  const auto shared = std::make_shared<const QuantizedNetwork>(quantized);
  Victim victim{.judge = {},
                .gradient = [shared, at] { return straight_through_classifier(*shared, at); },
                .transfer = {}};
  if (mode == QuantizedMode::fake) {
    const bool reads_bytes = pixels == PixelGrid::bytes;
    victim.judge = [shared, reads_bytes] { return exact_fake_classifier(*shared, reads_bytes); };
    return victim;
  }
  const auto integers = to_integer_network(quantized);
  if (!integers) return Unexpected{integers.error()};
  if (const auto executor = IntegerExecutor::make(*integers); !executor)
    return Unexpected{executor.error()};
  const auto network = std::make_shared<const IntegerNetwork>(*integers);
  victim.judge = [network] { return integer_classifier(*network); };
  return victim;
}

}  // namespace hwflow::train::robust
