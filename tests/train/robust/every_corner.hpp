#pragma once

#include <torch/utils.h>

#include <cstdint>
#include <vector>

#include "tests/train/robust/small_classifiers.hpp"

namespace hwflow::train::robust {

/// For every image 1 if some image of bytes within `reach` bytes of it is misclassified: all of
/// them are tried. Images of few pixels.
inline std::vector<bool> breakable_by_enumeration(Classifier& classifier, const PixelBox& box,
                                                  const torch::Tensor& labels, int reach,
                                                  int stride = 1) {
  const std::int64_t pixels = box.center[0].numel();
  std::vector<float> offsets;
  std::vector<int> digits(static_cast<std::size_t>(pixels), -reach);
  std::int64_t count = 0;
  for (bool more = true; more; ++count) {
    for (const int digit : digits) offsets.push_back(static_cast<float>(digit));
    more = false;
    for (int& digit : digits) {
      digit += stride;
      if (digit <= reach) {
        more = true;
        break;
      }
      digit = -reach;
    }
  }
  std::vector<std::int64_t> shape = box.center.sizes().vec();
  shape[0] = count;
  const torch::Tensor steps = torch::tensor(offsets).view(shape);
  std::vector<bool> breakable;
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    const torch::Tensor bytes = torch::clamp(torch::round(box.center[i] * 255.0) + steps, 0, 255);
    const torch::Tensor classes = classes_of(classifier, bytes / 255.0);
    breakable.push_back(classes.ne(labels[i]).any().item<bool>());
  }
  return breakable;
}

/// A small problem whose truth is enumerated: 120 images of 2 x 2 pixels and a bent classifier of
/// three classes, labels as it has them.
struct SmallProblem {
  static constexpr int kReach = 6;
  static constexpr double kEps = kReach / 255.0;
  BentClassifier classifier{4, 3, 11, 12.0};
  PixelBox box = make_box(random_bytes(480, 0, 2), {120, 1, 2, 2}, kEps, PixelGrid::bytes);
  torch::Tensor labels = classes_of(classifier, box.center);
};

/// What an attack says may be broken must be: soundness. How many of those it finds: completeness.
struct Verdict {
  int breakable = 0, found = 0, invented = 0;
};
inline Verdict compare(const StandingImages& images, const std::vector<bool>& breakable) {
  Verdict verdict;
  for (std::size_t i = 0; i < breakable.size(); ++i) {
    const bool broken = images.fooled_into()[i] >= 0;
    verdict.breakable += breakable[i] ? 1 : 0;
    verdict.found += breakable[i] && broken ? 1 : 0;
    verdict.invented += broken && !breakable[i] ? 1 : 0;
  }
  return verdict;
}

}  // namespace hwflow::train::robust
