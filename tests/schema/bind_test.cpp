#include <gtest/gtest.h>

#include <string>

#include "schema/schema.hpp"
#include "tests/schema/chip_options.hpp"

namespace hwflow::schema {
namespace {

using schema_test::Chip;

Chip full_chip() {
  Chip chip;
  chip.name = "yes: \"a\" #1";
  chip.clock_mhz = 0.1 + 0.2 + 100.0;  // needs all 17 digits
  chip.seed = 9223372036854775807U;    // 2^63 - 1
  chip.stages = 255;
  chip.levels = {{"DRAM", std::nullopt, false, {4, 2}}, {"null", 1024, true, {}}};
  chip.engine.kind = schema_test::Vectorised{{1, 2}, schema_test::Fusion::lanes};
  chip.engine.mac_energy_pj = 1e-7;
  chip.energies_pj = {{"a.b", 1.5}, {"", 2.0}, {"1", 0.0}};
  chip.fusions = {true, true};
  chip.mesh = schema_test::Fanout{7, 8};
  return chip;
}

TEST(Bind, YamlAndJsonGiveBackTheStruct) {
  const Chip chip = full_chip();
  const Value document = to_document(chip);
  const std::string yaml = to_yaml(document);
  const auto from_yaml = parse_yaml(yaml, "y");
  ASSERT_TRUE(from_yaml) << yaml << to_text(from_yaml.error());
  const auto back = read_document<Chip>(*from_yaml, "y");
  ASSERT_TRUE(back) << yaml << to_text(back.error());
  EXPECT_EQ(*back, chip) << yaml;

  const auto from_json = parse_json(to_json_text(document), "j");
  ASSERT_TRUE(from_json) << to_text(from_json.error());
  EXPECT_EQ(*read_document<Chip>(*from_json, "j"), chip);
}

TEST(Bind, WhatIsLeftOutKeepsItsDefault) {
  const auto chip = read<Chip>(*parse_yaml("levels: []\nengine: {kind: bit_parallel}", ""), "");
  ASSERT_TRUE(chip);
  EXPECT_EQ(*chip, Chip{});  // levels is empty and the engine bit-parallel by default, too
}

TEST(Bind, ShowsDefaultsInTheOrderOfTheTable) {
  EXPECT_EQ(to_yaml(to_value(Chip{})),
            "name: a chip\n"
            "clock_mhz: 200.0\n"
            "seed: 1\n"
            "stages: 3\n"
            "levels: []\n"
            "engine:\n"
            "  kind: bit_parallel\n"
            "  width_bits: 16\n"
            "  mac_energy_pj: 1.0\n"
            "energies_pj: {}\n"
            "fusions: []\n"
            "mesh: null\n");
}

TEST(Bind, RefusesToShowWhatNoFileCanHold) {
  Chip chip;
  chip.seed = 1ULL << 63;
  EXPECT_THROW((void)to_value(chip), InternalError);
}

TEST(Bind, AVariantKeepsWhatTheFileDoesNotName) {
  const auto chip =
      read<Chip>(*parse_yaml("levels: []\nengine: {kind: vectorised, fusion: lanes}", ""), "");
  ASSERT_TRUE(chip);
  const schema_test::Vectorised expected{{2, 4, 8}, schema_test::Fusion::lanes};
  EXPECT_EQ(std::get<schema_test::Vectorised>(chip->engine.kind), expected);
}

}  // namespace
}  // namespace hwflow::schema
