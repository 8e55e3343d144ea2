#include <gtest/gtest.h>

#include "chip/mapping/mapping.hpp"
#include "tests/chip/mapping/samples.hpp"

namespace hwflow::chip {
namespace {

/// k6 c5 p7 q10 r3 s3. Whole tensors: weights 6*5*3*3 = 270, inputs 5*9*12 = 540,
/// outputs 6*7*10 = 420. Below k2 p3: inputs 5 * (3 + 2) * 12 = 300, outputs 3 * 3 * 10 = 90.
TEST(LoopNest, ShowsLoopsRaggedTilesAndWhatEachLevelKeeps) {
  const Mapping mapping =
      mapping_from_text("DRAM: k2 p3 | GLB: c5 p3 q3 r3 s3 ; x q4 y k3", samples::two_levels())
          .value();
  EXPECT_EQ(
      to_loop_nest(mapping, samples::small_convolution(), samples::two_levels()),
      "[DRAM] weights 270 (k6 c5 r3 s3), inputs 540 (c5 p7 q10 r3 s3), outputs 420 (k6 p7 q10)\n"
      "for k in 0..2:\n"
      "  for p in 0..3:   # last tile 1\n"
      "    [GLB] inputs 300 (c5 p3 q10 r3 s3), outputs 90 (k3 p3 q10)\n"
      "    for c in 0..5:\n"
      "      for p in 0..3:\n"
      "        for q in 0..3:   # last tile 2\n"
      "          for r in 0..3:\n"
      "            for s in 0..3:\n"
      "              columns q in 0..4:\n"
      "                rows k in 0..3:\n"
      "                  [MAC]\n");
}

/// A loop of bound 4 over 9 rows makes tiles of ceil(9/4) = 3 rows and runs three times.
TEST(LoopNest, ShowsHowOftenALoopReallyRuns) {
  const Layer layer{"fc", make_fully_connected(1, 1, 9).value(), {}};
  const Mapping mapping = mapping_from_text("DRAM: k4 | GLB: k3", samples::two_levels()).value();
  const std::string nest = to_loop_nest(mapping, layer, samples::two_levels());
  EXPECT_NE(nest.find("for k in 0..3:\n"), std::string::npos) << nest;
  EXPECT_EQ(nest.find("last tile"), std::string::npos) << nest;
}

}  // namespace
}  // namespace hwflow::chip
