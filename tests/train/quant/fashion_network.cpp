#include "tests/train/quant/fashion_network.hpp"

#include <cstdlib>
#include <filesystem>

#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

std::filesystem::path source_folder() {
  const char* folder = std::getenv("HWFLOW_SOURCE_DIR");
  return folder == nullptr ? std::filesystem::path(".") : std::filesystem::path(folder);
}

FashionNetwork read() {
  const auto file = read_safetensors(source_folder() / "models" / "fmnist_resnet.safetensors");
  Dataset data = read_dataset({}).value();
  Network network = make_builtin_network("fmnist_resnet").value();
  const auto weights = match_weights(network, file.value().tensors, "fmnist_resnet.safetensors");
  const auto normalization = normalization_from_metadata(file.value().metadata, 1);
  const FoldedNetwork folded = fold_for_quantization(network, weights.value());
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 256; ++i) indices.push_back(i * 214);  // spread over the 55,000
  auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, data.train, indices,
                                            normalization.value(), {});
  return {std::move(data), std::move(network),    weights.value(),
          folded,          normalization.value(), std::move(calibrated).value()};
}

}  // namespace

const FashionNetwork& fashion_network() {
  static const FashionNetwork network = read();
  return network;
}

CompressionPlan mixed_fashion_plan() {
  CompressionPlan plan =
      CompressionPlan::uniform(fashion_network().network.compute_nodes().size(), 8, 8);
  const PrecisionPair pairs[] = {{4, 4}, {3, 5}, {5, 3}, {6, 4}};
  for (std::size_t i = 1; i + 1 < plan.layers.size(); ++i) plan.layers[i] = pairs[i % 4];
  return plan;
}

}  // namespace hwflow::train
