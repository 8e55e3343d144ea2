#include <array>
#include <string_view>

#include "base/check.hpp"
#include "workload/network.hpp"

namespace hwflow {
namespace {

constexpr std::array<std::string_view, 16> kKindNames{"input",
                                                      "convolution",
                                                      "transposed_convolution",
                                                      "fully_connected",
                                                      "matrix_product",
                                                      "max_pooling",
                                                      "average_pooling",
                                                      "add",
                                                      "multiply",
                                                      "concat",
                                                      "pad",
                                                      "subsample",
                                                      "resize",
                                                      "reshape",
                                                      "softmax",
                                                      "activation"};

constexpr std::array<std::string_view, 17> kActivationNames{
    "none",  "relu", "relu6", "clip", "leaky_relu", "sigmoid", "hard_sigmoid", "hard_swish", "tanh",
    "prelu", "elu",  "selu",  "gelu", "silu",       "mish",    "softplus",     "other"};

}  // namespace

std::string_view name(NodeKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  HWFLOW_CHECK(index < kKindNames.size(), "a NodeKind outside its enumerators");
  return kKindNames[index];
}

std::string_view name(Activation activation) {
  const auto index = static_cast<std::size_t>(activation);
  HWFLOW_CHECK(index < kActivationNames.size(), "an Activation outside its enumerators");
  return kActivationNames[index];
}

}  // namespace hwflow
