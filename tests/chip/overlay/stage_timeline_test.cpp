#include "chip/overlay/stage_timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

/// Piece by piece: each stage in order, `regions` for either operand, two result buffers.
class PiecewiseTimeline {
 public:
  PiecewiseTimeline(const StageTimeline& line, std::int64_t regions)
      : line_(line), regions_(static_cast<std::size_t>(regions)) {}

  std::int64_t makespan() {
    std::vector<std::int64_t> outer(1, fetch(line_.outer_cycles, 0));
    for (std::int64_t pass = 0; pass < line_.passes; ++pass) {
      std::int64_t next = 0;  // when the outer stripes of the next pass are there
      for (std::int64_t group = 0; group < line_.groups; ++group) {
        const std::size_t piece = pieces_.size();
        const std::int64_t inner =
            fetch(line_.inner_cycles, piece < regions_ ? 0 : pieces_[piece - regions_]);
        while (pass == 0 && group == 0 && outer.size() < static_cast<std::size_t>(line_.first))
          outer.push_back(fetch(line_.outer_cycles, 0));
        if (pass + 1 < line_.passes) next = fetch_part(pass + 1, group);
        for (const std::int64_t stripe : outer) execute(std::max(inner, stripe));
        pieces_.push_back(execute_free_);
      }
      passes_.push_back(execute_free_);
      outer.assign(static_cast<std::size_t>(line_.block), next);
    }
    return results_.back();
  }

 private:
  std::int64_t fetch(std::int64_t cycles, std::int64_t free) {
    fetch_free_ = std::max(fetch_free_, free) + cycles;
    return fetch_free_;
  }

  std::int64_t fetch_part(std::int64_t pass, std::int64_t group) {
    const std::int64_t all = line_.block * line_.outer_cycles;
    const std::int64_t cycles = all * (group + 1) / line_.groups - all * group / line_.groups;
    const auto at = static_cast<std::size_t>(pass);
    return fetch(cycles, cycles == 0 || at < regions_ ? 0 : passes_[at - regions_]);
  }

  void execute(std::int64_t fetched) {
    std::int64_t start = std::max(execute_free_, fetched);
    if (step_ == 0 && results_.size() >= 2) start = std::max(start, results_[results_.size() - 2]);
    execute_free_ = start + line_.step_cycles;
    step_ = (step_ + 1) % line_.steps;
    if (step_ > 0) return;
    const std::int64_t free = results_.empty() ? 0 : results_.back();
    results_.push_back(std::max(free, execute_free_) + line_.result_cycles);
  }

  const StageTimeline& line_;
  std::size_t regions_;
  std::int64_t fetch_free_ = 0, execute_free_ = 0, step_ = 0;
  std::vector<std::int64_t> pieces_, passes_, results_;  ///< when each is executed, or written
};

TEST(StageTimeline, MatchesItsPieces) {
  Rng rng(13);
  for (int trial = 0; trial < 100'000; ++trial) {
    StageTimeline line;
    line.passes = rng.between(1, 5);
    line.steps = rng.below(2) == 0 ? 1 : rng.between(2, 6);
    line.groups = line.steps * rng.between(1, 5);
    if (line.steps == 1) {
      line.block = rng.between(1, 4);
      line.first = line.passes == 1 ? line.block : rng.between(1, line.block);
    }
    const std::int64_t most = rng.between(2, 40);
    line.outer_cycles = rng.between(0, 2 * most);
    line.inner_cycles = rng.between(1, most);
    line.step_cycles = rng.between(1, most);
    line.result_cycles = rng.between(1, 3 * most);
    const std::int64_t regions = rng.between(2, 4);
    ASSERT_EQ(makespan(line), PiecewiseTimeline(line, regions).makespan())
        << "trial " << trial << ": " << line.passes << " passes of " << line.groups << " groups, "
        << line.first << "/" << line.block << " stripes, " << line.steps << " steps; "
        << line.outer_cycles << " " << line.inner_cycles << " " << line.step_cycles << " "
        << line.result_cycles << " cycles, " << regions << " regions";
  }
}

/// 2 passes of 3 inner pieces past 1 + 1 outer stripes; outer 6, inner 2, step 5, result 3 cycles:
/// the first tile can start in cycle 8, 6 tiles take 30, one result is left to write.
TEST(StageTimeline, BoundByExecution) {
  const StageTimeline line{.passes = 2,
                           .groups = 3,
                           .outer_cycles = 6,
                           .inner_cycles = 2,
                           .step_cycles = 5,
                           .result_cycles = 3};
  EXPECT_EQ(line.tiles(), 6);
  EXPECT_EQ(makespan(line), 8 + 30 + 3);
}

}  // namespace
}  // namespace hwflow::chip
