#include "study/surrogate.hpp"

#include <algorithm>
#include <iterator>

#include "base/check.hpp"
#include "study/rank_correlation.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

std::size_t place_of_accuracy(const std::vector<Objective>& objectives) {
  const auto place = std::find(objectives.begin(), objectives.end(), Objective::accuracy);
  HWFLOW_CHECK(place != objectives.end(), "a search that does not look at accuracy");
  return static_cast<std::size_t>(std::distance(objectives.begin(), place));
}

Objectives predicted_objectives(const std::vector<Objective>& objectives, double harm,
                                const HardwareCost& cost) {
  Objectives values;
  for (const Objective objective : objectives) {
    values.push_back(objective == Objective::accuracy ? harm
                                                      : objective_value(objective, {}, cost));
  }
  return values;
}

}  // namespace

std::optional<std::vector<std::size_t>> Surrogate::choose(std::span<const Genome> brood,
                                                          std::size_t count) {
  std::vector<CompressionPlan> plans;
  for (const Genome& genome : brood) plans.push_back(ledger_.space().decode(genome));
  const std::optional<std::vector<HardwareCost>> costs = ledger_.price(plans);
  if (!costs) return std::nullopt;
  const AccuracyPredictor predictor(ledger_.space(), ledger_.measured_plans());
  std::vector<double> harms;
  std::vector<Objectives> points = population_;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    harms.push_back(predictor.harm(plans[i]));
    points.push_back(
        predicted_objectives(ledger_.study().search.objectives, harms.back(), (*costs)[i]));
  }
  std::vector<std::size_t> chosen;
  predicted_.clear();
  for (const std::size_t i : pareto::select_best(points, points.size())) {
    if (i < population_.size() || chosen.size() == count) continue;
    const std::size_t offspring = i - population_.size();
    chosen.push_back(offspring);
    predicted_.emplace(brood[offspring], harms[offspring]);
  }
  return chosen;
}

std::optional<double> Surrogate::compare(std::span<const Genome> brood,
                                         std::span<const Objectives> measured) const {
  const std::size_t accuracy = place_of_accuracy(ledger_.study().search.objectives);
  std::vector<double> before, after;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    before.push_back(predicted_.at(brood[i]));
    after.push_back(measured[i][accuracy]);
  }
  return rank_correlation(before, after);
}

}  // namespace hwflow::study
