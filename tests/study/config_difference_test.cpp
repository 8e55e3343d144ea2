#include <gtest/gtest.h>

#include "study/study.hpp"

namespace hwflow::study {
namespace {

TEST(DifferingKeys, NamesPathsAndBothValues) {
  const std::string there = "search: {seed: 1, weight_bits: [2, 4]}\nnetwork: resnet20\n";
  const std::string here = "search: {seed: 2, weight_bits: [2, 4]}\naccelerator: eyeriss\n";
  EXPECT_EQ(differing_keys(there, here),
            (std::vector<std::string>{"accelerator: absent there, \"eyeriss\" here",
                                      "network: \"resnet20\" there, absent here",
                                      "search.seed: 1 there, 2 here"}));
}

TEST(DifferingKeys, OrderAndSpacingDoNotMatter) {
  EXPECT_TRUE(differing_keys("a: 1\nb: [1, 2]\n", "b:\n  - 1\n  - 2\na: 1\n").empty());
  EXPECT_EQ(differing_keys("b: [1, 2]\n", "b: [2, 1]\n").size(), 1U);
}

}  // namespace
}  // namespace hwflow::study
