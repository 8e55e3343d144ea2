#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/quant/byte_lru.hpp"
#include "train/quant/integer_plan.hpp"
#include "train/quant/sum_correction.hpp"
#include "workload/network.hpp"

namespace hwflow::train {

/// Narrow codes of one slot for a fixed set of images, image after image. Not initialised.
class Activations {
 public:
  Activations(std::size_t images, std::size_t per_image)
      : images_(images),
        per_image_(per_image),
        codes_(std::make_unique_for_overwrite<std::uint8_t[]>(images * per_image)) {}

  [[nodiscard]] std::span<std::uint8_t> of(std::size_t image) {
    return {codes_.get() + image * per_image_, per_image_};
  }
  [[nodiscard]] std::span<const std::uint8_t> of(std::size_t image) const {
    return {codes_.get() + image * per_image_, per_image_};
  }
  [[nodiscard]] std::size_t bytes() const { return images_ * per_image_; }

 private:
  std::size_t images_, per_image_;
  std::unique_ptr<std::uint8_t[]> codes_;
};
using SharedActivations = std::shared_ptr<const Activations>;
using SharedCorrection = std::shared_ptr<const SumCorrection>;

/// Names of what two plans have in common. A plan determines the sums of a compute node by the
/// widths of the layers that its result follows from, its own among them; a slot has a grid
/// besides. For the layers of a chain these are the first ones of the plan; of a branch only its
/// own.
class PlanKeys {
 public:
  explicit PlanKeys(const Network& network);

  [[nodiscard]] std::string of_sums(const CompressionPlan& plan, std::size_t node) const;
  /// `images`: a letter for the images whose codes are meant.
  [[nodiscard]] std::string of_slot(const CompressionPlan& plan, const integer::Slot& slot,
                                    char images) const;

 private:
  std::vector<std::vector<std::size_t>> layers_;  ///< per node, ascending
};

inline constexpr char kSearchImages = 's', kCorrectionImages = 'c';

/// What plans of one calibrated network share: codes at every point of the network, of the images
/// of the search and of those of the correction, and corrections of layers.
struct PlanCache {
  PlanCache(const Network& network, std::size_t capacity_bytes)
      : keys(network),
        corrections(capacity_bytes / kCorrectionShare),
        activations(capacity_bytes - capacity_bytes / kCorrectionShare) {}

  static constexpr std::size_t kCorrectionShare = 32;
  PlanKeys keys;
  ByteLru<SumCorrection> corrections;
  ByteLru<Activations> activations;
};

/// The codes of each slot of a plan, for all images, as far as they are there, and their way into a
/// workspace.
class SlotCodes {
 public:
  explicit SlotCodes(std::size_t slots) : kept_(slots), written_(slots) {}

  [[nodiscard]] bool has(std::size_t slot) const { return kept_[slot] != nullptr; }
  void set(std::size_t slot, SharedActivations codes) { kept_[slot] = std::move(codes); }
  /// Room for a slot that is about to be filled.
  void make_room(std::size_t slot, std::size_t images, std::size_t per_image) {
    written_[slot] = std::make_shared<Activations>(images, per_image);
  }
  /// The filled slot.
  SharedActivations finish(std::size_t slot) {
    kept_[slot] = std::move(written_[slot]);
    return kept_[slot];
  }
  /// The workspace reads and writes these codes of an image.
  void bind(std::size_t image, integer::Workspace& workspace) const;

 private:
  std::vector<SharedActivations> kept_;
  std::vector<std::shared_ptr<Activations>> written_;
};

}  // namespace hwflow::train
