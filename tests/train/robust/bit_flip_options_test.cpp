#include "train/robust/bit_flip_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/train/robust/flip_case.hpp"

namespace hwflow::train::robust {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BitFlipOptions, TheDefaultsAreGood) {
  EXPECT_TRUE(check(BitFlipOptions{}, 10).empty());
  EXPECT_TRUE(check_layers({}, FlipCase(1).integers).empty());
}

TEST(BitFlipOptions, TellsAllProblemsAtOnce) {
  const BitFlipOptions wrong{.flips = 0,
                             .images = 0,
                             .target = 10,
                             .source = -1,
                             .bits_per_step = 0,
                             .candidates = -1,
                             .until = 1.5,
                             .random_runs = -1,
                             .threads = 0};
  const Diagnostics problems = check(wrong, 10);
  std::vector<std::string> places;
  for (const Diagnostic& problem : problems) places.push_back(problem.place);
  EXPECT_THAT(places, ElementsAre("flips", "images", "bits_per_step", "candidates", "random_runs",
                                  "threads", "target", "source", "images", "until"));
  EXPECT_THAT(to_text(check({.source = 1}, 10)), HasSubstr("name that class as the target"));
  EXPECT_THAT(to_text(check({.target = 1, .source = 1}, 10)), HasSubstr("is the target itself"));
}

TEST(BitFlipOptions, LayersAreSkippedByPlaceAndName) {
  const IntegerNetwork network = FlipCase(1).integers;  // image, conv, fc
  EXPECT_THAT(searched_layers(network, {}), ElementsAre(1, 2));
  EXPECT_THAT(searched_layers(network, {"first"}), ElementsAre(2));
  EXPECT_THAT(searched_layers(network, {"last"}), ElementsAre(1));
  EXPECT_THAT(searched_layers(network, {"fc"}), ElementsAre(1));
  const std::string text = to_text(check_layers({.skip = {"first", "last", "pool"}}, network));
  EXPECT_THAT(text, HasSubstr("'pool' is no layer with weights"));
  EXPECT_THAT(text, HasSubstr("leaves no layer"));
}

TEST(BitFlipOptions, NoMoreFlipsThanBits) {
  const IntegerNetwork network = FlipCase(1).integers;  // fc: 3 * 8 weights of 4 bits
  EXPECT_TRUE(check_layers({.flips = 96, .skip = {"conv"}}, network).empty());
  EXPECT_THAT(to_text(check_layers({.flips = 97, .skip = {"conv"}}, network)),
              HasSubstr("asks for 97 of 96 bits"));
}

TEST(BitFlipOptions, EndsAtChanceUnlessOneClassIsAttacked) {
  EXPECT_EQ(stop_accuracy({}, 10), 0.1);
  EXPECT_EQ(stop_accuracy({.target = 3}, 10), 0.1);
  EXPECT_EQ(stop_accuracy({.target = 3, .source = 1}, 10), std::nullopt);
  EXPECT_EQ(stop_accuracy({.target = 3, .source = 1, .until = 0.5}, 10), 0.5);
}

}  // namespace
}  // namespace hwflow::train::robust
