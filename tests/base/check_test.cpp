#include "base/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow {
namespace {

TEST(Check, PassesSilentlyWhenTheConditionHolds) {
  EXPECT_NO_THROW(HWFLOW_CHECK(1 + 1 == 2, "arithmetic"));
}

TEST(Check, ThrowsWithPlaceConditionAndMessage) {
  try {
    HWFLOW_CHECK(1 + 1 == 3, "sum is off");
    FAIL() << "no exception";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(),
                testing::AllOf(testing::HasSubstr("check_test.cpp:"),
                               testing::HasSubstr("sum is off"), testing::HasSubstr("1 + 1 == 3")));
  }
}

}  // namespace
}  // namespace hwflow
