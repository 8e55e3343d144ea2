#include "train/fault/plain_check.hpp"

#include "base/random.hpp"
#include "train/fault/golden.hpp"
#include "train/fault/propagation.hpp"

namespace hwflow::train::fault {

PlainCheck check_plainly(const integer::Plan& plan, const Workload& workload, std::size_t count,
                         const RunFault& run,
                         const std::function<FullRun(std::size_t fault)>& plainly,
                         std::int64_t draws, std::uint64_t seed, const std::stop_token& stop) {
  Rng rng(seed);
  const std::size_t size = workload.pixels.size() / workload.labels.size();
  Golden golden = make_golden(plan);
  Propagation propagation(plan);
  PlainCheck result;
  for (; result.checked < draws && !stop.stop_requested(); ++result.checked) {
    const std::size_t fault = rng.below(count);
    const std::uint8_t* pixels = workload.pixels.data() + rng.below(workload.labels.size()) * size;
    run_golden(plan, pixels, golden);
    propagation.begin(golden);
    const Verdict full = plainly(fault).run(pixels, golden.workspace.logits);
    result.differing += run(propagation, fault) == full ? 0 : 1;
  }
  return result;
}

}  // namespace hwflow::train::fault
