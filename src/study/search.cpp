#include "study/search.hpp"

#include "base/check.hpp"
#include "study/algorithms.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {

HardwareModel& LevelModels::at(Abstraction model) const {
  if (model == Abstraction::fine) return fine;
  HardwareModel* const found = model == Abstraction::mid ? mid : coarse;
  HWFLOW_CHECK(found != nullptr, "no model for a level of the search");
  return *found;
}

std::vector<LevelOptions> levels_of(const SearchOptions& options) {
  if (!options.levels.empty()) return options.levels;
  return {{Abstraction::fine, options.generations, options.population}};
}

Expected<SearchResult> search_plans(const Study& study, const LevelModels& models,
                                    train::AccuracyModel& accuracy, RunStore& store,
                                    const SearchSetting& setting) {
  PlanSpace space(study.search, models.fine.network());
  SearchLedger ledger(study, models, accuracy, store, setting);
  Outlook outlook = outlook_of(study, space);
  ledger.set_outlook(outlook.total, std::move(outlook.note));
  const std::vector<std::int64_t> budgets = level_budgets(study, space);
  const RunAlgorithm run = make_algorithm(study.search.algorithm);
  for (const LevelOptions& level : levels_of(study.search)) {
    if (!budgets.empty()) ledger.limit_level(budgets[ledger.level_count()]);
    if (ledger.level_count() > 0) {
      const std::vector<CompressionPlan> front = ledger.front();
      space = space.narrowed(front, study.search.narrow_steps, study.search.narrow_share);
    }
    ledger.begin_level(level.model, space);
    SearchOptions options = study.search;
    options.generations = level.generations;
    options.population = level.population.value_or(study.search.population);
    if (ledger.alive()) run(ledger, options);
    if (!ledger.alive()) break;
  }
  ledger.compare_levels();
  return std::move(ledger).finish();
}

double objective_value(Objective objective, const train::AccuracyEstimate& accuracy,
                       const HardwareCost& hardware) {
  switch (objective) {
    case Objective::accuracy: return 1.0 - accuracy.top1();
    case Objective::energy: return hardware.energy_pj;
    case Objective::latency: return static_cast<double>(hardware.cycles);
    case Objective::dram: return static_cast<double>(hardware.dram_bits);
    case Objective::model_size: return static_cast<double>(hardware.model_bits);
    case Objective::macs: return static_cast<double>(hardware.macs);
    case Objective::failure_rate: return hardware.failure_rate;
  }
  HWFLOW_CHECK(false, "unknown objective");
  return 0.0;
}

}  // namespace hwflow::study
