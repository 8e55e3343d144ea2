#include "chip/mapper/pareto_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSame = 1.0 - kEqualEnergy;

/// The product of the logarithms of the sides.
double size_of(const ParetoBox& box) {
  double size = 1.0;
  for (std::size_t i = 0; i < box.below.size(); ++i) {
    if (box.at_least[i] <= 0.0 || box.below[i] == kInfinity) return kInfinity;
    size *= std::log(box.below[i] / box.at_least[i]);
  }
  return size;
}

bool lies_in(const ParetoBox& inner, const ParetoBox& outer) {
  for (std::size_t i = 0; i < inner.below.size(); ++i)
    if (inner.below[i] > outer.below[i]) return false;
  return true;
}

bool holds(const ParetoBox& box, const ParetoValues& point) {
  for (std::size_t i = 0; i < point.size(); ++i)
    if (point[i] >= box.below[i]) return false;
  return true;
}

}  // namespace

bool covers(const ParetoValues& a, const ParetoValues& b) {
  if (a[0] * kSame > b[0]) return false;
  for (std::size_t i = 1; i < a.size(); ++i)
    if (a[i] > b[i]) return false;
  return true;
}

bool dominates(const ParetoValues& a, const ParetoValues& b) {
  return covers(a, b) && !covers(b, a);
}

std::vector<std::size_t> nondominated(const std::vector<ParetoValues>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ParetoValues& mine = values[order[i]];
    const bool is_beaten = std::any_of(order.begin(), order.end(), [&](std::size_t other) {
      return dominates(values[other], mine);
    });
    const bool is_known = std::any_of(kept.begin(), kept.end(),
                                      [&](std::size_t k) { return covers(values[k], mine); });
    if (!is_beaten && !is_known) kept.push_back(order[i]);
  }
  return kept;
}

bool ParetoBox::is_empty() const {
  for (std::size_t i = 0; i < below.size(); ++i) {
    // Of counts, the last one below is as far as they go.
    const double most = i == 0 ? below[i] * kSame : most_count(below[i]);
    if (most < at_least[i] || (i == 0 && most <= at_least[i])) return true;
  }
  return false;
}

ParetoBoxes::ParetoBoxes(ParetoValues at_least) {
  ParetoValues below(at_least.size(), kInfinity);
  boxes_.push_back({std::move(below), std::move(at_least)});
}

std::optional<ParetoBox> ParetoBoxes::take_largest() {
  if (boxes_.empty()) return std::nullopt;
  const auto largest = std::max_element(
      boxes_.begin(), boxes_.end(),
      [](const ParetoBox& a, const ParetoBox& b) { return size_of(a) < size_of(b); });
  ParetoBox box = std::move(*largest);
  boxes_.erase(largest);
  return box;
}

void ParetoBoxes::put_back(ParetoBox box) {
  if (!box.is_empty()) boxes_.push_back(std::move(box));
}

void ParetoBoxes::cut(const ParetoValues& corner) {
  std::vector<ParetoBox> kept, parts;
  for (ParetoBox& box : boxes_) {
    if (!holds(box, corner)) {
      kept.push_back(std::move(box));
      continue;
    }
    for (std::size_t i = 0; i < corner.size(); ++i) {
      ParetoBox part = box;
      part.below[i] = corner[i];
      if (!part.is_empty()) parts.push_back(std::move(part));
    }
  }
  // A part that lies in another box is looked at there; of equal ones the first stays.
  const std::size_t whole = kept.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    bool is_redundant = false;
    for (std::size_t j = 0; j < whole && !is_redundant; ++j)
      is_redundant = lies_in(parts[i], kept[j]);
    for (std::size_t j = 0; j < parts.size() && !is_redundant; ++j)
      is_redundant =
          i != j && lies_in(parts[i], parts[j]) && (j < i || !lies_in(parts[j], parts[i]));
    if (!is_redundant) kept.push_back(parts[i]);
  }
  boxes_ = std::move(kept);
}

double largest_gap(const std::vector<ParetoBox>& boxes, const std::vector<ParetoValues>& points) {
  double gap = 0.0;
  for (const ParetoBox& box : boxes) {
    double least = kInfinity;
    for (const ParetoValues& point : points) {
      double ratio = 1.0;
      for (std::size_t i = 0; i < point.size(); ++i)
        if (point[i] > 0.0) ratio = std::max(ratio, point[i] / box.at_least[i]);
      least = std::min(least, ratio);
    }
    gap = std::max(gap, least - 1.0);
  }
  return gap;
}

}  // namespace hwflow::chip
