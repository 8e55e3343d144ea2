#include "schema/tree_builder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

TEST(TreeBuilder, BuildsFromEvents) {
  TreeBuilder tree;
  tree.begin_map({1, 1});
  EXPECT_TRUE(tree.expects_key());
  tree.scalar(Value("a"), {1, 1});
  EXPECT_FALSE(tree.expects_key());
  tree.begin_list({1, 4});
  tree.scalar(Value(7), {1, 5});
  tree.end();
  tree.end();
  EXPECT_EQ(tree.take(), Value::map().set("a", Value::list().append(7)));
}

TEST(TreeBuilder, RefusesAnAliasWithinItsOwnAnchor) {
  TreeBuilder tree;
  tree.begin_list({1, 1}, 1);
  EXPECT_THROW(tree.alias(1, {1, 2}), Refused);
}

TEST(TreeBuilder, BoundsWhatAliasesUnfoldTo) {
  // Nine lists of nine aliases each: 9^9 = 387 million values from 400 bytes.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += fmt::format(
        "a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  const auto value = parse_yaml(bomb, "bomb.yaml");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().front().reason, "more than 1000000 values");
}

TEST(TreeBuilder, BoundsTheDepthThatAliasesReach) {
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) deep += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  const auto value = parse_yaml(deep, "deep.yaml");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().front().reason, "nested deeper than 64 levels");
}

}  // namespace
}  // namespace hwflow::schema
