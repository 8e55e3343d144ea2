#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "study/run_store.hpp"

namespace hwflow::study {

/// Time that a search has taken so far, over all processes of its run: the time of a part is that
/// of the process that finished it first, so that a run that goes on tells the same.
class GenerationClock {
 public:
  /// run         of the store that remembers; none: only this process does
  /// only_known  nothing is written down
  GenerationClock(RunStore& store, std::optional<std::int64_t> run, bool only_known)
      : store_(store), run_(run), only_known_(only_known) {}

  /// Ends the part of that name. Returns what all parts so far took together: seconds, then the
  /// sums of `others`, which are of the part (always as many).
  std::vector<double> close(const std::string& part, std::span<const double> others = {});

 private:
  RunStore& store_;
  std::optional<std::int64_t> run_;
  bool only_known_;
  std::vector<double> totals_;
  std::chrono::steady_clock::time_point closed_ = std::chrono::steady_clock::now();
};

/// Processor time of all threads of this process since it was made or last asked.
class ProcessorClock {
 public:
  [[nodiscard]] double lap() {
    const std::clock_t now = std::clock();
    const double seconds = static_cast<double>(now - before_) / CLOCKS_PER_SEC;
    before_ = now;
    return seconds;
  }

 private:
  std::clock_t before_ = std::clock();
};

}  // namespace hwflow::study
