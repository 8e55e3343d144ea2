#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "schema/schema.hpp"
#include "tests/schema/chip_options.hpp"

namespace hwflow::schema {
namespace {

using schema_test::Chip;

/// What read_document() says about a YAML text, or "accepted".
std::string answer(const std::string& yaml) {
  const auto value = parse_yaml(yaml, "chip.yaml");
  if (!value) return to_text(value.error());
  const auto chip = read_document<Chip>(*value, "chip.yaml");
  return chip ? "accepted" : to_text(chip.error());
}

struct Refusal {
  const char* yaml;
  const char* problems;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.yaml; }

class Refuse : public testing::TestWithParam<Refusal> {};

TEST_P(Refuse, WithPlaceReasonAndHint) { EXPECT_EQ(answer(GetParam().yaml), GetParam().problems); }

INSTANTIATE_TEST_SUITE_P(
    WrongChips, Refuse,
    testing::Values(
        Refusal{"levels: []\n",
                "chip.yaml: missing required key 'schema' (write schema: 1 at the top)\n"},
        Refusal{"schema: 2\nlevels: []\n",
                "chip.yaml:1: schema: must be 1, got 2 (this is the version of the file format "
                "that we read)\n"},
        Refusal{"schema: 1\n",
                "chip.yaml:1: missing required key 'levels' (Levels from DRAM inward.)\n"},
        Refusal{"[1, 2]\n", "chip.yaml:1: must be a map, got a list\n"},
        Refusal{"", "chip.yaml: must be a map, got null\n"},
        Refusal{"schema: 1\nlevels:\n- name: dram\n- name: glb\n  capacity_bits: -8\n",
                "chip.yaml:5: levels[1].capacity_bits: must be >= 1, got -8\n"},
        Refusal{"schema: 1\nlevels: [{name: a, capcity_bits: 8}]\n",
                "chip.yaml:2: levels[0].capcity_bits: unknown key (did you mean "
                "'capacity_bits'?)\n"},
        Refusal{"schema: 1\nlevels: [{name: a, zzzzzzzzzzzzzz: 8}]\n",
                "chip.yaml:2: levels[0].zzzzzzzzzzzzzz: unknown key (known keys: name, "
                "capacity_bits, double_buffered, fanout)\n"},
        Refusal{"schema: 1\nlevels: []\nclock_mhz: fast\n",
                "chip.yaml:3: clock_mhz: must be a number, got 'fast'\n"},
        Refusal{"schema: 1\nlevels: []\nclock_mhz: 0.5\n",
                "chip.yaml:3: clock_mhz: must be >= 1, got 0.5\n"},
        Refusal{"schema: 1\nlevels: []\nclock_mhz: 6e3\n",
                "chip.yaml:3: clock_mhz: must be <= 5000, got 6000\n"},
        Refusal{"schema: 1\nlevels: []\nclock_mhz: .nan\n",
                "chip.yaml:3: clock_mhz: must be a finite number, got nan\n"},
        Refusal{"schema: 1\nlevels: []\nstages: 256\n",
                "chip.yaml:3: stages: must be <= 255, got 256\n"},
        Refusal{"schema: 1\nlevels: []\nstages: 2.5\n",
                "chip.yaml:3: stages: must be an integer, got 2.5\n"},
        Refusal{"schema: 1\nlevels: []\nseed: -1\n", "chip.yaml:3: seed: must be >= 0, got -1\n"},
        Refusal{"schema: 1\nlevels: []\nseed: 99999999999999999999\n",
                "chip.yaml:3: seed: must be an integer, got 1e+20\n"},
        Refusal{"schema: 1\nlevels: []\nname: 42\n",
                "chip.yaml:3: name: must be a string, got 42 (put it in quotes)\n"},
        Refusal{"schema: 1\nlevels: [{name: a, double_buffered: yes}]\n",
                "chip.yaml:2: levels[0].double_buffered: must be true or false, got 'yes'\n"},
        Refusal{"schema: 1\nlevels: {name: a}\n",
                "chip.yaml:2: levels: must be a list, got a map\n"},
        Refusal{"schema: 1\nlevels: []\nengine: {width_bits: 8}\n",
                "chip.yaml:3: engine: missing required key 'kind' (one of bit_parallel, "
                "vectorised)\n"},
        Refusal{"schema: 1\nlevels: []\nengine: {kind: vectorized}\n",
                "chip.yaml:3: engine.kind: must be one of bit_parallel, vectorised, got "
                "'vectorized' (did you mean 'vectorised'?)\n"},
        Refusal{"schema: 1\nlevels: []\nengine: {kind: bit_parallel, fusion: lanes}\n",
                "chip.yaml:3: engine.fusion: unknown key (known keys: mac_energy_pj, kind, "
                "width_bits)\n"},
        Refusal{"schema: 1\nlevels: []\nengine: {kind: bit_parallel, mac_energy_pj: 0}\n",
                "chip.yaml:3: engine.mac_energy_pj: must be > 0, got 0\n"},
        Refusal{"schema: 1\nlevels: []\nengine: {kind: vectorised, supported_bits: [2, 65]}\n",
                "chip.yaml:3: engine.supported_bits[1]: must be <= 64, got 65\n"},
        Refusal{"schema: 1\nlevels: []\nenergies_pj: {mac: 1.5, dram: -2}\n",
                "chip.yaml:3: energies_pj.dram: must be >= 0, got -2\n"},
        Refusal{"schema: 1\nlevels: []\nfusions: [lane]\n",
                "chip.yaml:3: fusions[0]: must be one of lanes, spatial, got 'lane' (did you mean "
                "'lanes'?)\n"},
        Refusal{"schema: 1\nlevels: []\nengine: null\n",
                "chip.yaml:3: engine: must be a map, got null\n"}));

TEST(CheckValue, ReportsAllProblemsInTheOrderOfTheTable) {
  EXPECT_EQ(answer("schema: 3\nclock_mhz: 0\nlevls: []\nlevels: [{capacity_bits: x}, 7]\n"),
            "chip.yaml:1: schema: must be 1, got 3 (this is the version of the file format that "
            "we read)\n"
            "chip.yaml:2: clock_mhz: must be >= 1, got 0\n"
            "chip.yaml:4: levels[0]: missing required key 'name' (Name of the level.)\n"
            "chip.yaml:4: levels[0].capacity_bits: must be an integer, got 'x'\n"
            "chip.yaml:4: levels[1]: must be a map, got 7\n"
            "chip.yaml:3: levls: unknown key (did you mean 'levels'?)\n");
}

/// A set that files show as a list.
struct Metals {
  bool copper = false, gold = false;
};

}  // namespace
}  // namespace hwflow::schema

