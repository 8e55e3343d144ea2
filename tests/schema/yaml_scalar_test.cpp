#include "schema/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hwflow::schema {
namespace {

// Witness: the examples and regular expressions of YAML 1.2.2, section 10.3.2.
TEST(YamlScalar, FollowsTheCoreSchema) {
  EXPECT_TRUE(resolve_plain_scalar("").is_null());
  EXPECT_TRUE(resolve_plain_scalar("NULL").is_null());
  EXPECT_EQ(resolve_plain_scalar("True"), Value(true));
  EXPECT_EQ(resolve_plain_scalar("0"), Value(0));
  EXPECT_EQ(resolve_plain_scalar("0o7"), Value(7));
  EXPECT_EQ(resolve_plain_scalar("0x3A"), Value(58));
  EXPECT_EQ(resolve_plain_scalar("-19"), Value(-19));
  EXPECT_EQ(resolve_plain_scalar("+12"), Value(12));
  EXPECT_EQ(resolve_plain_scalar("0."), Value(0.0));
  EXPECT_EQ(resolve_plain_scalar(".5"), Value(0.5));
  EXPECT_EQ(resolve_plain_scalar("+12e03"), Value(12000.0));
  EXPECT_EQ(resolve_plain_scalar("-2E+05"), Value(-200000.0));
  EXPECT_EQ(resolve_plain_scalar("-.INF"), Value(-std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(std::isnan(*resolve_plain_scalar(".nan").as_double()));
}

TEST(YamlScalar, LeavesEverythingElseText) {
  for (const char* text : {"yes",     "no",  "on",  "y",   "1_000", "0x",   "0xg", "0x-1", "0o8",
                           "0o-1",    "1e",  "e5",  ".",   "-",     "+",    "-.",  "8/8",  "1.2.3",
                           "12e03.5", "nan", "inf", "--1", "+-1",   "1:30", "tRue"}) {
    EXPECT_EQ(resolve_plain_scalar(text), Value(text)) << text;
  }
}

TEST(YamlScalar, NumbersBeyondTheirTypesStayNumbers) {
  EXPECT_EQ(resolve_plain_scalar("9223372036854775808"), Value(9223372036854775808.0));
  EXPECT_TRUE(std::isinf(*resolve_plain_scalar("1e999").as_double()));
}

}  // namespace
}  // namespace hwflow::schema
