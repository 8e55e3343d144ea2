#include "schema/write.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/random.hpp"
#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

std::string random_text(Rng& rng) {
  static const std::vector<std::string> kPieces{"a",        "-",
                                                ":",        " ",
                                                "#",        "\n",
                                                "\t",       "\"",
                                                "'",        "{",
                                                "}",        "[",
                                                "]",        ",",
                                                "&",        "*",
                                                "!",        "|",
                                                ">",        "%",
                                                "@",        "`",
                                                "?",        "~",
                                                "null",     "true",
                                                "1",        "1.5",
                                                "0x1",      ".inf",
                                                "\x01",     "\x7f",
                                                "\xc3\xa9", "\xf0\x9f\x98\x80",
                                                "\\",       "yes",
                                                "---",      "..."};
  std::string text;
  for (std::size_t i = rng.below(5); i > 0; --i) text += kPieces[rng.below(kPieces.size())];
  return text;
}

Value random_value(Rng& rng, int depth) {
  switch (rng.below(depth > 0 ? 8 : 6)) {
    case 0: return Value{};
    case 1: return Value(rng.below(2) == 0);
    case 2: return Value(static_cast<std::int64_t>(rng()));
    case 3: return Value(std::ldexp(rng.normal(), static_cast<int>(rng.between(-900, 900))));
    case 4: return Value(static_cast<double>(rng.between(-5, 5)));
    case 5: return Value(random_text(rng));
    case 6: {
      Value list = Value::list();
      for (std::size_t i = rng.below(4); i > 0; --i) list.append(random_value(rng, depth - 1));
      return list;
    }
    default: {
      Value map = Value::map();
      for (std::size_t i = rng.below(4); i > 0; --i) {
        map.set(random_text(rng), random_value(rng, depth - 1));
      }
      return map;
    }
  }
}

TEST(Write, WhatIsWrittenReadsBackEqual) {
  Rng rng(7);
  for (int trial = 0; trial < 3'000; ++trial) {
    const Value value = random_value(rng, 4);
    const std::string yaml = to_yaml(value), json = to_json_text(value);
    const auto from_yaml = parse_yaml(yaml, "y");
    ASSERT_TRUE(from_yaml) << "trial " << trial << '\n' << to_text(from_yaml.error()) << yaml;
    ASSERT_EQ(*from_yaml, value) << "trial " << trial << '\n' << yaml;
    const auto from_json = parse_json(json, "j");
    ASSERT_TRUE(from_json) << "trial " << trial << '\n' << to_text(from_json.error()) << json;
    ASSERT_EQ(*from_json, value) << "trial " << trial << '\n' << json;
  }
}

TEST(Write, YamlIsReadable) {
  Value level = Value::map().set("name", "GLB").set("dims", Value::list().append("n").append("k"));
  level.set("fanout", Value::map().set("x", 14));
  Value document = Value::map().set("schema", 1).set("levels", Value::list().append(level));
  document.set("note", "a: b");
  EXPECT_EQ(to_yaml(document),
            "schema: 1\n"
            "levels:\n"
            "  - name: GLB\n"
            "    dims: [\"n\", k]\n"
            "    fanout:\n"
            "      x: 14\n"
            "note: \"a: b\"\n");
}

TEST(Write, JsonHasNoInfinities) {
  EXPECT_EQ(to_json_text(Value(std::numeric_limits<double>::infinity())), "null\n");
  EXPECT_EQ(to_json_text(Value("\xff")), "\"\xef\xbf\xbd\"\n");  // U+FFFD, replacement character
}

/// Other tools tell kinds of nodes by a tag.
TEST(ToYaml, LocalTagsOfMapsAreKept) {
  const std::string text = "nodes:\n  - !Component\n    name: DRAM\n  - name: plain\n";
  const auto read = parse_yaml(text, "f.yaml");
  ASSERT_TRUE(read);
  EXPECT_EQ((*read->find("nodes")->as_list())[0].tag(), "!Component");
  EXPECT_EQ((*read->find("nodes")->as_list())[1].tag(), "");
  EXPECT_EQ(to_yaml(*read), text);
  EXPECT_EQ((*parse_yaml("- !Component {name: DRAM}", "f.yaml")->as_list())[0].tag(), "!Component");
}

}  // namespace
}  // namespace hwflow::schema
