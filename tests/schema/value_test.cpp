#include "schema/value.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"

namespace hwflow::schema {
namespace {

TEST(Value, MapsKeepOrderAndReplaceInPlace) {
  Value map;
  map.set("b", 1).set("a", 2).set("b", 3);
  ASSERT_EQ(map.as_map()->size(), 2U);
  EXPECT_EQ(map.as_map()->front().key, "b");
  EXPECT_EQ(*map.find("b"), Value(3));
  map.erase("b");
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(map, Value::map().set("a", 2));
}

TEST(Value, EqualityIgnoresPlacesButNotTypes) {
  Value here(1);
  here.set_mark({3, 4});
  EXPECT_EQ(here, Value(1));
  EXPECT_FALSE(Value(1) == Value(1.0));
  EXPECT_FALSE(Value("1") == Value(1));
}

TEST(Value, RefusesToTreatAScalarAsAContainer) {
  Value number(1);
  EXPECT_THROW(number.set("a", 1), InternalError);
  EXPECT_THROW(number.append(1), InternalError);
  EXPECT_EQ(number.find("a"), nullptr);
}

TEST(Value, NamesItsType) {
  EXPECT_EQ(Value{}.type_name(), "null");
  EXPECT_EQ(Value(true).type_name(), "a boolean");
  EXPECT_EQ(Value(1.5).type_name(), "a number");
  EXPECT_EQ(Value::list().type_name(), "a list");
}

}  // namespace
}  // namespace hwflow::schema
