#include "train/fault/changed_network.hpp"

#include <gtest/gtest.h>

#include "tests/train/fault/integer_case.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

std::uint32_t first_layer(const IntegerNetwork& network) {
  std::uint32_t node = 0;
  while (!network.nodes[node].compute) ++node;
  return node;
}

TEST(ChangedNetwork, FlipsStoredWordsAndMakesRoomForTheirCodes) {
  IntegerCase c(1);
  const std::uint32_t node = first_layer(c.network);
  IntegerCompute& compute = *c.network.nodes[node].compute;
  compute.low = -127;  // a narrow quantizer
  for (auto& code : compute.codes) code = std::max<std::int16_t>(code, -127);
  compute.codes[0] = 0;
  compute.bias[0] = 5;
  const auto plan = integer::compile(c.network, KernelSet::best).value();
  const IntegerNetwork changed =
      changed_network(c.network, plan,
                      std::vector<Upset>{{.node = node, .element = 0, .bits = 0x80},
                                         {.site = Site::biases, .node = node, .bits = 0x3},
                                         {.site = Site::activations, .node = node, .bits = 0x3}});
  const IntegerCompute& now = *changed.nodes[node].compute;
  EXPECT_EQ(now.codes[0], -128);
  EXPECT_EQ(now.bias[0], 6);  // 101 -> 110
  EXPECT_EQ(now.low, -128);
  EXPECT_EQ(now.high, 127);
  IntegerNetwork back = changed;
  back.nodes[node].compute->codes[0] = 0;
  back.nodes[node].compute->bias[0] = 5;
  back.nodes[node].compute->low = -127;
  EXPECT_EQ(back, c.network);
  EXPECT_TRUE(integer::compile(changed, KernelSet::best).has_value());
}

TEST(ChangedNetwork, LogitsKeepTheUnit) {
  const IntegerCase c(2);
  const std::vector<Upset> upsets{{.node = first_layer(c.network), .element = 0, .bits = 0x40}};
  const integer::Plan plan = compile_changed(c.plan, changed_network(c.network, c.plan, upsets));
  EXPECT_EQ(plan.logit_unit, c.plan.logit_unit);
  EXPECT_EQ(plan.logit_factors, c.plan.logit_factors);
}

}  // namespace
}  // namespace hwflow::train::fault
