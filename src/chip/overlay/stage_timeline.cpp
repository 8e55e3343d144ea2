#include "chip/overlay/stage_timeline.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

/// Lengths of chains through one step.
class Chains {
 public:
  explicit Chains(const StageTimeline& line) : line_(line), tiles_(line.tiles()) {}

  /// When the pieces for the first step of a group are there.
  [[nodiscard]] std::int64_t fetched(std::int64_t pass, std::int64_t group) const {
    std::int64_t stripes = line_.first + pass * line_.block;
    std::int64_t cycles =
        stripes * line_.outer_cycles + (pass * line_.groups + group + 1) * line_.inner_cycles;
    if (pass + 1 < line_.passes) cycles += group * line_.block * line_.outer_cycles / line_.groups;
    return cycles;
  }

  /// From the start of a step to the end of the last result: steps to the end and one result, or
  /// the steps of its tile and results to the end.
  [[nodiscard]] std::int64_t rest(std::int64_t tile, std::int64_t step) const {
    const std::int64_t later = tiles_ - tile;
    return std::max((later * line_.steps - step) * line_.step_cycles + line_.result_cycles,
                    (line_.steps - step) * line_.step_cycles + later * line_.result_cycles);
  }

  /// Through the first tile of a group that serves several.
  [[nodiscard]] std::int64_t through_group(std::int64_t pass, std::int64_t group) const {
    const std::int64_t tile =
        pass == 0 ? group * line_.first
                  : line_.groups * (line_.first + (pass - 1) * line_.block) + group * line_.block;
    return fetched(pass, group) + rest(tile, 0);
  }

  /// Through a group that is one step.
  [[nodiscard]] std::int64_t through_step(std::int64_t pass, std::int64_t group) const {
    const std::int64_t at = pass * line_.groups + group;
    return fetched(pass, group) + rest(at / line_.steps, at % line_.steps);
  }

 private:
  const StageTimeline& line_;
  std::int64_t tiles_;
};

std::int64_t longest_by_groups(const StageTimeline& line) {
  const Chains chains(line);
  std::int64_t longest = line.outer_cycles + line.inner_cycles + chains.rest(0, 0);
  // The outer stripes of the first pass, each wanted by its tile.
  if (line.first > 1) {
    longest = std::max(longest, line.first * line.outer_cycles + line.inner_cycles +
                                    chains.rest(line.first - 1, 0));
  }
  if (line.groups > 1) longest = std::max(longest, chains.through_group(0, 1));
  if (line.passes > 1) {
    longest =
        std::max({longest, chains.through_group(1, 0), chains.through_group(line.passes - 1, 0)});
  }
  if (line.passes > 1 || line.groups > 1)
    longest = std::max(longest, chains.through_group(line.passes - 1, line.groups - 1));
  return longest;
}

std::int64_t longest_by_steps(const StageTimeline& line) {
  const Chains chains(line);
  const std::int64_t last = line.passes - 1;
  const std::int64_t end = line.groups - 1;
  std::int64_t longest = std::max({
      chains.through_step(0, 0),
      chains.through_step(0, line.steps - 1),
      chains.through_step(last, 0),
      chains.through_step(last, line.steps - 1),
      chains.through_step(last, end),
  });
  if (last > 0) longest = std::max(longest, chains.through_step(last - 1, end));
  return longest;
}

}  // namespace

std::int64_t makespan(const StageTimeline& line) {
  return line.steps == 1 ? longest_by_groups(line) : longest_by_steps(line);
}

}  // namespace hwflow::chip
