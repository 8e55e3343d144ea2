#include "study/transfers.hpp"

#include <gtest/gtest.h>

#include "study/comparison.hpp"
#include "study/schedules.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

EvaluatedPlan evaluated(int weights, int inputs, std::int64_t correct, double energy_pj,
                        std::int64_t cycles) {
  EvaluatedPlan plan;
  plan.plan = CompressionPlan::uniform(4, weights, inputs);
  plan.accuracy = {correct, 1000};
  plan.hardware.energy_pj = energy_pj;
  plan.hardware.cycles = cycles;
  return plan;
}

TEST(CheapestPlan, IsTheLeastAmongTheAccurate) {
  CodesignResult result;
  result.evaluated = {evaluated(8, 8, 950, 90, 10), evaluated(4, 4, 940, 40, 30),
                      evaluated(2, 2, 800, 10, 5), evaluated(4, 8, 945, 40, 20)};
  EXPECT_EQ(cheapest_plan(result, Objective::energy, 0.94), 3U);  // as cheap, more accurate
  EXPECT_EQ(cheapest_plan(result, Objective::latency, 0.94), 0U);
  EXPECT_EQ(cheapest_plan(result, Objective::energy, 0.0), 2U);
  EXPECT_EQ(cheapest_plan(result, Objective::energy, 0.95), 0U);  // exactly so accurate
  EXPECT_EQ(cheapest_plan(result, Objective::energy, 0.951), std::nullopt);
}

LoadedStudy study_on(const std::string& name, double dram_energy) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.name = name;
  fields.levels[0].read_energy_pj_per_bit = fields.levels[0].write_energy_pj_per_bit = dram_energy;
  LoadedStudy loaded{
      small_study(), "small", {}, {},  small_network(), chip::Accelerator::make(fields).value(), "",
      name,          {},      {}, name};
  loaded.options.mapper.max_evaluations = 300;
  return loaded;
}

/// What plans cost on a machine, by a model of its own.
HardwareCost cost_on(const LoadedStudy& study, const CompressionPlan& plan) {
  chip::MappingCache mappings;
  const auto hardware = make_hardware_model(study, mappings);
  EXPECT_TRUE(hardware->prepare(std::span(&plan, 1), 1).empty());
  return hardware->cost(plan);
}

class Transfers : public testing::Test {
 protected:
  Transfers() {
    for (const LoadedStudy& study : studies_) {
      ComparedAccelerator machine{study.label, {}, {}, {}};
      for (const auto& [weights, inputs, correct] :
           {std::tuple{8, 8, 950}, std::tuple{4, 8, 940}, std::tuple{2, 8, 900}}) {
        EvaluatedPlan plan = evaluated(weights, inputs, correct, 0, 0);
        plan.hardware = cost_on(study, plan.plan);
        machine.result.evaluated.push_back(std::move(plan));
      }
      machines_.push_back(std::move(machine));
    }
    machines_[0].least_energy = machines_[0].least_latency = 1;  // 4/8
    machines_[1].least_energy = 0;                               // 8/8; no plan of least latency
  }
  std::vector<TransferMatrix> price(std::stop_token stop = {}) {
    const auto store = open_store(folder_.path() / "runs");
    auto priced = price_transfers(studies_, machines_, *store, 2, std::move(stop)).value();
    return priced.value_or(std::vector<TransferMatrix>{});
  }
  TemporaryFolder folder_;
  std::vector<LoadedStudy> studies_{study_on("near", 1.0), study_on("far", 1000.0)};
  std::vector<ComparedAccelerator> machines_;
};

TEST_F(Transfers, ArePlansAtTheOtherMachinesCosts) {
  const std::vector<TransferMatrix> matrices = price();
  ASSERT_EQ(matrices.size(), 2U);
  EXPECT_EQ(matrices[0].cost, Objective::energy);
  EXPECT_EQ(matrices[1].cost, Objective::latency);
  const CompressionPlan narrow = CompressionPlan::uniform(4, 4, 8);
  EXPECT_EQ(matrices[0].cells[0][1]->hardware, cost_on(studies_[1], narrow));
  EXPECT_EQ(matrices[1].cells[0][1]->hardware, cost_on(studies_[1], narrow));
  EXPECT_FALSE(matrices[1].cells[1][0].has_value());
  EXPECT_FALSE(matrices[1].cells[1][1].has_value());
}

TEST_F(Transfers, RatiosAreToTheBestThatIsNoLessAccurate) {
  machines_[1].result.evaluated.erase(machines_[1].result.evaluated.begin() + 1);  // no 4/8
  machines_[1].least_energy = 0;
  const std::vector<TransferMatrix> matrices = price();
  for (const TransferMatrix& matrix : matrices) EXPECT_EQ(matrix.cells[0][0]->ratio, 1.0);
  EXPECT_EQ(matrices[0].cells[1][1]->ratio, 1.0);
  // On "far", 4/8 (940 right) is held against 8/8, as 2/8 is less accurate.
  EXPECT_EQ(matrices[0].cells[0][1]->own, 0U);
  const double narrow = cost_on(studies_[1], CompressionPlan::uniform(4, 4, 8)).energy_pj;
  const double wide = cost_on(studies_[1], CompressionPlan::uniform(4, 8, 8)).energy_pj;
  EXPECT_DOUBLE_EQ(*matrices[0].cells[0][1]->ratio, narrow / wide);
  EXPECT_LT(narrow, wide);  // below 1: its own search missed the better plan
  // On "near", 8/8 (950 right) has 8/8 alone above it.
  EXPECT_DOUBLE_EQ(*matrices[0].cells[1][0]->ratio, 1.0);
}

TEST_F(Transfers, HaveNoRatioWhereNothingIsAsAccurate) {
  machines_[1].result.evaluated.erase(machines_[1].result.evaluated.begin(),
                                      machines_[1].result.evaluated.begin() + 2);
  machines_[1].least_energy.reset();
  const auto matrices = price();
  ASSERT_TRUE(matrices[0].cells[0][1].has_value());
  EXPECT_FALSE(matrices[0].cells[0][1]->own.has_value());
  EXPECT_FALSE(matrices[0].cells[0][1]->ratio.has_value());
}

TEST_F(Transfers, AStopLeavesNone) {
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(price(source.get_token()).empty());
}

}  // namespace
}  // namespace hwflow::study
