#include "report/csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using Rows = std::vector<std::map<std::string, std::string>>;

/// RFC 4180, written for this test: rows by column name.
Rows parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> cells{{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        cells.back().back() += text[i++];
      } else if (text[i] == '"') {
        quoted = false;
      } else {
        cells.back().back() += text[i];
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      cells.back().emplace_back();
    } else if (text.substr(i, 2) == "\r\n") {
      ++i;
      cells.push_back({""});
    } else {
      cells.back().back() += text[i];
    }
  }
  cells.pop_back();
  Rows rows;
  for (std::size_t r = 1; r < cells.size(); ++r) {
    HWFLOW_CHECK(cells[r].size() == cells[0].size(), "a row of another length");
    rows.emplace_back();
    for (std::size_t c = 0; c < cells[r].size(); ++c) rows.back()[cells[0][c]] = cells[r][c];
  }
  return rows;
}

void expect_plan(const std::map<std::string, std::string>& row, const study::CodesignResult& result,
                 std::size_t index) {
  const auto& plan = result.evaluated[index];
  EXPECT_EQ(std::stoull(row.at("index")), index);
  EXPECT_EQ(row.at("plan"), to_text(plan.plan));
  EXPECT_EQ(row.at("origin"), name(plan.origin));
  EXPECT_EQ(std::stoi(row.at("generation")), plan.generation);
  EXPECT_EQ(row.at("on_front"), plan.on_front ? "1" : "0");
  EXPECT_EQ(std::stod(row.at("accuracy")), plan.accuracy.top1());
  EXPECT_EQ(std::stod(row.at("standard_error")), plan.accuracy.standard_error());
  EXPECT_EQ(std::stod(row.at("energy_pj")), plan.hardware.energy_pj);  // every digit
  EXPECT_EQ(std::stoll(row.at("cycles")), plan.hardware.cycles);
  EXPECT_EQ(std::stoll(row.at("dram_bits")), plan.hardware.dram_bits);
  EXPECT_EQ(std::stoll(row.at("model_bits")), plan.hardware.model_bits);
  EXPECT_EQ(std::stoll(row.at("macs")), plan.hardware.macs);
}

TEST(Csv, EvaluationsAndFrontEqualTheStruct) {
  const auto result = report_test::fake_result();
  const Rows all = parse_csv(evaluations_csv(result));
  ASSERT_EQ(all.size(), result.evaluated.size());
  for (std::size_t i = 0; i < all.size(); ++i) expect_plan(all[i], result, i);
  const Rows front = parse_csv(front_csv(result));
  ASSERT_EQ(front.size(), result.front.size());
  for (std::size_t i = 0; i < front.size(); ++i) expect_plan(front[i], result, result.front[i]);
}

TEST(Csv, LayersEqualTheStruct) {
  const auto result = report_test::fake_result();
  const Rows rows = parse_csv(layers_csv(result));
  std::size_t r = 0;
  for (const auto& plan : result.plans) {
    for (const auto& layer : plan.layers) {
      const auto& row = rows.at(r++);
      EXPECT_EQ(row.at("plan"), plan.label);
      EXPECT_EQ(row.at("layer"), layer.name);
      EXPECT_EQ(std::stoi(row.at("weight_bits")), layer.weight_bits);
      EXPECT_EQ(std::stoi(row.at("input_bits")), layer.input_bits);
      EXPECT_EQ(std::stod(row.at("energy_pj")), layer.energy_pj);
      EXPECT_EQ(std::stoll(row.at("cycles")), layer.cycles);
      EXPECT_EQ(std::stod(row.at("utilization")), layer.utilization);
      EXPECT_EQ(std::stod(row.at("MAC_energy_pj")), layer.energy_by_component_pj[5]);
      EXPECT_EQ(std::stoll(row.at("GLB_traffic_bits")), layer.traffic_bits[1]);
      EXPECT_EQ(row.at("mapping"), layer.mapping);
    }
  }
  EXPECT_EQ(r, rows.size());
}

TEST(Csv, LayersHaveTheirChannelsWhateverIsRemoved) {
  const auto result = report_test::pruned_result();
  const Rows rows = parse_csv(layers_csv(result));
  const std::size_t layers = result.plans[0].layers.size();
  EXPECT_EQ(rows[0].at("channels"), "16");  // of a baseline
  EXPECT_EQ(rows[0].at("channels_whole"), "16");
  EXPECT_EQ(rows[3 * layers].at("channels"), "8");  // of the pick that lost half of them
  EXPECT_EQ(rows[3 * layers].at("channels_whole"), "16");
  // The total of the fake's pruned network; see its test in pruning_section_test.cpp.
  std::int64_t macs = 0;
  for (std::size_t i = 0; i < layers; ++i) macs += std::stoll(rows[3 * layers + i].at("macs"));
  EXPECT_EQ(macs, 10'248'512);
}

