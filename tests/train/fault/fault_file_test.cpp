#include "train/fault/fault_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/train/nn/temporary_folder.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/fault/fault_draw.hpp"

namespace hwflow::train::fault {
namespace {

using testing::HasSubstr;

class FaultFileTest : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }
  [[nodiscard]] std::string read() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  Rng rng_{3};
  integer::Plan plan_ =
      integer::compile(random_integer_network(rng_, {8, 8}), KernelSet::best).value();
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "faults.jsonl";
};

TEST_F(FaultFileTest, GivesBackWhatWasWrittenInParts) {
  const FaultSpace space =
      FaultSpace::make(plan_, {.sites = {Site::weights, Site::activations, Site::scales},
                               .effects = {Effect::flip, Effect::stuck_at_1}})
          .value();
  FaultDraw draw(space, 1);
  std::vector<std::uint32_t> strata;
  FaultList faults = draw.draw(40, strata);
  faults.add(std::vector{faults[0][0], faults[1][0]});
  strata.push_back(0);
  std::vector<Outcome> outcomes;
  for (std::size_t f = 0; f < faults.size(); ++f)
    outcomes.push_back({strata[f], {9, 1, static_cast<std::int64_t>(f), 2, 3, 4}});
  {
    FaultFile file(file_, plan_, {{"seed", "7"}});
    file.append(faults, {outcomes.begin(), outcomes.begin() + 10});
  }
  FaultFile(file_, plan_, 10).append(faults, outcomes);
  const auto content = read_fault_file(file_, plan_);
  ASSERT_TRUE(content.has_value()) << to_text(content.error());
  EXPECT_EQ(content->faults, faults);
  EXPECT_EQ(content->outcomes, outcomes);
  EXPECT_EQ(content->settings, (CampaignSettings{{"seed", "7"}}));
}

TEST_F(FaultFileTest, GivesBackFaultsThatNobodyHasRun) {
  FaultList faults;
  const Upset one{.node = 1, .element = 2, .bits = 4}, two{.node = 1, .element = 3, .bits = 1};
  faults.add(one);
  FaultFile file(file_, plan_, CampaignSettings{});
  file.append(faults);
  faults.add(std::vector{one, two});
  file.append(faults);
  const auto content = read_fault_file(file_, plan_);
  ASSERT_TRUE(content.has_value()) << to_text(content.error());
  EXPECT_EQ(content->faults, faults);
  EXPECT_TRUE(content->outcomes.empty());
}

TEST_F(FaultFileTest, ALineThatWasCutOffIsLeftOutAndRepaired) {
  write(
      "{\"hwflow_faults\":1}\n"
      "{\"upsets\":[{\"site\":\"weights\",\"layer\":\"fc\",\"element\":0,\"bits\":\"0x1\"}]}\n"
      "{\"upsets\":[{\"site\":\"wei");
  const auto content = read_fault_file(file_, plan_, /*repair=*/true);
  ASSERT_TRUE(content.has_value()) << to_text(content.error());
  EXPECT_EQ(content->faults.size(), 1U);
  EXPECT_TRUE(content->outcomes.empty());
  EXPECT_TRUE(read().ends_with("]}\n"));
}

TEST_F(FaultFileTest, TellsEveryWrongLine) {
  write(
      "{\"hwflow_faults\":1}\n"
      "no json\n"
      "{\"upsets\":[{\"site\":\"wieghts\",\"layer\":\"fd\",\"element\":0,\"bits\":\"0x1\"}]}\n"
      "{\"upsets\":[{\"site\":\"weights\",\"layer\":\"fc\",\"element\":100000,\"bits\":\"1\"}]}\n"
      "{\"upsets\":[{\"site\":\"weights\",\"layer\":\"fc\",\"element\":0,\"bits\":\"0x100\"}]}\n"
      "{\"upsets\":[{\"site\":\"weights\",\"layer\":\"fc\",\"element\":0,\"bits\":\"x\"}]}\n");
  const auto content = read_fault_file(file_, plan_);
  ASSERT_FALSE(content.has_value());
  const std::string text = to_text(content.error());
  EXPECT_EQ(content.error().size(), 6U) << text;
  EXPECT_THAT(text, HasSubstr("faults.jsonl:2"));
  EXPECT_THAT(text, HasSubstr("site 'wieghts' is not known"));
  EXPECT_THAT(text, HasSubstr("'fd' is no layer"));
  EXPECT_THAT(text, HasSubstr("no number 100000"));
  EXPECT_THAT(text, HasSubstr("have 8 bits, 0x100 has more"));
  EXPECT_THAT(text, HasSubstr("bits 'x' are no mask"));
}

/// Of another network no line could be read.
TEST_F(FaultFileTest, SettingsAreReadByThemselves) {
  write(
      "{\"hwflow_faults\":1,\"settings\":{\"seed\":\"7\"}}\n"
      "{\"upsets\":[{\"site\":\"weights\",\"layer\":\"elsewhere\",\"element\":0,\"bits\":\"0x1\"}]}"
      "\n");
  EXPECT_FALSE(read_fault_file(file_, plan_).has_value());
  EXPECT_EQ(read_settings(file_).value(), (CampaignSettings{{"seed", "7"}}));
  EXPECT_FALSE(read_settings(folder_.path() / "absent").has_value());
}

TEST_F(FaultFileTest, AFileThatIsNoListIsRefused) {
  EXPECT_FALSE(read_fault_file(folder_.path() / "absent", plan_).has_value());
  write("");
  EXPECT_FALSE(read_fault_file(file_, plan_).has_value());
  for (const char* text : {"{\"something\":2}\n", "{\"hwflow_faults\":\"1\"}\n", "[1]\n", "1\n",
                           "{\"hwflow_faults\":2}\n", "no json\n"}) {
    write(text);
    EXPECT_FALSE(read_fault_file(file_, plan_).has_value()) << text;
    EXPECT_FALSE(read_settings(file_).has_value()) << text;
  }
}

}  // namespace
}  // namespace hwflow::train::fault
