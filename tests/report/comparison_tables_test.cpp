#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/comparison.hpp"
#include "tests/report/fake_comparison.hpp"

namespace hwflow::report {
namespace {

using nlohmann::json;
using report_test::fake_comparison;
using testing::HasSubstr;

TEST(ComparisonTables, JsonEqualsTheStruct) {
  const auto comparison = fake_comparison();
  const json document = json::parse(comparison_json(comparison));
  EXPECT_EQ(document["tolerance"], comparison.tolerance);
  EXPECT_EQ(document["evaluations"], 999);
  EXPECT_EQ(document["distinct_plans"], 640);
  ASSERT_EQ(document["accelerators"].size(), 3U);
  const auto& half = comparison.accelerators[1];
  const json& machine = document["accelerators"][1];
  EXPECT_EQ(machine["label"], "half");
  EXPECT_EQ(machine["report"], "half/report.html");
  ASSERT_EQ(machine["front"].size(), half.result.front.size());
  const auto& first = half.result.evaluated[half.result.front[0]];
  EXPECT_EQ(machine["front"][0]["energy_pj"], first.hardware.energy_pj);
  EXPECT_EQ(machine["front"][0]["macs"], first.hardware.macs);
  EXPECT_EQ(machine["front"][0]["plan"], to_text(first.plan));
  EXPECT_EQ(machine["least_energy"]["index"], *half.least_energy);
  EXPECT_EQ(machine["least_latency"]["index"], *half.least_latency);
  EXPECT_TRUE(document["accelerators"][2]["least_energy"].is_null());
}

/// Two machines have best plans, on three machines: six cells of each cost.
TEST(ComparisonTables, JsonHasEveryTransfer) {
  const auto comparison = fake_comparison();
  const json document = json::parse(comparison_json(comparison));
  const json& energy = document["transfers"]["energy"];
  ASSERT_EQ(energy.size(), 6U);
  EXPECT_EQ(energy[3]["from"], "half");
  EXPECT_EQ(energy[3]["to"], "full");
  EXPECT_DOUBLE_EQ(energy[3]["ratio"], 1.1);
  EXPECT_EQ(energy[3]["energy_pj"], 2000.0);
  const auto& half = comparison.accelerators[1];
  EXPECT_EQ(energy[3]["plan"], to_text(half.result.evaluated[*half.least_energy].plan));
  EXPECT_TRUE(energy[5]["own"].is_null());
  EXPECT_TRUE(energy[5]["ratio"].is_null());
  EXPECT_DOUBLE_EQ(document["transfers"]["latency"][0]["ratio"], 2.0);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 2) {
    end = text.find("\r\n", at);
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

TEST(ComparisonTables, CsvHasEveryFrontPlanAndMarksTheBest) {
  const auto comparison = fake_comparison();
  const auto lines = lines_of(comparison_csv(comparison));
  std::size_t plans = 0;
  for (const auto& machine : comparison.accelerators) plans += machine.result.front.size();
  ASSERT_EQ(lines.size(), 1 + plans);
  const std::size_t columns =
      static_cast<std::size_t>(std::count(lines[0].begin(), lines[0].end(), ',') + 1);
  int marked = 0;
  for (const std::string& line : lines) {
    if (line.find(",1,0,") != std::string::npos || line.find(",0,1,") != std::string::npos)
      ++marked;
  }
  EXPECT_EQ(columns, 15U);
  EXPECT_EQ(marked, 4);  // of two machines two each
  EXPECT_THAT(lines[1], testing::StartsWith(
                            fmt::format("full,{},", comparison.accelerators[0].result.front[0])));
}

TEST(ComparisonTables, TransfersHaveARowPerCell) {
  const auto lines = lines_of(transfers_csv(fake_comparison()));
  ASSERT_EQ(lines.size(), 1U + 12U);
  EXPECT_THAT(lines[4], testing::StartsWith("energy,half,full,1.1,"));
  EXPECT_THAT(lines[6], HasSubstr("energy,half,none,,"));  // nothing is as accurate
  EXPECT_THAT(lines[6], HasSubstr(",7,8,,,,"));
  EXPECT_THAT(lines[7], testing::StartsWith("latency,full,full,2,"));
}

TEST(ComparisonTables, RatiosAreThreeDigitsOrADash) {
  EXPECT_EQ(ratio_text(study::Transfer{{}, 1, 1.08349}), "1.083");
  EXPECT_EQ(ratio_text(study::Transfer{{}, {}, {}}), "-");
  EXPECT_EQ(ratio_text(std::nullopt), "-");
}

}  // namespace
}  // namespace hwflow::report
