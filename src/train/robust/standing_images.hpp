#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "train/robust/classifier.hpp"
#include "train/robust/losses.hpp"
#include "train/robust/pixel_box.hpp"

namespace hwflow::train::robust {

/// The images of a batch that an attack has not fooled the judge on yet, and what became of the
/// others. Only the judge breaks an image: what an attack's own network makes of it merely makes it
/// worth a look. Torch header.
class StandingImages {
 public:
  /// numbers  of the images in their set: their random streams
  StandingImages(PixelBox box, torch::Tensor labels, std::vector<std::int64_t> numbers,
                 Classifier& judge);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Of those that stand, in the order of the batch.
  [[nodiscard]] const PixelBox& box() const { return box_; }
  [[nodiscard]] const torch::Tensor& labels() const { return labels_; }
  [[nodiscard]] const std::vector<std::int64_t>& numbers() const { return numbers_; }
  [[nodiscard]] Classifier& judge() { return judge_; }

  /// Lets the judge see those of `candidates` (one per standing image, within the box and on the
  /// grid) that `suspects` marks; the fooled ones stand no more. The rows that are left, for the
  /// attack's own tensors; none: all of them.
  [[nodiscard]] std::optional<torch::Tensor> offer(const torch::Tensor& candidates,
                                                   const torch::Tensor& suspects);
  /// The same of all candidates.
  std::optional<torch::Tensor> offer_all(const torch::Tensor& candidates);

  /// Per image of the batch: the class that the judge takes it for; -1: it stands.
  [[nodiscard]] const std::vector<std::int64_t>& fooled_into() const { return fooled_into_; }
  /// (images of the batch, ...): the image that fooled the judge, else the image itself.
  [[nodiscard]] const torch::Tensor& images() const { return images_; }

  /// One stream for each image that stands.
  [[nodiscard]] std::vector<Rng> streams(std::uint64_t seed, AttackKind attack, int restart) const;

 private:
  PixelBox box_;
  torch::Tensor labels_;
  std::vector<std::int64_t> numbers_;
  std::vector<std::int64_t> rows_;  ///< in the batch
  Classifier& judge_;
  std::vector<std::int64_t> fooled_into_;
  torch::Tensor images_;
};

/// What a network and its gradient say at some images.
struct Slope {
  torch::Tensor wrong;     ///< bool per image: it is misclassified
  torch::Tensor loss;      ///< per image
  torch::Tensor gradient;  ///< of the loss by the pixels
};
[[nodiscard]] Slope slope_at(Classifier& source, const torch::Tensor& pixels,
                             const torch::Tensor& labels, AttackLoss loss);

}  // namespace hwflow::train::robust
