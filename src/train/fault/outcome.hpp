#pragma once

#include <cstdint>

#include "train/fault/crossed_counts.hpp"

namespace hwflow::train::fault {

/// How a fault, or several, ended; numbers of inferences.
struct Tally {
  std::int64_t inferences = 0;
  std::int64_t masked = 0;
  std::int64_t top1_changed = 0;
  std::int64_t top5_changed = 0;
  std::int64_t crashed = 0;
  std::int64_t right = 0;  ///< the class is the label; a crash is wrong
  [[nodiscard]] std::int64_t failures() const { return top1_changed + crashed; }
  Tally& operator+=(const Tally& other) {
    inferences += other.inferences;
    masked += other.masked;
    top1_changed += other.top1_changed;
    top5_changed += other.top5_changed;
    crashed += other.crashed;
    right += other.right;
    return *this;
  }
  bool operator==(const Tally&) const = default;
};

/// A fault that was run on all images.
struct Outcome {
  std::uint32_t stratum = 0;
  Tally tally{};
  FailedImages failed{};
  bool operator==(const Outcome&) const = default;
};

}  // namespace hwflow::train::fault
