#include "train/robust/standing_images.hpp"

#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <numeric>
#include <utility>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

template <class Value>
void keep_at(std::vector<Value>& values, const std::vector<std::int64_t>& rows) {
  std::vector<Value> kept;
  for (const std::int64_t row : rows) kept.push_back(values[static_cast<std::size_t>(row)]);
  values = std::move(kept);
}

std::vector<std::int64_t> true_rows(const Tensor& flags) {
  const Tensor rows = flags.to(torch::kCPU).nonzero().flatten().contiguous();
  const std::int64_t* first = rows.data_ptr<std::int64_t>();
  return {first, first + rows.numel()};
}

Tensor index_tensor(const std::vector<std::int64_t>& rows, torch::Device device) {
  return torch::tensor(rows, torch::kInt64).to(device);
}

}  // namespace

StandingImages::StandingImages(PixelBox box, Tensor labels, std::vector<std::int64_t> numbers,
                               Classifier& judge)
    : box_(std::move(box)),
      labels_(std::move(labels)),
      numbers_(std::move(numbers)),
      rows_(numbers_.size()),
      judge_(judge),
      fooled_into_(numbers_.size(), -1),
      images_(box_.center.to(torch::kCPU).clone()) {
  std::iota(rows_.begin(), rows_.end(), std::int64_t{0});
}

std::optional<Tensor> StandingImages::offer(const Tensor& candidates, const Tensor& suspects) {
  const torch::NoGradGuard no_gradients;
  const std::vector<std::int64_t> seen = true_rows(suspects);
  if (seen.empty()) return std::nullopt;
  const Tensor shown = candidates.detach().index_select(0, index_tensor(seen, labels_.device()));
  const Tensor classes = judge_.logits(shown).argmax(1).to(torch::kCPU);
  const Tensor labels = labels_.to(torch::kCPU);
  std::vector<bool> stands(rows_.size(), true);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto row = static_cast<std::size_t>(seen[i]);
    const auto chosen = classes.data_ptr<std::int64_t>()[i];
    if (chosen == labels.data_ptr<std::int64_t>()[row]) continue;
    stands[row] = false;
    fooled_into_[static_cast<std::size_t>(rows_[row])] = chosen;
    images_[rows_[row]].copy_(shown[static_cast<std::int64_t>(i)]);
  }
  std::vector<std::int64_t> left;
  for (std::size_t row = 0; row < stands.size(); ++row)
    if (stands[row]) left.push_back(static_cast<std::int64_t>(row));
  if (left.size() == rows_.size()) return std::nullopt;
  const Tensor kept = index_tensor(left, labels_.device());
  box_ = box_.select(kept);
  labels_ = labels_.index_select(0, kept);
  keep_at(numbers_, left);
  keep_at(rows_, left);
  return kept;
}

std::optional<Tensor> StandingImages::offer_all(const Tensor& candidates) {
  return offer(candidates, torch::ones({candidates.size(0)}, torch::kBool));
}

std::vector<Rng> StandingImages::streams(std::uint64_t seed, AttackKind attack, int restart) const {
  std::vector<Rng> streams;
  for (const std::int64_t number : numbers_) {
    streams.push_back(Rng::derive(
        seed,
        stable_hash(fmt::format("{} restart {} image {}", enum_name(attack), restart, number))));
  }
  return streams;
}

Slope slope_at(Classifier& source, const Tensor& pixels, const Tensor& labels, AttackLoss loss) {
  const Tensor x = pixels.detach().requires_grad_(true);
  const Tensor logits = source.logits(x);
  const Tensor losses = loss_per_image(loss, logits, labels);
  // Logits that overflow have no slope; a point must not leave the box by it.
  const Tensor gradient =
      torch::nan_to_num(torch::autograd::grad({losses.sum()}, {x}).front(), 0.0, 0.0, 0.0);
  return {logits.detach().argmax(1).ne(labels), losses.detach(), gradient};
}

}  // namespace hwflow::train::robust
