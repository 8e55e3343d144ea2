#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chip/overlay/product_cost.hpp"

namespace hwflow::testing {

/// a / b rounded up.
[[nodiscard]] std::int64_t round_up(std::int64_t a, std::int64_t b);

/// One word of all rows of a stripe, in one bit plane.
struct Tag {
  std::int64_t stripe = 0, plane = 0, word = 0;
  bool operator==(const Tag&) const = default;
};

/// One memory and the operand that is in it; 0 is the left one.
struct OverlaySide {
  std::int64_t rows = 0, entries = 0;
  std::int64_t stripes = 0, planes = 0;
  bool holds_weights = false;
};

struct Fetch {
  int side = 0;
  std::int64_t cycles = 0;
  std::vector<std::int64_t> addresses;               ///< overwritten from the start on
  std::vector<std::pair<std::int64_t, Tag>> brings;  ///< there from the end on
  std::int64_t waits_for_execute = -1;
};

struct Run {
  std::int64_t left_at = 0, right_at = 0;
  Tag left, right;  ///< of the first word
  std::int64_t words = 0;
  bool shifts_sum = false;          ///< accumulator one to the left, before the first word
  std::int64_t shifts_summand = 0;  ///< what is added to the left
};

struct Execute {
  std::int64_t tile = 0;
  bool clears = false, finishes = false;
  std::vector<Run> runs;
  std::vector<std::int64_t> waits_for_fetches;
};

/// What the stages are told to do for one product; results follow from the tiles that end.
struct OverlayProgram {
  OverlaySide sides[2];
  std::int64_t words = 0;  ///< of k, memory entries of one plane
  std::vector<Fetch> fetches;
  std::vector<Execute> executes;
  std::vector<std::string> faults;  ///< addresses beyond a memory or its region, fetches too large
};

/// Takes of the schedule how the product is cut up; addresses, pieces and tokens are its own.
[[nodiscard]] OverlayProgram write_overlay_program(const chip::MatrixProduct& product,
                                                   const chip::BismoShape& design,
                                                   const chip::OverlayOptions& options,
                                                   const chip::ProductSchedule& schedule);

}  // namespace hwflow::testing
