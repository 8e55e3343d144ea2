#include "train/fault/plain_check.hpp"

#include <gtest/gtest.h>

#include "tests/train/fault/integer_case.hpp"
#include "train/fault/fault_draw.hpp"

namespace hwflow::train::fault {
namespace {

TEST(PlainCheck, FindsEveryVerdictThatIsNotThePlainOne) {
  const IntegerCase c(1, 3);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::activations}}).value();
  std::vector<std::uint32_t> strata;
  const FaultList faults = FaultDraw(space, 1).draw(50, strata);
  const auto plainly = [&](std::size_t f) { return FullRun(c.plan, faults[f]); };
  const PlainCheck right = check_plainly(
      c.plan, c.workload(), faults.size(),
      [&](Propagation& propagation, std::size_t f) { return propagation.run(faults[f]); }, plainly,
      40, 1);
  EXPECT_EQ(right.checked, 40);
  EXPECT_EQ(right.differing, 0);
  const PlainCheck wrong = check_plainly(
      c.plan, c.workload(), faults.size(),
      [&](Propagation& propagation, std::size_t f) {
        Verdict verdict = propagation.run(faults[f]);
        verdict.masked = !verdict.masked;
        return verdict;
      },
      plainly, 40, 1);
  EXPECT_EQ(wrong.differing, 40);
}

}  // namespace
}  // namespace hwflow::train::fault
