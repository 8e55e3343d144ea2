#include "study/search_record.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::study {

using pareto::Genome;
using pareto::Objectives;

SearchRecord::SearchRecord(const SearchOptions& options, const PlanSpace& space,
                           PlanEvaluator& evaluator)
    : options_(options), space_(space), evaluator_(evaluator) {}

Objectives SearchRecord::objectives_of(const PlanEvaluator::Measured& measured) const {
  Objectives values;
  for (const Objective objective : options_.objectives) {
    values.push_back(objective_value(objective, measured.accuracy, measured.hardware));
  }
  return values;
}

bool SearchRecord::measure(std::span<const Genome> genomes, Origin origin, int generation) {
  std::vector<Genome> fresh;
  std::vector<PrecisionPlan> plans;
  std::set<Genome> listed;
  for (const Genome& genome : genomes) {
    if (knows(genome) || !listed.insert(genome).second) continue;
    fresh.push_back(genome);
    plans.push_back(space_.decode(genome));
  }
  auto values = evaluator_.measure(plans);
  if (!values) {
    problems_ = std::move(values).error();
    return false;
  }
  if (!*values) {
    stopped_ = true;
    return false;
  }
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    archive_.add({fresh[i], objectives_of((**values)[i]), generation});
    known_.push_back({(**values)[i], origin});
  }
  return true;
}

bool SearchRecord::knows(const Genome& genome) const { return archive_.find(genome).has_value(); }

const train::AccuracyEstimate& SearchRecord::accuracy(const Genome& genome) const {
  const std::optional<std::size_t> place = archive_.find(genome);
  HWFLOW_CHECK(place.has_value(), "a plan that was not measured");
  return known_[*place].value.accuracy;
}

void SearchRecord::set_normalisers() {
  const std::optional<std::size_t> widest = archive_.find(space_.genomes().largest);
  HWFLOW_CHECK(widest.has_value(), "the widest plan was not measured");
  const Objectives& values = archive_.entries()[*widest].objectives;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool accuracy = options_.objectives[i] == Objective::accuracy;
    result_.normalisers.push_back(accuracy || values[i] <= 0.0 ? 1.0 : values[i]);
    result_.hypervolume_reference.push_back(1.0);
  }
}

const GenerationSummary& SearchRecord::summarise(int generation) {
  if (result_.normalisers.empty()) set_normalisers();
  std::vector<GenerationSummary>& all = result_.generations;
  if (!all.empty() && all.back().evaluations == evaluations()) {  // nothing new: the same front
    all.push_back(all.back());
    all.back().generation = generation;
    return all.back();
  }
  std::vector<Objectives> front;
  for (const std::size_t i : archive_.front()) {
    front.push_back(archive_.entries()[i].objectives);
    for (std::size_t k = 0; k < front.back().size(); ++k) {
      front.back()[k] /= result_.normalisers[k];
    }
  }
  all.push_back({generation, evaluations(), static_cast<std::int64_t>(front.size()),
                 pareto::hypervolume(front, result_.hypervolume_reference)});
  return all.back();
}

SearchResult SearchRecord::finish(std::span<const Genome> uniform) && {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const pareto::Evaluated& entry = archive_.entries()[i];
    result_.evaluated.push_back({space_.decode(entry.genome), entry.generation, known_[i].origin,
                                 known_[i].value.accuracy, std::nullopt, known_[i].value.hardware,
                                 entry.objectives, false});
  }
  result_.front = archive_.front();
  for (const std::size_t i : result_.front) result_.evaluated[i].on_front = true;
  std::ranges::stable_sort(result_.front, {}, [this](std::size_t i) -> const Objectives& {
    return result_.evaluated[i].objectives;
  });
  for (const Genome& genome : uniform) {
    const std::optional<std::size_t> i = archive_.find(genome);
    if (i && std::ranges::find(result_.baselines, *i) == result_.baselines.end()) {
      result_.baselines.push_back(*i);
    }
  }
  result_.accuracy_cache_hits = evaluator_.cache_hits();
  result_.mapping_seconds = evaluator_.mapping_seconds();
  result_.stopped = stopped_;
  return std::move(result_);
}

}  // namespace hwflow::study
