#include "train/robust/losses.hpp"

#include <torch/utils.h>

#include <limits>
#include <tuple>

#include "base/check.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

Tensor at_label(const Tensor& logits, const Tensor& labels) {
  return logits.gather(1, labels.unsqueeze(1)).squeeze(1);
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& labels) {
  return -at_label(torch::log_softmax(logits, 1), labels);
}

Tensor margin(const Tensor& logits, const Tensor& labels) {
  const Tensor others =
      logits.scatter(1, labels.unsqueeze(1), -std::numeric_limits<double>::infinity());
  return at_label(logits, labels) - others.amax(1);
}

Tensor difference_of_logits_ratio(const Tensor& logits, const Tensor& labels) {
  HWFLOW_CHECK(logits.size(1) >= 3, "the ratio wants three classes");
  constexpr double kTiny = 1e-12;  // three equal logits
  const Tensor sorted = std::get<0>(logits.topk(3, 1));
  const Tensor spread = sorted.select(1, 0) - sorted.select(1, 2);
  return -margin(logits, labels) / (spread + kTiny);
}

Tensor loss_per_image(AttackLoss loss, const Tensor& logits, const Tensor& labels) {
  return loss == AttackLoss::dlr ? difference_of_logits_ratio(logits, labels)
                                 : cross_entropy(logits, labels);
}

}  // namespace hwflow::train::robust
