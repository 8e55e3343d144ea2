#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.hpp"
#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

std::string refusal(const std::string& yaml) {
  const auto value = parse_yaml(yaml, "f.yaml");
  return value ? "accepted" : to_text(value.error());
}

TEST(YamlReader, KeepsOrderTypesAndPlaces) {
  const auto value = parse_yaml("b: 1\na: [x, 2.5]\n'1': \"2\"\n", "f.yaml");
  ASSERT_TRUE(value);
  const auto* entries = value->as_map();
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].key, "b");
  EXPECT_EQ((*entries)[1].key_mark, (Mark{2, 1}));
  EXPECT_EQ(value->find("a")->as_list()->at(1).mark(), (Mark{2, 8}));  // "a: [x, 2.5]": 8th column
  EXPECT_EQ(*value->find("1")->as_string(), "2");
}

TEST(YamlReader, TakesPlainKeysAsText) {
  const auto value = parse_yaml("n: 1\n2: two\ntrue: x\n", "f.yaml");
  ASSERT_TRUE(value) << to_text(value.error());
  EXPECT_NE(value->find("2"), nullptr);
  EXPECT_NE(value->find("true"), nullptr);
}

TEST(YamlReader, CopiesAliases) {
  const auto value = parse_yaml("a: &x {k: 1}\nb: *x\n", "f.yaml");
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->find("a"), *value->find("b"));
}

TEST(YamlReader, RefusesBrokenTextWithItsPlace) {
  EXPECT_EQ(refusal("a: 1\nb: [1, 2\n"), "f.yaml:3:1: end of sequence flow not found\n");
  EXPECT_EQ(refusal("a: 1\na: 2\n"), "f.yaml:2:1: key 'a' appears twice\n");
  EXPECT_EQ(refusal("? [a]\n: 1\n"),
            "f.yaml:1:3: a key must be plain text (is a bracket left open?)\n");
  EXPECT_EQ(refusal("a: !!python/object x\n"),
            "f.yaml:1:4: unknown tag 'tag:yaml.org,2002:python/object'\n");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "f.yaml: holds more than one document\n");
  EXPECT_EQ(refusal("a: *x\n"), "f.yaml:1:4: the referenced anchor is not defined\n");
}

TEST(YamlReader, NamesTabsAsTheLikelyCause) {
  EXPECT_THAT(refusal("a:\n\tb: 1\n"),
              testing::AllOf(testing::StartsWith("f.yaml:2:"),
                             testing::HasSubstr("indented with spaces, and the text holds tabs")));
}

TEST(YamlReader, RefusesDeepNesting) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_NE(refusal(deep), "accepted");
  std::string block;
  for (int i = 0; i < 2'000; ++i) block += "- ";
  EXPECT_NE(refusal(block + "x"), "accepted");
  EXPECT_THAT(refusal(std::string(65, '[') + std::string(65, ']')),
              testing::HasSubstr("nested deeper than 64 levels"));
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
}

TEST(YamlReader, NeverThrowsOnDamagedText) {
  const std::string good =
      "a: &x [1, {b: 'c', d: \"e\\n\"}]\nf: |\n  text\ng: *x\n? h\n: !!str 1\n";
  Rng rng(20261123);
  for (int trial = 0; trial < 3'000; ++trial) {
    std::string text = good;
    for (int edits = 0; edits < 4; ++edits) {
      const std::size_t at = rng.below(text.size());
      if (rng.below(3) == 0) {
        text.erase(at, 1 + rng.below(3));
      } else {
        text[at] = static_cast<char>(rng.below(256));
      }
      if (text.empty()) text.assign(1, 'x');
    }
    EXPECT_NO_THROW((void)parse_yaml(text, "f.yaml")) << "trial " << trial << ":\n" << text;
  }
}

}  // namespace
}  // namespace hwflow::schema
