#include "train/quant/integer_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow::train::integer {
namespace {

Network network_with(const std::string& not_executable) {
  Node input;
  input.name = "input";
  input.shape = {1, 2, 2};
  Node sum;
  sum.name = "difference";
  sum.kind = NodeKind::add;
  sum.inputs = {NodeId{0}, NodeId{0}};
  sum.not_executable = not_executable;
  return Network::make("approximate", {input, sum}).value();
}

TEST(IntegerChecks, RefusesLayersThatOnlyCostModelsUnderstand) {
  EXPECT_TRUE(unsupported_in_integers(network_with("")).empty());
  const Diagnostics problems =
      unsupported_in_integers(network_with("a subtraction, kept as an addition"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].place, testing::HasSubstr("difference"));
  EXPECT_THAT(problems[0].reason, testing::HasSubstr("a subtraction"));
}

}  // namespace
}  // namespace hwflow::train::integer
