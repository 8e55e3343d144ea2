#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace hwflow::train::robust {

/// What an attack maximises; every function gives one number per image. Torch header.
enum class AttackLoss : std::uint8_t { cross_entropy, dlr };

/// logits (n, classes), labels (n) of int64.
[[nodiscard]] torch::Tensor loss_per_image(AttackLoss loss, const torch::Tensor& logits,
                                           const torch::Tensor& labels);

/// -log softmax of the label.
[[nodiscard]] torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels);

/// Difference of logits ratio, -(z_y - max_{i != y} z_i) / (z_1st - z_3rd): the same when logits
/// are shifted or multiplied. Needs three classes. Source  Croce & Hein, ICML 2020, section 4.
[[nodiscard]] torch::Tensor difference_of_logits_ratio(const torch::Tensor& logits,
                                                       const torch::Tensor& labels);

/// z_y - max_{i != y} z_i: below 0 the image is misclassified.
[[nodiscard]] torch::Tensor margin(const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace hwflow::train::robust
