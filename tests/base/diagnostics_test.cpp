#include "base/diagnostics.hpp"

#include <gtest/gtest.h>

namespace hwflow {
namespace {

TEST(Diagnostics, TextHasPlaceReasonAndHint) {
  const Diagnostics problems{{"a.yaml:3: levels[1].capacity", "unknown key", "did you mean 'x'?"},
                             {"", "no layers", ""}};
  EXPECT_EQ(to_text(problems),
            "a.yaml:3: levels[1].capacity: unknown key (did you mean 'x'?)\nno layers\n");
}

TEST(NearestName, FindsTheNearestWithinHalfTheWord) {
  const std::vector<std::string> names{"eyeriss", "bismo", "bitfusion"};
  EXPECT_EQ(nearest_name("eyeris", names), "eyeriss");
  EXPECT_EQ(nearest_name("BISMO", names), "bismo");
  EXPECT_EQ(nearest_name("bitfuson", names), "bitfusion");
  EXPECT_EQ(nearest_name("tensorflow-lite", names), "");
}

TEST(NearestName, HintIsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_name_hint("zzzzzz", {"energy"}), "");
  EXPECT_EQ(nearest_name_hint("enregy", {"energy"}), "did you mean 'energy'?");
}

}  // namespace
}  // namespace hwflow
