#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/failure_predictor.hpp"
#include "study/flip_runs.hpp"
#include "study/hardware_model.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// Does the search minimise failure_rate?
[[nodiscard]] bool minimises_failures(const Study& study);

/// The uniform plans that the predictor is calibrated by: the narrowest weights with the narrowest
/// inputs and so on; a list that is shorter goes on with its widest. So every width comes up, and
/// no more networks than there are widths.
[[nodiscard]] std::vector<WidthPair> calibration_widths(const SearchOptions& search);

/// Objective failure_rate of one run: the predictor before the search, and what the plans of the
/// result come to when their own networks are flipped.
class Resilience {
 public:
  /// All arguments outlive the object. `study` minimises failures.
  Resilience(const Study& study, const Network& network, FlipRuns& runs)
      : study_(study), network_(network), runs_(runs) {}

  /// Runs the campaigns of calibration_widths(). False: stopped.
  [[nodiscard]] bool calibrate();
  /// Of calibrate().
  [[nodiscard]] const std::shared_ptr<const FailurePredictor>& predictor() const {
    return predictor_;
  }
  /// Sites, rate, risks.
  [[nodiscard]] ResilienceSummary summary() const;

  /// Of result.plans, re-trained. False: stopped.
  [[nodiscard]] bool measure_finished(CodesignResult& result,
                                      std::span<const train::FinishedPlan> finished,
                                      const HardwareModel& hardware);
  /// Of plans of the front. False: stopped.
  [[nodiscard]] bool check_predictor(CodesignResult& result, const HardwareModel& hardware);

 private:
  [[nodiscard]] const ResilienceOptions& options() const { return *study_.resilience; }
  [[nodiscard]] train::fault::FlipRequest request() const;
  [[nodiscard]] FailureCheck check_of(const CodesignResult& result, std::size_t evaluated,
                                      const train::fault::FlipCampaign& campaign,
                                      const HardwareModel& hardware) const;

  const Study& study_;
  const Network& network_;
  FlipRuns& runs_;
  std::shared_ptr<const FailurePredictor> predictor_;
};

}  // namespace hwflow::study
