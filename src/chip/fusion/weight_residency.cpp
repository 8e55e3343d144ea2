#include "chip/fusion/weight_residency.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace hwflow::chip {
namespace {

/// Bits not fetched again because a tensor stays.
std::int64_t saving(const WeightTensor& tensor) { return tensor.bits * (tensor.times - 1); }

/// Knapsack of the tensors that may go either way.
class Knapsack {
 public:
  Knapsack(const std::vector<WeightTensor>& weights, std::vector<std::size_t> free,
           std::int64_t room)
      : weights_(weights), free_(std::move(free)), chosen_(free_.size()), room_(room) {
    std::stable_sort(free_.begin(), free_.end(), [&](std::size_t a, std::size_t b) {
      const WeightTensor &x = weights_[a], &y = weights_[b];
      return x.times != y.times ? x.times > y.times : x.bits > y.bits;
    });
    best_ = chosen_;
    visit(0, room_, 0);
  }

  [[nodiscard]] std::int64_t saved() const { return best_saving_; }
  void mark(std::vector<bool>& resident) const {
    for (std::size_t i = 0; i < free_.size(); ++i)
      if (best_[i]) resident[free_[i]] = true;
  }

 private:
  /// More than the rest can save: tensors in order of saving a bit, the last one in part.
  [[nodiscard]] double bound(std::size_t from, std::int64_t room) const {
    double most = 0.0;
    for (std::size_t i = from; i < free_.size() && room > 0; ++i) {
      const WeightTensor& tensor = weights_[free_[i]];
      const std::int64_t part = std::min(room, tensor.bits);
      most += static_cast<double>(part) * static_cast<double>(tensor.times - 1);
      room -= part;
    }
    return most;
  }

  void visit(std::size_t i, std::int64_t room, std::int64_t saved) {
    if (saved > best_saving_) {
      best_saving_ = saved;
      best_ = chosen_;
    }
    if (i == free_.size()) return;
    if (static_cast<double>(saved) + bound(i, room) <= static_cast<double>(best_saving_)) return;
    const WeightTensor& tensor = weights_[free_[i]];
    if (tensor.bits <= room) {
      chosen_[i] = true;
      visit(i + 1, room - tensor.bits, saved + saving(tensor));
      chosen_[i] = false;
    }
    // Left out: then equal ones after it are left out as well.
    std::size_t next = i + 1;
    while (next < free_.size() && weights_[free_[next]].bits == tensor.bits &&
           weights_[free_[next]].times == tensor.times)
      ++next;
    visit(next, room, saved);
  }

  const std::vector<WeightTensor>& weights_;
  std::vector<std::size_t> free_;
  std::vector<bool> chosen_, best_;
  std::int64_t room_;
  std::int64_t best_saving_ = 0;
};

}  // namespace

std::optional<std::vector<bool>> choose_residents(const std::vector<WeightTensor>& weights,
                                                  std::int64_t room_bits) {
  std::int64_t all = 0;
  std::set<std::int64_t> stagings{0};
  for (const WeightTensor& tensor : weights) {
    all += tensor.bits;
    if (tensor.bits > 0) stagings.insert(tensor.staging_bits);
  }
  if (all <= room_bits) return std::vector<bool>(weights.size(), true);
  std::optional<std::vector<bool>> best;
  std::int64_t best_saving = -1;
  for (const std::int64_t staging : stagings) {
    std::vector<bool> resident(weights.size(), false);
    std::vector<std::size_t> free;
    std::int64_t room = room_bits - staging, saved = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i].bits == 0) {
        resident[i] = true;
      } else if (weights[i].staging_bits <= staging) {
        free.push_back(i);
      } else {
        resident[i] = true;
        room -= weights[i].bits;
        saved += saving(weights[i]);
      }
    }
    if (room < 0) continue;
    const Knapsack knapsack(weights, std::move(free), room);
    if (saved + knapsack.saved() <= best_saving) continue;
    best_saving = saved + knapsack.saved();
    knapsack.mark(resident);
    best = std::move(resident);
  }
  return best;
}

}  // namespace hwflow::chip