TEST(Csv, PlansAndGenerationsEqualTheStruct) {
  auto result = report_test::fake_result();
  result.plans[1].test_integer.reset();
  const Rows plans = parse_csv(plans_csv(result));
  ASSERT_EQ(plans.size(), result.plans.size());
  EXPECT_EQ(std::stoll(plans[0].at("test_integer_correct")), result.plans[0].test_integer->correct);
  EXPECT_EQ(plans[1].at("test_integer"), "");  // not measured is not zero
  EXPECT_EQ(plans[0].at("finetune_epochs"), "2");
  EXPECT_EQ(plans[4].at("macs"),
            std::to_string(result.evaluated[result.plans[4].evaluated].hardware.macs));
  const Rows generations = parse_csv(generations_csv(result));
  ASSERT_EQ(generations.size(), result.generations.size());
  EXPECT_EQ(std::stod(generations[4].at("hypervolume")), result.generations[4].hypervolume);
}

TEST(Csv, HostileTextsStayInTheirCells) {
  const auto result = report_test::hostile_result();
  const Rows rows = parse_csv(layers_csv(result));
  ASSERT_EQ(rows.size(), 5U * result.plans[0].layers.size());
  EXPECT_EQ(rows[7].at("layer"), report_test::kHostile);
}

TEST(Csv, GroupsAreThoseOfFusedPlans) {
  const auto result = report_test::fused_result();
  const Rows rows = parse_csv(groups_csv(result));
  ASSERT_EQ(rows.size(), 3U * result.plans.size());
  const auto& group = result.plans[0].groups[0];
  EXPECT_EQ(rows[0].at("layers"), group.members[0].name + " " + group.members[1].name + " " +
                                      group.members[2].name + " " + group.members[3].name);
  EXPECT_EQ(rows[0].at("fused"), "1");
  EXPECT_EQ(rows[0].at("tile"), "4 x 32, 2 parts");
  EXPECT_EQ(std::stod(rows[0].at("energy_pj")), group.energy_pj);
  EXPECT_EQ(rows[1].at("fused"), "0");
  EXPECT_EQ(rows[1].at("tile"), "");
  // Layers in groups have no mapping: layers.csv has the one by itself.
  EXPECT_EQ(parse_csv(layers_csv(result)).size(), result.plans.size());
  EXPECT_TRUE(parse_csv(groups_csv(report_test::fake_result())).empty());
}

TEST(Csv, LevelsHaveARowPerGenerationAndOnePerPlanOfTheirFronts) {
  auto result = report_test::leveled_result();
  result.levels[0].generations[1].final_hypervolume.reset();
  const Rows rows = parse_csv(levels_csv(result));
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_EQ(rows[5].at("level"), "2");
  EXPECT_EQ(rows[5].at("model"), "mid");
  EXPECT_EQ(std::stod(rows[5].at("space_log10")), result.levels[1].space_log10);
  EXPECT_EQ(std::stod(rows[5].at("hypervolume")), result.levels[1].generations[1].hypervolume);
  EXPECT_EQ(std::stod(rows[5].at("final_hypervolume")),
            *result.levels[1].generations[1].final_hypervolume);
  EXPECT_EQ(rows[1].at("final_hypervolume"), "");
  EXPECT_EQ(rows[11].at("schedules_searched"), "820");

  const Rows fronts = parse_csv(level_fronts_csv(result));
  const std::size_t count = result.front.size();
  ASSERT_EQ(fronts.size(), 3 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& plan = result.levels[1].front[i];
    EXPECT_EQ(fronts[count + i].at("plan"), to_text(plan.plan));
    EXPECT_EQ(std::stod(fronts[count + i].at("energy_pj")), plan.hardware.energy_pj);
    EXPECT_EQ(fronts[count + i].at("macs"), std::to_string(plan.hardware.macs));
    EXPECT_EQ(fronts[count + i].at("index"), std::to_string(*plan.evaluated));
  }
  const auto unpriced = std::count_if(result.levels[0].front.begin(), result.levels[0].front.end(),
                                      [](const auto& plan) { return !plan.evaluated; });
  EXPECT_GT(unpriced, 0);
  EXPECT_EQ(std::count_if(fronts.begin(), fronts.end(),
                          [](const auto& row) { return row.at("index").empty(); }),
            unpriced);
}

}  // namespace
}  // namespace hwflow::report
