#include "report/design_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/json.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::int64_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(PairsCsv, HasALineForEveryPair) {
  const auto result = report_test::designed_result();
  const std::string csv = pairs_csv(result);
  EXPECT_EQ(lines(csv), 1 + 3 * static_cast<std::int64_t>(result.front.size()));
  EXPECT_THAT(csv, StartsWith("index,accuracy,standard_error,correct,total,dm,dk,dn,bm,bn,rule,"
                              "latency,dram,lut,bram,design,plan\r\n"));
  EXPECT_THAT(csv, HasSubstr(",4,64,8,1024,2048,0,"));
  EXPECT_THAT(csv, HasSubstr(",\"4 x 128 x 8, 1024 / 2048 entries\","));
}

TEST(StrategiesCsv, HasALineForEveryPlanThatWasLookedAt) {
  const std::string csv = strategies_csv(report_test::designed_result());
  EXPECT_EQ(lines(csv), 1 + 400);
  EXPECT_THAT(csv, HasSubstr("\r\n0,1,1,0,0.25,30,3,0,"));  // measured
  EXPECT_THAT(csv, HasSubstr("\r\n3,0,0,0.5,0,30,0,,,"));   // not measured
}

/// Baselines have two lines: the reference, and a design of their own.
TEST(DesignsCsv, HasALineForEveryPlanAndDesignThatIsShown) {
  const auto result = report_test::designed_result();
  const std::string csv = designs_csv(result);
  const auto own = static_cast<std::int64_t>(result.hardware_search->own_designs.size());
  EXPECT_GT(own, 0);
  EXPECT_EQ(lines(csv), 1 + static_cast<std::int64_t>(result.plans.size()) + own);
  EXPECT_THAT(csv,
              StartsWith("plan,on,index,dm,dk,dn,bm,bn,rule,latency,dram,lut,bram,design\r\n"));
  EXPECT_THAT(csv, HasSubstr("uniform 8/8,reference,"));
  EXPECT_THAT(csv, HasSubstr("4 x 128 x 8, 1024 / 2048 entries"));
}

TEST(HardwareSearchValue, TellsTheSearchAndItsCurve) {
  const auto result = report_test::designed_result();
  const std::string json = result_json(result, "report.html");
  for (const char* part :
       {"\"hardware_search\":", "\"order\": \"nested\"", "\"space\": \"overlay\"",
        "\"considered\": 400", "\"design\": \"8 x 64 x 8, 4096 / 4096 entries\"",
        "\"hardware_seconds\": 1.0", "\"cpu_seconds\": 40.0", "\"label\": \"uniform 8/8\"",
        "\"own_design\":", "\"within_limits\":", "\"on_own_design\":", "\"energy_pj\": null",
        "\"energy\": null"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
  EXPECT_EQ(result_json(report_test::fake_result(), "").find("hardware_search"), std::string::npos);
  EXPECT_TRUE(hardware_search_value(report_test::fake_result()).is_null());
}

}  // namespace
}  // namespace hwflow::report
