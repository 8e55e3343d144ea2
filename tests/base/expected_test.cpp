#include "base/expected.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace hwflow {
namespace {

Expected<int> half(int value) {
  if (value % 2 != 0) return Unexpected{Diagnostics{{"value", "is odd", "take an even one"}}};
  return value / 2;
}

TEST(Expected, HoldsAValue) {
  const Expected<int> four = half(8);
  ASSERT_TRUE(four.has_value());
  EXPECT_EQ(*four, 4);
}

TEST(Expected, HoldsTheProblems) {
  const Expected<int> none = half(7);
  ASSERT_FALSE(none);
  ASSERT_EQ(none.error().size(), 1U);
  EXPECT_EQ(none.error()[0].reason, "is odd");
}

TEST(Expected, TakingTheWrongSideIsABug) {
  EXPECT_THROW((void)half(7).value(), InternalError);
  EXPECT_THROW((void)half(8).error(), InternalError);
}

TEST(Expected, MovesMoveOnlyValues) {
  Expected<std::unique_ptr<std::string>> made = std::make_unique<std::string>("moved");
  const std::unique_ptr<std::string> taken = *std::move(made);
  EXPECT_EQ(*taken, "moved");
}

TEST(Expected, ValueAndErrorMayHaveTheSameType) {
  const Expected<std::string, std::string> bad = Unexpected{std::string("why")};
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), "why");
}

}  // namespace
}  // namespace hwflow
