#include "chip/validation/validation_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/chip/validation/tiny_set.hpp"
#include "tests/support/refusals.hpp"

namespace hwflow::chip {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::HasSubstr;

std::string problems_of(const std::string& text) {
  const auto set = parse_validation_set(text, "tiny.yaml");
  return set ? "accepted" : to_text(set.error());
}

TEST(ValidationSet, BuiltInSetsSayWhatTheyAre) {
  const auto sets = builtin_validation_sets();
  EXPECT_GE(sets.size(), 10U);
  for (const BuiltinSet& each : sets) {
    const auto set = load_validation_set(each.name);
    ASSERT_TRUE(set.has_value()) << to_text(set.error());
    EXPECT_EQ(set->set, each.name);
    EXPECT_GT(set->source.size(), 40U) << each.name;
    EXPECT_FALSE(set->differs.empty()) << each.name;
    EXPECT_FALSE(set->distances.empty()) << each.name;
  }
}

TEST(ValidationSet, WrongFilesAreRefusedWithTheirPlace) {
  ASSERT_EQ(problems_of(kTinySet), "accepted");
  expect_refusals(
      kTinySet, problems_of,
      {{"method: given_mapping", "method: guess",
        "tiny.yaml:6: method: must be one of row_stationary, given_mapping"},
       {"machine: e168\n", "", "machine"},
       {"size: 1", "size: 0", "layers[0].size: must be"},
       {"method: given_mapping", "method: row_stationary",
        "tiny.yaml: chip: is missing: method row_stationary needs it"},
       {"method: given_mapping", "method: best_mapping",
        "tiny.yaml: layers[0].loops: is only for method given_mapping"},
       {"layers:", "max_evaluations: 9\nlayers:",
        "tiny.yaml: max_evaluations: is only for method best_mapping"},
       {"layers:", "semantics: timelop\nlayers:", "(did you mean 'timeloop'?)"},
       {"layers:", "distances: [{quantity: macs, layer: fd, least: 1, most: 0}]\nlayers:",
        "tiny.yaml: distances[0]: least is more than most\n"
        "tiny.yaml: distances[0].layer: no layer is named 'fd'"},
       {"size: 1", "size: 1\n    groups: 2", "layers[0]: out_channels: 3 is not divisible"}});
}

TEST(ValidationSet, UnknownNamesGetTheNearest) {
  const auto set = load_validation_set("eyeriss-vgg");
  ASSERT_FALSE(set.has_value());
  EXPECT_THAT(to_text(set.error()), HasSubstr("did you mean 'eyeriss-vgg16'?"));
  EXPECT_FALSE(load_validation_set("none/set.yaml").has_value());
}

TEST(ValidationSet, ShippedManualPageIsTheGeneratedOne) {
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  const std::string path = std::string(root) + "/docs/formats/validation.md";
  if (std::getenv("HWFLOW_APPROVE") != nullptr) {
    std::ofstream(path) << validation_manual();
    return;
  }
  std::ifstream stream(path);
  const std::string shipped{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  EXPECT_EQ(shipped, validation_manual()) << "HWFLOW_APPROVE=1 writes " << path;
}

}  // namespace
}  // namespace hwflow::chip
