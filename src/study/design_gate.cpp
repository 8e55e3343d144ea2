#include "study/design_gate.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "pareto/sliced_hypervolume.hpp"

namespace hwflow::study {
namespace {

constexpr double kHair = 1e-9;

}  // namespace

DesignGate::DesignGate(std::vector<double> reference, std::vector<std::optional<double>> targets)
    : reference_(std::move(reference)) {
  HWFLOW_CHECK(targets.size() == reference_.size(), "not one target for every objective");
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    HWFLOW_CHECK(reference_[i] > 0.0, "a reference that costs nothing");
    limits_.push_back(targets[i].value_or(1.0) * reference_[i]);
    must_improve_ &= !targets[i];
  }
}

std::vector<double> DesignGate::scaled(const DesignPoint& point) const {
  HWFLOW_CHECK(point.costs.size() == limits_.size(), "costs of other objectives");
  std::vector<double> values;
  for (std::size_t i = 0; i < limits_.size(); ++i) values.push_back(point.costs[i] / limits_[i]);
  return values;
}

std::vector<double> DesignGate::corner() const {
  return std::vector<double>(limits_.size(), 1.0 + kHair);
}

bool DesignGate::passes(const DesignPoint& point) const {
  bool is_better = false;
  for (std::size_t i = 0; i < limits_.size(); ++i) {
    if (point.costs[i] > limits_[i] * (1.0 + kHair / 2.0)) return false;
    is_better |= point.costs[i] < reference_[i];
  }
  return is_better || !must_improve_;
}

DesignGate::Verdict DesignGate::judge(std::span<const DesignPoint> front) const {
  Verdict verdict;
  std::vector<pareto::Objectives> box;
  for (const DesignPoint& point : front) {
    const std::vector<double> values = scaled(point);
    double violation = 0.0;
    for (const double value : values) violation += std::max(0.0, value - 1.0 - kHair / 2.0);
    if (!verdict.violation || violation < *verdict.violation) {
      verdict.violation = violation;
      verdict.nearest = point;
    }
    if (!passes(point)) continue;
    verdict.inside.push_back(point);
    box.push_back(values);
  }
  verdict.passes = !verdict.inside.empty();
  if (verdict.passes) verdict.volume = pareto::sliced_hypervolume(box, corner()).volume;
  return verdict;
}

}  // namespace hwflow::study
