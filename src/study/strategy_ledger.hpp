#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/design_gate.hpp"
#include "study/generation_clock.hpp"
#include "study/hardware_search_result.hpp"
#include "study/plan_evaluator.hpp"
#include "study/plan_space.hpp"
#include "study/search.hpp"

namespace hwflow::study {

/// A plan that a joint search looked at.
struct Strategy {
  CompressionPlan plan;
  int generation = 0;
  std::optional<DesignGate::Verdict> verdict;       ///< none: its designs were not searched yet
  std::int64_t designs = 0;                         ///< on its front
  std::optional<train::AccuracyEstimate> accuracy;  ///< none: not measured
};

/// What both orders of a joint search share: it prices plans (searches their designs) and measures
/// them, each once, keeps within the budget of accuracy evaluations, and keeps time.
class StrategyLedger {
 public:
  /// All arguments outlive the ledger.
  StrategyLedger(const Study& study, const PlanSpace& plans, HardwareModel& unpriced,
                 HardwareSpace& space, train::AccuracyModel& accuracy, RunStore& store,
                 const SearchSetting& setting);

  /// Prices the reference, then measures the float network and the uniform plans of the
  /// re-training.
  /// Errors  one of these plans, or that of reference_widths, cannot run on the reference.
  void begin();
  [[nodiscard]] bool alive() const { return problems_.empty() && !stopped_; }
  void stop() { stopped_ = true; }
  [[nodiscard]] const std::stop_token& stop_token() const { return setting_.stop; }
  [[nodiscard]] Diagnostics problems() const { return problems_; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  [[nodiscard]] const Study& study() const { return study_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const PlanSpace& plans() const { return plans_; }
  [[nodiscard]] const DesignGate& gate() const { return *gate_; }
  [[nodiscard]] const std::vector<Strategy>& strategies() const { return strategies_; }
  [[nodiscard]] const DesignPoint& reference() const { return reference_; }

  /// Places of plans among strategies(); plans that are not known yet are added.
  std::vector<std::size_t> enter(std::span<const CompressionPlan> plans);
  /// Both do each plan once. False when alive() is.
  bool price(std::span<const std::size_t> places);
  bool measure(std::span<const std::size_t> places);

  /// Plans whose accuracy may still be measured.
  [[nodiscard]] std::int64_t evaluations_left() const;
  [[nodiscard]] std::int64_t evaluations() const { return evaluations_; }
  [[nodiscard]] std::int64_t cache_hits() const { return evaluator_.cache_hits(); }

  /// Error of a measured plan as a share of what it may lose: 1 at the least accuracy that counts.
  [[nodiscard]] double harm(const Strategy& strategy) const;
  [[nodiscard]] double least_accuracy() const { return 1.0 - worst_error_; }

  /// Ends a generation; hypervolumes are told later, so that they cost the search no time.
  /// rank_correlation  PairGeneration::rank_correlation
  void close_generation(const std::string& label,
                        std::optional<double> rank_correlation = std::nullopt);
  /// Ends the search: the time of what comes now counts.
  void close_search();
  struct Close {
    PairGeneration summary;
    std::size_t known = 0;  ///< strategies at that time
  };
  [[nodiscard]] const std::vector<Close>& closes() const { return closes_; }

  /// For the progress line: what is expected in all, and what for.
  void set_total(std::int64_t total, std::string note);

 private:
  /// Problems of a plan on the reference design, at the key that asks for it.
  [[nodiscard]] Expected<DesignPoint> on_reference(const WidthPair& widths, const std::string& key);
  void close(const std::string& name, const std::string& label,
             std::optional<double> rank_correlation);

  const Study& study_;
  const Network& network_;
  const PlanSpace& plans_;
  HardwareSpace& space_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  const SearchSetting& setting_;
  PlanEvaluator evaluator_;
  std::vector<Strategy> strategies_;  ///< in the order in which they were entered
  std::map<std::string, std::size_t> index_;
  std::optional<DesignGate> gate_;
  DesignPoint reference_;
  double worst_error_ = 1.0;
  std::int64_t evaluations_ = 0;
  std::vector<Close> closes_;
  int generation_ = 0;
  GenerationClock clock_;
  ProcessorClock processor_;
  double pricing_ = 0.0;  ///< seconds since the last close
  bool stopped_ = false;
  Diagnostics problems_;
};

}  // namespace hwflow::study