template <>
struct hwflow::schema::ShownAs<hwflow::schema::Metals> {
  using Shown = std::vector<std::string>;
  static constexpr bool kDistinct = true;
  static Metals from(const Shown& names) {
    return {std::count(names.begin(), names.end(), "copper") > 0,
            std::count(names.begin(), names.end(), "gold") > 0};
  }
  static Shown to(const Metals&) { return {}; }
};

namespace hwflow::schema {
namespace {

TEST(CheckValue, RefusesDoubledElementsOfASet) {
  const Type type = describe<Metals>();
  const auto told = [&](const char* text) {
    return to_text(check_value(*parse_yaml(text, "m"), type, "m"));
  };
  EXPECT_EQ(told("[gold, copper]"), "");
  EXPECT_EQ(told("[gold, copper, gold, gold]"),
            "m:1: [2]: 'gold' is also [0] (leave one of them out)\n");
}

TEST(CheckValue, TakesExactFloatsForIntegersAndNullForNone) {
  EXPECT_EQ(answer("schema: 1\nseed: 1e6\nmesh: null\nlevels: [{name: a, capacity_bits: ~}]\n"),
            "accepted");
}

TEST(CheckValue, StopsCountingProblemsAfterAHundred) {
  std::string yaml = "schema: 1\nlevels: []\n";
  for (int i = 0; i < 150; ++i) yaml += "unknown_key_" + std::to_string(i) + ": 1\n";
  const auto value = parse_yaml(yaml, "chip.yaml");
  const auto chip = read_document<Chip>(*value, "chip.yaml");
  ASSERT_FALSE(chip.has_value());
  ASSERT_EQ(chip.error().size(), kMostProblems + 1);
  EXPECT_EQ(chip.error().back().reason, "50 more problems");
}

TEST(CheckValue, ShowsHostileTextHarmlessly) {
  const std::string text = answer("schema: 1\nlevels: []\n\"\\e[31mred\\n\": 1\n");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, testing::StartsWith("chip.yaml:3: ?[31mred?: unknown key"));
}

}  // namespace
}  // namespace hwflow::schema
