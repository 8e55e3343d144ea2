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

TEST(Diagnostics, TextHoldsNoCommandsToATerminal) {
  EXPECT_EQ(to_text({{"node '\x1b[2J\x07'", "is\todd\x7f", "take \xc3\xa4"}}),
            "node '?[2J?': is?odd? (take \xc3\xa4)\n");
}

TEST(NearestName, FindsTheNearestWithOneSlipInThreeLetters) {
  const std::vector<std::string> names{"eyeriss", "bismo", "bitfusion"};
  EXPECT_EQ(nearest_name("eyeris", names), "eyeriss");
  EXPECT_EQ(nearest_name("BISMO", names), "bismo");
  EXPECT_EQ(nearest_name("bitfuson", names), "bitfusion");
  EXPECT_EQ(nearest_name("tensorflow-lite", names), "");
}

TEST(NearestName, IsNotFarFetched) {
  const std::vector<std::string> names{"dram", "latency", "glb", "k", "resnet20"};
  for (const char* word :
       {"power", "x", "ab", "bcd", "none", "area", "mobilenet", "", "late", "gdb1"})
    EXPECT_EQ(nearest_name(word, names), "") << word;
  EXPECT_EQ(nearest_name("drm", names), "dram");
  EXPECT_EQ(nearest_name("gbl", names), "glb");  // neighbours swapped: one slip
  EXPECT_EQ(nearest_name("resnet2", names), "resnet20");
}

TEST(NearestName, HintIsEmptyWhenNothingIsNear) {
  EXPECT_EQ(nearest_name_hint("zzzzzz", {"energy"}), "");
  EXPECT_EQ(nearest_name_hint("enregy", {"energy"}), "did you mean 'energy'?");
}

}  // namespace
}  // namespace hwflow
