#include "train/nn/adversary_options.hpp"

#include <fmt/format.h>

namespace hwflow::train {

double AdversaryOptions::step() const {
  if (step_size) return *step_size;
  switch (method) {
    case AdversaryMethod::fast: return 1.25 * eps;
    case AdversaryMethod::pgd: return 0.25 * eps;
    default: return eps;
  }
}

Diagnostics check(const AdversaryOptions& o) {
  Diagnostics problems;
  const auto want = [&](bool good, const char* option, const std::string& reason) {
    if (!good) problems.push_back({option, reason, ""});
  };
  want(o.eps > 0.0 && o.eps <= 1.0, "adversary_eps",
       fmt::format("must be above 0 and at most 1, got {}", o.eps));
  want(!o.step_size || (*o.step_size > 0.0 && *o.step_size <= 2.0), "adversary_step_size",
       fmt::format("must be above 0 and at most 2, got {}", o.step_size.value_or(0.0)));
  want(o.steps >= 1 && o.steps <= 1000, "adversary_steps",
       fmt::format("must be from 1 to 1000, got {}", o.steps));
  want(o.replays >= 1 && o.replays <= 1000, "adversary_replays",
       fmt::format("must be from 1 to 1000, got {}", o.replays));
  want(o.collapse > 0.0 && o.collapse <= 1.0, "adversary_collapse",
       fmt::format("must be above 0 and at most 1, got {}", o.collapse));
  return problems;
}

}  // namespace hwflow::train
