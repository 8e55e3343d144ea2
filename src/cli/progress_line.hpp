#pragma once

#include <chrono>
#include <string>

#include "cli/log.hpp"
#include "study/progress.hpp"

namespace hwflow::cli {

/// Shows progress on standard error: one line that is written over on a terminal, a line now and
/// then elsewhere. Not thread-safe (see study::ReportProgress).
class ProgressLine {
 public:
  /// With a log, its lines take the place of those: one when a phase begins and then now and then.
  explicit ProgressLine(bool quiet, Log log = Log());
  void show(const study::Progress& progress);
  /// Ends the line, so that other output starts on its own.
  void close();

 private:
  bool quiet_, terminal_;
  bool open_ = false;
  Log log_;
  std::string phase_;
  std::chrono::steady_clock::time_point start_, last_;
};

/// "search 120/340, 35 s, 62 s left: generation 2 of 10, ..."
[[nodiscard]] std::string progress_text(const study::Progress& progress, double seconds);

}  // namespace hwflow::cli
