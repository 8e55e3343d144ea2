#include "chip/mapping/mapping_file.hpp"

#include <gtest/gtest.h>

#include "tests/chip/mapping/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::two_levels;

std::vector<LayerMapping> two_mappings() {
  const auto mapping = [](const std::string& text) {
    return mapping_from_text(text, two_levels()).value();
  };
  return {{"conv1", mapping("DRAM: k4 p2 | GLB: c8 ; x q14 y r3 c4")},
          {"a layer: \"2\"", mapping("DRAM: | GLB:")}};
}

TEST(MappingFile, ParsesBackWhatItWrites) {
  const std::string yaml = mappings_to_yaml(two_mappings(), two_levels());
  const auto read = parse_mappings(yaml, "m.yaml", two_levels());
  ASSERT_TRUE(read.has_value()) << to_text(read.error());
  EXPECT_EQ(*read, two_mappings());
}

TEST(MappingFile, ReadsResultsWithMoreKeys) {
  const auto read = parse_mappings(
      R"({"network": "n", "accelerator": "two-levels", "seconds": 1.5,
          "layers": [{"name": "conv1", "energy_pj": 7, "mapping": "DRAM: k2 | GLB: c3"}]})",
      "m.json", two_levels());
  ASSERT_TRUE(read.has_value()) << to_text(read.error());
  EXPECT_EQ(to_text(read->front().mapping, two_levels()), "DRAM: k2 | GLB: c3");
}

TEST(MappingFile, RefusesWithAllProblemsAtOnce) {
  const auto message = [](const std::string& text) {
    const auto read = parse_mappings(text, "m.yaml", two_levels());
    return read ? std::string("accepted") : to_text(read.error());
  };
  EXPECT_EQ(message("schema: 1\n"), "m.yaml:1: layers: must be a list of layers\n");
  EXPECT_EQ(message("schema: 2\naccelerator: eyeriss\nlayers:\n"
                    "  - {name: a, mapping: 'DRAM: | GBL:'}\n"
                    "  - {name: a, mapping: 'DRAM: | GLB:'}\n"
                    "  - {mapping: 3}\n"),
            "m.yaml:1: schema: must be 1\n"
            "m.yaml:2: accelerator: these mappings are not for 'two-levels'\n"
            "m.yaml:4: layers[0].mapping: GBL: 'two-levels' has no such level (did you mean "
            "'GLB'?)\n"
            "m.yaml:4: layers[0].mapping: GLB: level missing (write 'GLB:')\n"
            "m.yaml:5: layers[1].name: 'a' is also the name of layers[0]\n"
            "m.yaml:6: layers[2].name: must be a text\n"
            "m.yaml:6: layers[2].mapping: must be a text\n");
}

TEST(MappingFile, RefusesAMissingFile) {
  EXPECT_FALSE(load_mappings("no/such.yaml", two_levels()).has_value());
}

}  // namespace
}  // namespace hwflow::chip
