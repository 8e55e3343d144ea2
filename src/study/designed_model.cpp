#include "study/designed_model.hpp"

#include <utility>

namespace hwflow::study {

void DesignedModel::choose(const CompressionPlan& plan, DesignSizes sizes) {
  chosen_[to_text(plan)] = std::move(sizes);
}

DesignSizes DesignedModel::chosen(const CompressionPlan& plan) const {
  const auto place = chosen_.find(to_text(plan));
  return place == chosen_.end() ? space_->reference() : place->second;
}

Diagnostics DesignedModel::prepare(std::span<const CompressionPlan> plans, int /*threads*/,
                                   std::stop_token /*stop*/) {
  Diagnostics problems;
  for (const CompressionPlan& plan : plans) {
    const Expected<DesignPoint> point = space_->point(plan, chosen(plan));
    if (!point) problems.insert(problems.end(), point.error().begin(), point.error().end());
  }
  return problems;
}

HardwareCost DesignedModel::cost(const CompressionPlan& plan) const {
  return space_->cost(plan, chosen(plan));
}

PlanSchedule DesignedModel::schedule(const CompressionPlan& plan) const {
  return space_->schedule(plan, chosen(plan));
}

}  // namespace hwflow::study
