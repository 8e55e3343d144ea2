#include "train/nn/adversary_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow::train {
namespace {

TEST(AdversaryOptions, DefaultStepsAreThoseOfThePapers) {
  AdversaryOptions o{.eps = 8.0 / 255.0};
  o.method = AdversaryMethod::fast;
  EXPECT_DOUBLE_EQ(o.step(), 10.0 / 255.0);
  o.method = AdversaryMethod::pgd;
  EXPECT_DOUBLE_EQ(o.step(), 2.0 / 255.0);
  o.method = AdversaryMethod::free;
  EXPECT_DOUBLE_EQ(o.step(), 8.0 / 255.0);
  o.step_size = 0.01;
  EXPECT_DOUBLE_EQ(o.step(), 0.01);
}

TEST(AdversaryOptions, AllProblemsAtOnce) {
  EXPECT_TRUE(check(AdversaryOptions{}).empty());
  const std::string text = to_text(check(
      AdversaryOptions{.eps = 0.0, .step_size = -1.0, .steps = 0, .replays = 0, .collapse = 2}));
  for (const char* said : {"adversary_eps", "adversary_step_size", "adversary_steps",
                           "adversary_replays", "adversary_collapse"})
    EXPECT_THAT(text, testing::HasSubstr(said));
}

}  // namespace
}  // namespace hwflow::train
