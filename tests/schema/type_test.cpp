#include "schema/type.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"
#include "schema/bind.hpp"
#include "schema/printable.hpp"

namespace hwflow::schema {
namespace {

TEST(Type, PlacesLeaveOutWhatIsEmpty) {
  EXPECT_EQ(place_of("a.yaml", {12, 3}, "x.y"), "a.yaml:12: x.y");
  EXPECT_EQ(place_of("a.yaml", {}, "x.y"), "a.yaml: x.y");
  EXPECT_EQ(place_of("", {12, 3}, "x.y"), "x.y");
  EXPECT_EQ(place_of("a.yaml", {12, 3}, ""), "a.yaml:12");
  EXPECT_EQ(place_of("a.yaml", {kFromSetting, 0}, "x"), "--set: x");
}

TEST(Type, PrintableCutsBetweenCharacters) {
  EXPECT_EQ(printable("a\tb\x7f"), "a?b?");
  // 79 bytes and a character of two: the cut at 80 would halve it.
  const std::string text = std::string(79, 'x') + "\xc3\xa9" + "tail";
  EXPECT_EQ(printable(text), std::string(79, 'x') + "...");
  EXPECT_EQ(printable(std::string(80, 'x')), std::string(80, 'x'));
}

TEST(Type, RangesThatMakeNoSenseAreOurBug) {
  Type text = scalar_type(Kind::string);
  EXPECT_THROW(apply_range(text, at_least(1)), InternalError);
  Type integer = scalar_type(Kind::integer);
  EXPECT_THROW(apply_range(integer, above(0)), InternalError);
}

TEST(Type, DescribesRanges) {
  Type number = scalar_type(Kind::number);
  EXPECT_EQ(describe_type(number), "number");
  apply_range(number, above(0));
  EXPECT_EQ(describe_type(number), "number > 0");
  Type integer = scalar_type(Kind::integer);
  apply_range(integer, at_most(7.5));  // rounded to the integers within
  EXPECT_EQ(describe_type(integer), "integer <= 7");
}

}  // namespace
}  // namespace hwflow::schema
