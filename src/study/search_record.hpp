#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/diagnostics.hpp"
#include "pareto/archive.hpp"
#include "study/plan_evaluator.hpp"
#include "study/plan_space.hpp"
#include "study/search.hpp"

namespace hwflow::study {

/// What a search has measured, every plan once, and the result that follows from it.
class SearchRecord {
 public:
  /// All outlive the record.
  SearchRecord(const SearchOptions& options, const PlanSpace& space, PlanEvaluator& evaluator);

  /// Measures the plans that are not known yet. False when the run was stopped (stopped()) or a
  /// layer cannot be mapped (problems()): then nothing is added.
  bool measure(std::span<const pareto::Genome> genomes, Origin origin, int generation);

  [[nodiscard]] bool knows(const pareto::Genome& genome) const;
  [[nodiscard]] const train::AccuracyEstimate& accuracy(const pareto::Genome& genome) const;
  [[nodiscard]] std::int64_t evaluations() const noexcept {
    return static_cast<std::int64_t>(archive_.size());
  }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  void set_stopped() noexcept { stopped_ = true; }
  [[nodiscard]] const Diagnostics& problems() const noexcept { return problems_; }

  /// Adds the summary of a generation: the front and its hypervolume, normalised by the widest
  /// uniform plan, which must be known.
  const GenerationSummary& summarise(int generation);

  /// uniform  the baselines, as far as they are known
  [[nodiscard]] SearchResult finish(std::span<const pareto::Genome> uniform) &&;

 private:
  struct Known {
    PlanEvaluator::Measured value;
    Origin origin;
  };
  [[nodiscard]] pareto::Objectives objectives_of(const PlanEvaluator::Measured& measured) const;
  void set_normalisers();

  const SearchOptions& options_;
  const PlanSpace& space_;
  PlanEvaluator& evaluator_;
  std::vector<Known> known_;  // as the archive's entries
  pareto::Archive archive_;
  SearchResult result_;  // normalisers, reference and generations; the rest at the end
  bool stopped_ = false;
  Diagnostics problems_;
};

}  // namespace hwflow::study
