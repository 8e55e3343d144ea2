#include "study/hardware_search_options.hpp"

#include <gtest/gtest.h>

#include "study/study.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using enum HardwareObjective;

TEST(HardwareSearchOptions, ObjectivesAreThoseOfTheSpaceUnlessNamed) {
  HardwareSearchOptions options;
  EXPECT_EQ(options.effective_objectives(),
            (std::vector<HardwareObjective>{latency, dram, lut, bram}));
  options.space = DesignSpaceKind::array;
  EXPECT_EQ(options.effective_objectives(),
            (std::vector<HardwareObjective>{energy, latency, area}));
  options.objectives = {area};
  EXPECT_EQ(options.effective_objectives(), std::vector<HardwareObjective>{area});
}

TEST(HardwareSearchOptions, EveryObjectiveHasItsTarget) {
  HardwareTargets targets;
  EXPECT_TRUE(targets.empty());
  targets = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  EXPECT_FALSE(targets.empty());
  double expected = 1.0;
  for (const HardwareObjective objective : {latency, dram, lut, bram, energy, area}) {
    EXPECT_EQ(targets.of(objective), expected) << name(objective);
    expected += 1.0;
  }
}

TEST(HardwareSearchOptions, NamesAreThoseOfFiles) {
  EXPECT_EQ(name(bram), "bram");
  EXPECT_EQ(name(SearchOrder::sequential), "sequential");
  EXPECT_EQ(name(DesignSpaceKind::array), "array");
}

}  // namespace
}  // namespace hwflow::study
