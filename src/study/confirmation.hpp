#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/run_store.hpp"
#include "study/search.hpp"

namespace hwflow::study {

/// Measures plans again, on images that the search did not see: the best accuracy of many is too
/// good to be true. Each is measured once and committed to the store when it is done.
class Confirmation {
 public:
  Confirmation(train::AccuracyModel& accuracy, RunStore& store, const SearchSetting& setting);

  /// None when the run was stopped, or when setting.only_known and it is not known.
  [[nodiscard]] std::optional<train::AccuracyEstimate> float_accuracy();

  /// Fills in `confirmed` of plans[i] for all i of `which`, on several threads. False when one is
  /// missing, for the same reasons.
  [[nodiscard]] bool confirm(std::vector<EvaluatedPlan>& plans, std::span<const std::size_t> which);

 private:
  [[nodiscard]] bool may_measure() const {
    return !setting_.only_known && !setting_.stop.stop_requested();
  }
  void report_one_done();

  train::AccuracyModel& accuracy_;
  std::string key_;
  RunStore& store_;
  const SearchSetting& setting_;
  std::mutex mutex_;  // of what follows
  std::int64_t done_ = 0, asked_ = 0;
};

}  // namespace hwflow::study
