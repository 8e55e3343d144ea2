#include "chip/mapper/loop_orders.hpp"

#include <algorithm>
#include <array>

namespace hwflow::chip {
namespace {

using Relevance = BoundModel::Relevance;

/// Traffic that can depend on the order: an operand over the boundary above `child`.
struct Boundary {
  const BoundModel::OperandTable* operand;
  LevelIndex child;
};

class OrderWalk {
 public:
  OrderWalk(const Candidate& candidate, LevelIndex level, const MapSpace& space,
            const BoundModel& model, const std::function<bool(const LoopOrder&)>& visit)
      : candidate_(candidate), level_(level), space_(space), visit_(visit) {
    for (const Dim dim : kDims) {
      const bool turns = candidate.bound(slot_of(level, SlotKind::temporal), dim) > 1;
      (turns ? turning_ : idle_).push_back(dim);
      even_[index(dim)] = space.is_even(candidate.chains[index(dim)], dim);
    }
    collect_boundaries(model);
    for (const auto& operand : model.operands()) {
      for (const Dim dim : kDims) {
        const auto code = static_cast<std::uint32_t>(operand.relevance[index(dim)]);
        signature_[index(dim)] = signature_[index(dim)] * 3 + code;
        if (operand.relevance[index(dim)] == Relevance::sliding) slides_[index(dim)] = true;
      }
    }
  }

  void run() {
    std::vector<Dim> order;
    extend(order, turning_, boundaries_);
  }

 private:
  /// Boundaries whose tile is not replaced wholly at every turn of this level's loops anyway.
  void collect_boundaries(const BoundModel& model) {
    for (const auto& operand : model.operands()) {
      std::vector<LevelIndex> children = operand.keeps;
      if (model.has_register(operand.role)) children.push_back(space_.level_count());
      for (const LevelIndex child : children) {
        if (child <= level_) continue;
        const Boundary boundary{&operand, child};
        if (!replaced_inside(boundary)) boundaries_.push_back(boundary);
      }
    }
  }

  bool replaced_inside(const Boundary& boundary) const {
    for (LevelIndex l = level_ + 1; l < boundary.child; ++l) {
      for (const Dim dim : space_.dims()) {
        if (candidate_.bound(slot_of(l, SlotKind::temporal), dim) > 1 &&
            boundary.operand->relevance[index(dim)] == Relevance::plain && even_[index(dim)]) {
          return true;
        }
      }
    }
    return false;
  }

  /// Is every order of the remaining loops the same to this boundary?
  bool is_indifferent(const Boundary& boundary, const std::vector<Dim>& remaining) const {
    const auto& relevance = boundary.operand->relevance;
    const auto none = [&](Dim dim) { return relevance[index(dim)] == Relevance::none; };
    const auto plain = [&](Dim dim) {
      return relevance[index(dim)] == Relevance::plain && even_[index(dim)];
    };
    return std::all_of(remaining.begin(), remaining.end(), none) ||
           std::all_of(remaining.begin(), remaining.end(), plain);
  }

  bool finish(std::vector<Dim> order, const std::vector<Dim>& remaining) const {
    order.insert(order.end(), remaining.begin(), remaining.end());
    order.insert(order.end(), idle_.begin(), idle_.end());
    LoopOrder result{};
    std::copy(order.begin(), order.end(), result.begin());
    return visit_(result);
  }

  bool extend(std::vector<Dim>& order, const std::vector<Dim>& remaining,
              const std::vector<Boundary>& open) const {
    if (remaining.size() <= 1 || std::all_of(open.begin(), open.end(), [&](const Boundary& b) {
          return is_indifferent(b, remaining);
        })) {
      return finish(order, remaining);
    }
    for (const Dim dim : remaining) {
      if (!order.empty() && are_twins(order.back(), dim) && index(dim) < index(order.back())) {
        continue;
      }
      std::vector<Dim> rest = remaining;
      rest.erase(std::find(rest.begin(), rest.end(), dim));
      std::vector<Boundary> still_open;
      for (const Boundary& boundary : open) {
        const bool replaces =
            boundary.operand->relevance[index(dim)] == Relevance::plain && even_[index(dim)];
        if (!replaces) still_open.push_back(boundary);
      }
      order.push_back(dim);
      const bool go_on = extend(order, rest, still_open);
      order.pop_back();
      if (!go_on) return false;
    }
    return true;
  }

  /// Neighbouring loops that may change places: alike to every operand, sliding along none.
  bool are_twins(Dim a, Dim b) const {
    return signature_[index(a)] == signature_[index(b)] && !slides_[index(a)] &&
           !slides_[index(b)] && even_[index(a)] && even_[index(b)];
  }

  const Candidate& candidate_;
  LevelIndex level_;
  const MapSpace& space_;
  const std::function<bool(const LoopOrder&)>& visit_;
  std::vector<Dim> turning_, idle_;
  std::array<bool, kDimCount> even_{}, slides_{};
  std::array<std::uint32_t, kDimCount> signature_{};
  std::vector<Boundary> boundaries_;
};

}  // namespace

void for_each_order(const Candidate& candidate, LevelIndex level, const MapSpace& space,
                    const BoundModel& model, const std::function<bool(const LoopOrder&)>& visit) {
  OrderWalk(candidate, level, space, model, visit).run();
}

}  // namespace hwflow::chip
