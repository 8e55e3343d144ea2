#include "cli/inject_array.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/inject_case.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

/// Each product is computed by one element: what all elements do is what the network does.
TEST(Inject, ElementsOfAnArrayShareTheProductsOfTheNetwork) {
  const TinyStudy study;
  const json told = inject(
      study, "a",
      {"--array", "eyeriss", "--most-faults", "20", "--effects", "stuck-at-1", "--images", "2"});
  ASSERT_FALSE(told.is_null());
  EXPECT_EQ(told["faults"], 20);
  EXPECT_EQ(told["inferences"], 40);
  EXPECT_EQ(told["checked"], 3);
  EXPECT_EQ(sum_of(told["by_unit"], "macs"), make_builtin_network("resnet20").value().macs());
  for (const char* count : {"faults", "inferences"})
    for (const char* groups : {"by_unit", "by_register", "by_bit"})
      EXPECT_EQ(sum_of(told[groups], count), told[count]) << groups;
  EXPECT_THAT(text_of(study.out("a") / "inject.html"), HasSubstr("The array of eyeriss"));
}

TEST(Inject, AnArrayIsDrawnByStrataListedAndGoneOnWith) {
  const TinyStudy study;
  const std::vector<std::string> words{
      "--array", "eyeriss", "--most-faults", "14", "--effects", "stuck-at-1", "--registers",
      "weight",  "input",   "--images",      "2",  "--round",   "5"};
  const json whole = inject(study, "a", words);
  ASSERT_FALSE(whole.is_null());
  const fs::path list = study.out("a") / "faults.jsonl";
  const std::vector<std::string> lines = lines_of(list);
  ASSERT_EQ(lines.size(), 15U);
  // Strata in turn: of 16 registers and bits none twice among 14 faults; so of units.
  std::set<std::string> strata, units;
  std::int64_t changed = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const json fault = json::parse(lines[i]);
    strata.insert(fault["register"].dump() + fault["bit"].dump());
    units.insert(fault["unit"].dump());
    changed += fault["top1_changed"].get<std::int64_t>();
  }
  EXPECT_EQ(strata.size(), 14U);
  EXPECT_EQ(units.size(), 14U);
  EXPECT_EQ(changed, whole["top1_changed"]);
  // Mappings are those of 'hwflow map', in a file that it reads.
  const Network network = make_builtin_network("resnet20").value();
  ASSERT_EQ(whole["mappings"]["layers"].size(), network.compute_nodes().size());
  EXPECT_EQ(whole["mappings"]["accelerator"], "eyeriss");
  EXPECT_THAT(whole["mappings"]["layers"][0]["mapping"].get<std::string>(), HasSubstr("DRAM"));
  std::vector<std::string> resumed = words;
  resumed.emplace_back("--resume");
  cut_off(list, study.out("b") / "faults.jsonl", 8);
  EXPECT_EQ(lasting(inject(study, "b", resumed)), lasting(whole));
  EXPECT_EQ(text_of(study.out("b") / "faults.jsonl"), text_of(list));
  // Other faults are refused.
  std::vector<std::string> other = resumed;
  other.insert(other.end(), {"--seed", "2"});
  const Outcome outcome = run_hwflow(inject_words(study, "b", other));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("was made with seed '1', this run has '2'"));
}

}  // namespace
}  // namespace hwflow::cli
