#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hwflow::study {

/// How far a run is.
struct Progress {
  std::string phase;  ///< "mapping", "search", "finish", "export"
  std::int64_t done = 0;
  std::int64_t total = 0;                             ///< an estimate; 0 = unknown
  std::string note;                                   ///< "generation 3 of 10, hypervolume 0.62"
  std::optional<double> seconds_left = std::nullopt;  ///< of the phase, an estimate
};

/// Called from several threads, one at a time.
using ReportProgress = std::function<void(const Progress&)>;

}  // namespace hwflow::study
