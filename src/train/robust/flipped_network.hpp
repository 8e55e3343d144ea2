#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/fault/fault.hpp"
#include "train/nn/dataset.hpp"
#include "train/quant/integer_plan.hpp"
#include "train/robust/flip_batch.hpp"

namespace hwflow::train::robust {

/// A network in integers whose stored weights are changed one after the other.
class FlippedNetwork {
 public:
  using SharedPlan = std::shared_ptr<const integer::Plan>;

  /// `network` can be executed in integers (integer::problems_of()).
  explicit FlippedNetwork(const IntegerNetwork& network);

  [[nodiscard]] const integer::Plan& fault_free() const { return *fault_free_; }
  /// With the changes made so far.
  [[nodiscard]] const IntegerNetwork& network() const { return now_->network; }
  [[nodiscard]] const SharedPlan& plan() const { return now_; }

  /// What it would be with these as well. Layers that they leave alone are shared.
  [[nodiscard]] SharedPlan with(std::span<const fault::Upset> more) const;
  void change(std::span<const fault::Upset> upsets) { now_ = with(upsets); }

 private:
  SharedPlan fault_free_, now_;
};

/// The objective as the integer executor's logits have it: what decides between flips. The result
/// does not depend on `threads`.
[[nodiscard]] double objective(const FlippedNetwork::SharedPlan& plan, const FlipBatch& batch,
                               int threads);

/// What a network makes of images that the attacker does not know.
struct FlipScore {
  std::int64_t total = 0, correct = 0;
  /// Images that are to be taken for the target (of the source class; without one, of every class
  /// but the target), and those that are; 0 without a target.
  std::int64_t attacked = 0, moved = 0;
  /// Images of other classes than the source, and those of them that are right; 0 without a source.
  std::int64_t others = 0, others_correct = 0;
  [[nodiscard]] double top1() const {
    return static_cast<double>(correct) / static_cast<double>(total);
  }
  bool operator==(const FlipScore&) const = default;
};
[[nodiscard]] FlipScore score(const FlippedNetwork::SharedPlan& plan, const ImageSet& images,
                              const BitFlipOptions& options);

}  // namespace hwflow::train::robust
