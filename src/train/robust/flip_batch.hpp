#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/robust/bit_flip_options.hpp"

namespace hwflow::train::robust {

/// The images that an attacker knows and what it wants of them: the objective that it raises is
/// the sum over images of weight * cross-entropy(logits, wanted), natural logarithm.
struct FlipBatch {
  ImageSet images{};
  std::vector<std::int64_t> places{};  ///< of each in the set that it is from
  std::vector<std::int64_t> wanted{};  ///< a class each
  std::vector<double> weight{};        ///< below 0: the image is to be taken for that class
};

/// `options.images` of `from` (all, if there are no more), spread over them by the seed.
///
/// no target        the label, weight 1/n: the mean cross-entropy rises
///                  (Rakin, He, Fan, "Bit-Flip Attack", ICCV 2019)
/// target           the target, weight -1/n
/// target, source   half the images are of the source class, which are wanted in the target, the
///                  others stay where they are: -1/n of each half
///                  (Rakin et al., "T-BFA", TPAMI 2021: N-to-1, and 1-to-1 stealthy)
/// Errors  no image of the source class, or of others.
[[nodiscard]] Expected<FlipBatch> make_flip_batch(const ImageSet& from,
                                                  const BitFlipOptions& options);

/// The objective of these logits, [image][class], in units of `unit`. Summed in order, in double.
[[nodiscard]] double objective(const FlipBatch& batch, std::span<const std::int64_t> logits,
                               double unit);

}  // namespace hwflow::train::robust
