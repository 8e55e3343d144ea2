#include "schema/settings.hpp"

#include <gtest/gtest.h>

#include <string>

#include "schema/read.hpp"
#include "schema/schema.hpp"
#include "tests/schema/chip_options.hpp"

namespace hwflow::schema {
namespace {

Value document() { return *parse_yaml("a: {b: [{c: 1}, {c: 2}]}\nd: 3\n", "f.yaml"); }

std::string refusal(std::string_view setting) {
  Value changed = document();
  const Diagnostics wrong = apply_setting(changed, setting);
  EXPECT_EQ(changed, document()) << "a refused setting changes nothing";
  return to_text(wrong);
}

TEST(Settings, ReplacesAndCreates) {
  Value changed = document();
  EXPECT_TRUE(apply_setting(changed, "a.b[1].c=[7, x]").empty());
  EXPECT_TRUE(apply_setting(changed, "e.f.g=text = with = equals").empty());
  EXPECT_TRUE(apply_setting(changed, "d=").empty());
  EXPECT_EQ(changed, *parse_yaml("a: {b: [{c: 1}, {c: [7, x]}]}\nd: null\n"
                                 "e: {f: {g: text = with = equals}}\n",
                                 ""));
}

TEST(Settings, RefusesWithTheSettingAsPlace) {
  EXPECT_EQ(refusal("a.b"),
            "--set a.b: has no '=' (write key=value, as in search.generations=20)\n");
  for (const char* path : {"=1", ".a=1", "a.=1", "a..b=1", "a[=1", "a[x]=1", "a[]=1", "[0]=1",
                           "a[-1]=1", "a[0]b=1", "a]=1", "a.b[99999999999999999999]=1"}) {
    EXPECT_EQ(refusal(path), "--set " + std::string(path) +
                                 ": the key is no path (write it as in "
                                 "levels[0].capacity_bits)\n");
  }
  EXPECT_EQ(refusal("a.b[2].c=1"), "--set a.b[2].c=1: a.b has 2 elements, so there is no [2]\n");
  EXPECT_EQ(refusal("d.x=1"), "--set d.x=1: d is an integer, not a map\n");
  EXPECT_EQ(refusal("d[0]=1"), "--set d[0]=1: d is an integer, not a list\n");
  EXPECT_EQ(refusal("new[0]=1"), "--set new[0]=1: new is null, not a list\n");
  EXPECT_EQ(refusal("a.b[0]=[1"),
            "--set a.b[0]=[1: the value is no YAML: a key must be plain "
            "text (is a bracket left open?)\n");
}

TEST(Settings, LaterProblemsNameSetAsTheirPlace) {
  Value chip = *parse_yaml("levels: []\n", "chip.yaml");
  ASSERT_TRUE(apply_setting(chip, "engine.kind=bit_parallel").empty());
  ASSERT_TRUE(apply_setting(chip, "engine.width_bits=65").empty());
  ASSERT_TRUE(apply_setting(chip, "clock=1").empty());
  EXPECT_EQ(to_text(read<schema_test::Chip>(chip, "chip.yaml").error()),
            "--set: engine.width_bits: must be <= 64, got 65\n"
            "--set: clock: unknown key (did you mean 'clock_mhz'?)\n");
}

struct Blame {
  const char* place;     // of a problem
  const char* expected;  // where users are told it is
};

TEST(Settings, ProblemsArePlacedAtTheSettingToBlame) {
  const std::vector<std::string> settings{"a.b=1", "a.b=7", "l[1].c=x=y", "e=f.yaml"};
  const Blame rows[] = {
      {"--set: a.b", "--set a.b=7"},  // the last one counts
      {"s.yaml: a.b", "--set a.b=7"},
      {"s.yaml: a.b.c", "--set a.b=7: a.b.c"},
      {"--set: a.b[2]", "--set a.b=7: a.b[2]"},
      {"s.yaml: l", "--set l[1].c=x=y: l"},
      {"s.yaml: e: f.yaml:3: g", "--set e=f.yaml: f.yaml:3: g"},
      {"s.yaml: e: f.yaml", "--set e=f.yaml"},
      // Not set, or not in the document.
      {"s.yaml: a.bc", "s.yaml: a.bc"},
      {"s.yaml: l[1].d", "s.yaml: l[1].d"},
      {"s.yaml:4: a.b", "s.yaml:4: a.b"},
      {"other.yaml: a.b", "other.yaml: a.b"},
      {"--set a.b=1", "--set a.b=1"},
  };
  for (const Blame& row : rows) {
    Diagnostics problems{{row.place, "reason", ""}};
    place_at_settings(problems, settings, "s.yaml");
    EXPECT_EQ(problems[0].place, row.expected);
  }
}

}  // namespace
}  // namespace hwflow::schema
