#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "train/fault/campaign.hpp"
#include "train/fault/full_run.hpp"

namespace hwflow::train::fault {

struct PlainCheck {
  std::int64_t checked = 0, differing = 0;  ///< inferences
};

/// Draws `draws` times one of `count` faults and one image, and runs it both ways. `run` as of
/// run_faults(); `plainly` gives the plain way of a fault.
[[nodiscard]] PlainCheck check_plainly(const integer::Plan& plan, const Workload& workload,
                                       std::size_t count, const RunFault& run,
                                       const std::function<FullRun(std::size_t fault)>& plainly,
                                       std::int64_t draws, std::uint64_t seed,
                                       const std::stop_token& stop = {});

}  // namespace hwflow::train::fault
