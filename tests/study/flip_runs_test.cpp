#include "study/flip_runs.hpp"

#include <gtest/gtest.h>

#include "tests/study/flip_world.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using train::fault::FlipCampaign;
using train::fault::FlipRequest;
using train::fault::Site;

TEST(FlipCampaignText, ReadsBack) {
  const FlipCampaign campaign{
      {{Site::weights, "a layer", 8, 144, 1000, 3}, {Site::activations, "x", 2, 7, 1000, 0}},
      0.1,
      1.0 / 3.0};
  EXPECT_EQ(campaign_of_text(text_of_campaign(campaign)), campaign);
  for (const char* text : {"", "0.1", "0.1 0.2\n", "0.1 0.2\n0 8 144 1000", "a letter"})
    EXPECT_FALSE(campaign_of_text(text).has_value()) << text;
}

class FlipRunsTest : public testing::Test {
 protected:
  std::optional<FlipCampaign> run(const FlipRequest& request, const SearchSetting& setting = {}) {
    FlipRuns runs(model_, &flips_, *store_, setting);
    return runs.of_plan(CompressionPlan::uniform(4, 8, 8), request, "label");
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  FakeAccuracyModel model_;
  FakeFlips flips_{[](const StoredWords&) { return 0.25; }};
};

TEST_F(FlipRunsTest, EachIsRunOnce) {
  FlipRequest request;
  request.flips = 100;
  const auto first = run(request);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->groups.front().failures, 25);
  EXPECT_EQ(run(request), first);
  EXPECT_EQ(flips_.runs, 1);
  request.threads = 7;  // changes nothing
  EXPECT_EQ(run(request), first);
  EXPECT_EQ(flips_.runs, 1);
  request.seed = 2;
  EXPECT_TRUE(run(request).has_value());
  request.sites = {Site::activations};
  EXPECT_TRUE(run(request).has_value());
  EXPECT_EQ(flips_.runs, 3);
}

TEST_F(FlipRunsTest, AReportRunsNothing) {
  SearchSetting report;
  report.only_known = true;
  FlipRequest request;
  request.flips = 100;
  EXPECT_FALSE(run(request, report).has_value());
  const auto known = run(request);
  EXPECT_EQ(run(request, report), known);
  EXPECT_EQ(flips_.runs, 1);
}

TEST_F(FlipRunsTest, AStoppedOneIsNotKept) {
  std::stop_source stop;
  flips_.before_run = [&](int) { stop.request_stop(); };
  SearchSetting setting;
  setting.stop = stop.get_token();
  EXPECT_FALSE(run({}, setting).has_value());
  flips_.before_run = [](int) {};
  FlipRequest request;
  request.flips = 10;
  EXPECT_TRUE(run(request).has_value());
}

}  // namespace
}  // namespace hwflow::study
