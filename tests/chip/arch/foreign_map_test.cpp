#include "chip/arch/foreign_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/read.hpp"

namespace hwflow::chip {
namespace {

using ::testing::ElementsAre;

TEST(ForeignMap, DashesAreUnderscoresAndMergeKeysAreFollowed) {
  const auto document = schema::parse_yaml(
      "base: &base {word-bits: 8, depth: 4}\nlevel: {<<: *base, depth: 5}\n", "f.yaml");
  Findings findings{"f.yaml", {}, {}, {}};
  ForeignMap map(document->find("level"), "level", findings);
  EXPECT_EQ(map.integer("word_bits", 1, 64), 8);
  EXPECT_EQ(map.integer("depth", 1, 64), 5);
  map.finish();
  EXPECT_EQ(to_text(findings.problems), "");
}

TEST(ForeignMap, TellsEveryKeyThatNobodyTookAndEveryWrongType) {
  const auto document = schema::parse_yaml(
      "depth: many\nwidht: 3\nlocal: 7\nname: [a]\nflag: 1\nshare: -1\nkeep: {a: 1}\n", "f.yaml");
  Findings findings{"f.yaml", {}, {}, {}};
  ForeignMap map(&*document, "", findings);
  EXPECT_FALSE(map.integer("depth", 1, 64));
  EXPECT_FALSE(map.integer("width", 1, 64));
  EXPECT_TRUE(map.list("local").empty());
  EXPECT_FALSE(map.text("name"));
  EXPECT_FALSE(map.flag("flag"));
  EXPECT_FALSE(map.number("share", 0, 1));
  EXPECT_TRUE(map.words("keep").empty());
  map.finish();
  EXPECT_EQ(to_text(findings.problems),
            "f.yaml:1: depth: must be an integer from 1 to 64, got a string\n"
            "f.yaml:3: local: must be a list, got an integer\n"
            "f.yaml:4: name: must be a text, got a list\n"
            "f.yaml:5: flag: must be true or false, got an integer\n"
            "f.yaml:6: share: must be a number from 0 to 1, got -1\n"
            "f.yaml:7: keep: must be a list of names, got a map\n"
            "f.yaml:2: widht: is a key without a meaning here (did you mean 'width'?)\n");
}

TEST(ForeignMap, NotesWhatIsPassedOverOnceForEachReason) {
  const auto document = schema::parse_yaml("area: 1\nports: 2\n", "f.yaml");
  Findings findings{"f.yaml", {}, {}, {}};
  ForeignMap map(&*document, "", findings);
  map.pass_over({"area", "ports"}, "no count depends on it");
  findings.note("chosen");
  findings.note("chosen");
  EXPECT_THAT(findings.all_notes(),
              ElementsAre("chosen", "passed over, no count depends on it: area, ports"));
}

TEST(ForeignMap, WordsAreListsOrTextsCutAtBlanksAndCommas) {
  EXPECT_THAT(split_words(" R, S\tP  "), ElementsAre("R", "S", "P"));
  const auto document = schema::parse_yaml("a: R S\nb: [R, 0.4]\n", "f.yaml");
  Findings findings;
  ForeignMap map(&*document, "", findings);
  EXPECT_THAT(map.words("a"), ElementsAre("R", "S"));
  EXPECT_THAT(map.words("b"), ElementsAre("R", "0.4"));
}

}  // namespace
}  // namespace hwflow::chip
