#include "study/codesign_result.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace hwflow::study {
namespace {

// The names are the keys of the study file's list of objectives (docs) and of the JSON output.
TEST(CodesignResult, ObjectivesAreNamedAsInAStudyFile) {
  EXPECT_EQ(name(Objective::accuracy), "accuracy");
  EXPECT_EQ(name(Objective::energy), "energy");
  EXPECT_EQ(name(Objective::latency), "latency");
  EXPECT_EQ(name(Objective::dram), "dram");
  EXPECT_EQ(name(Objective::model_size), "model_size");
  EXPECT_EQ(name(Objective::macs), "macs");
  EXPECT_EQ(name(Objective::failure_rate), "failure_rate");
}

TEST(CodesignResult, OriginsHaveNamesOfTheirOwn) {
  const std::set<std::string> names{
      std::string(name(Origin::uniform)),   std::string(name(Origin::single_step)),
      std::string(name(Origin::greedy)),    std::string(name(Origin::random)),
      std::string(name(Origin::offspring)), std::string(name(Origin::agent)),
      std::string(name(Origin::magnitude))};
  EXPECT_EQ(names.size(), 7U);
  EXPECT_FALSE(names.contains(""));
}

TEST(CodesignResult, SavingIsAShareOfTheWhole) {
  EXPECT_DOUBLE_EQ(saving(25.0, 100.0), 0.75);
  EXPECT_DOUBLE_EQ(saving(150.0, 100.0), -0.5);
  EXPECT_DOUBLE_EQ(saving(1.0, 0.0), 0.0);
}

TEST(CodesignResult, SavingsOfAPickAreThoseOfEachCost) {
  const Saving saving = saving_of(2, {60.0, 30, 50, 20, 10}, 1, {100.0, 40, 100, 80, 100});
  EXPECT_EQ(saving.pick, 2U);
  EXPECT_EQ(saving.baseline, 1U);
  EXPECT_DOUBLE_EQ(saving.energy, 0.4);
  EXPECT_DOUBLE_EQ(saving.latency, 0.25);
  EXPECT_DOUBLE_EQ(saving.dram, 0.5);
  EXPECT_DOUBLE_EQ(saving.model_size, 0.75);
  EXPECT_DOUBLE_EQ(saving.macs, 0.9);
}

// Wald: sqrt(0.9 * 0.1 / 100) = 0.03.
TEST(AccuracyEstimate, StandardErrorIsThatOfAShare) {
  const train::AccuracyEstimate estimate{90, 100};
  EXPECT_DOUBLE_EQ(estimate.top1(), 0.9);
  EXPECT_NEAR(estimate.standard_error(), 0.03, 1e-15);
  EXPECT_EQ(train::AccuracyEstimate{}.top1(), 0.0);
}

}  // namespace
}  // namespace hwflow::study
