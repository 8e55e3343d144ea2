#include "train/fault/content_hash.hpp"

#include <gtest/gtest.h>

#include "tests/train/fault/integer_case.hpp"

namespace hwflow::train::fault {
namespace {

TEST(ContentHash, ChangesWithEveryNumberOfTheNetwork) {
  const IntegerCase c(1);
  const std::uint64_t own = content_hash(c.network);
  EXPECT_EQ(own, content_hash(IntegerCase(1).network));
  std::size_t node = 0;
  while (!c.network.nodes[node].compute) ++node;
  const auto changed = [&](auto change) {
    IntegerNetwork network = c.network;
    change(network);
    return content_hash(network);
  };
  EXPECT_NE(own, changed([&](IntegerNetwork& n) { n.nodes[node].compute->codes.back() ^= 1; }));
  EXPECT_NE(own, changed([&](IntegerNetwork& n) { ++n.nodes[node].compute->bias[0]; }));
  EXPECT_NE(own, changed([&](IntegerNetwork& n) { n.nodes[node].compute->scales[0] *= 1.001; }));
  EXPECT_NE(own, changed([&](IntegerNetwork& n) { n.nodes[node].inputs[0].scale *= 1.001; }));
  EXPECT_NE(own, changed([&](IntegerNetwork& n) { n.input_mean[0] += 0.001F; }));
}

TEST(ContentHash, ChangesWithImagesAndLabels) {
  IntegerCase c(2, 3);
  const std::uint64_t own = content_hash(c.workload());
  ++c.pixels[5];
  EXPECT_NE(own, content_hash(c.workload()));
  --c.pixels[5];
  EXPECT_EQ(own, content_hash(c.workload()));
  c.labels[1] ^= 1;
  EXPECT_NE(own, content_hash(c.workload()));
}

}  // namespace
}  // namespace hwflow::train::fault
