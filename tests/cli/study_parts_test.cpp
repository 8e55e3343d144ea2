#include "cli/study_parts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

constexpr std::array kOthers{OtherSearch{"search", "channels", "not here", "elsewhere"}};

TEST(StudyParts, AStudyIsAFileWithItsKey) {
  const TinyStudy study;
  const std::string network = (study.folder() / "network.yaml").string();
  std::ofstream(network) << "schema: 1\nname: n\nnodes: []\n";
  EXPECT_TRUE(is_study((study.folder() / "s.yaml").string()));
  EXPECT_FALSE(is_study(network));
  EXPECT_FALSE(is_study("resnet20"));
  EXPECT_FALSE(is_study((study.folder() / "absent.yaml").string()));
}

TEST(StudyParts, AreOfTheFileOrOfItsSettings) {
  const TinyStudy study;
  const std::filesystem::path file = study.folder() / "s.yaml";
  EXPECT_FALSE(has_part(file, {}, "search", "channels"));
  EXPECT_FALSE(has_part(file, {"search.channels=null"}, "search", "channels"));
  EXPECT_TRUE(has_part(file, {"search.channels.multiple=4"}, "search", "channels"));
  EXPECT_FALSE(has_part(file, {"search.channels_more=4"}, "search", "channels"));
  EXPECT_TRUE(has_part(file, {}, "search", "population"));
  EXPECT_FALSE(has_part(file, {"search.population=null"}, "search", "population"));
  EXPECT_TRUE(has_part(study.folder() / "absent.yaml", {}, "search", "channels"));

  EXPECT_TRUE(refuse_other_searches(file, {}, kOthers).empty());
  const Diagnostics set = refuse_other_searches(file, {"search.channels={}"}, kOthers);
  EXPECT_EQ(set, (Diagnostics{{"--set search.channels={}", "not here", "elsewhere"}}));
  const std::filesystem::path pruned = study.folder() / "pruned.yaml";
  std::ofstream(pruned) << "study: s\nsearch: {channels: {multiple: 2}}\n";
  EXPECT_EQ(refuse_other_searches(pruned, {}, kOthers),
            (Diagnostics{{pruned.string() + ": search.channels", "not here", "elsewhere"}}));
}

}  // namespace
}  // namespace hwflow::cli
