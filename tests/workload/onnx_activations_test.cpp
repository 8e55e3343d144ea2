// Activations that exporters spell out as arithmetic are one activation of the layer before them.
// Witness: the definitions of HardSwish, HardSigmoid, Mish and Gelu in the ONNX operator
// specification, and MACs of the convolution alone by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/workload/onnx_model.hpp"

namespace hwflow::onnx_tests {
namespace {

struct Spelling {
  const char* name;
  std::function<void(Model&)> write;  ///< from "c" to "y"
  Activation activation;
};

const Spelling kSpellings[] = {
    {"hard_swish_divided_at_the_end",
     [](Model& m) {
       m.node("Add", {"c", "three"}, {"a"}).node("Clip", {"a", "zero", "six"}, {"k"});
       m.node("Mul", {"c", "k"}, {"m"}).node("Div", {"m", "six"}, {"y"});
     },
     Activation::hard_swish},
    {"hard_swish_divided_first",
     [](Model& m) {
       m.node("Add", {"three", "c"}, {"a"}).node("Clip", {"a", "zero", "six"}, {"k"});
       m.node("Div", {"k", "six"}, {"d"}).node("Mul", {"d", "c"}, {"y"});
     },
     Activation::hard_swish},
    {"hard_swish_times_a_sixth",
     [](Model& m) {
       m.node("Add", {"c", "three"}, {"a"}).node("Relu", {"a"}, {"r"});
       m.node("Min", {"r", "six"}, {"k"}).node("Mul", {"k", "sixth"}, {"d"});
       m.node("Mul", {"c", "d"}, {"y"});
     },
     Activation::hard_swish},
    {"hard_swish_of_hard_sigmoid",
     [](Model& m) {
       m.node("HardSigmoid", {"c"}, {"h"}).with_number("alpha", 1.0F / 6.0F);
       m.with_number("beta", 0.5F).node("Mul", {"c", "h"}, {"y"});
     },
     Activation::hard_swish},
    {"hard_sigmoid_divided",
     [](Model& m) {
       m.node("Add", {"c", "three"}, {"a"}).node("Clip", {"a", "zero", "six"}, {"k"});
       m.node("Div", {"k", "six"}, {"y"});
     },
     Activation::hard_sigmoid},
    {"hard_sigmoid_clipped_at_one",
     [](Model& m) {
       m.node("Mul", {"c", "sixth"}, {"s"}).node("Add", {"s", "half"}, {"a"});
       m.node("Clip", {"a", "zero", "one"}, {"y"});
     },
     Activation::hard_sigmoid},
    {"silu",
     [](Model& m) {
       m.node("Sigmoid", {"c"}, {"s"}).node("Mul", {"c", "s"}, {"y"});
     },
     Activation::silu},
    {"mish",
     [](Model& m) {
       m.node("Softplus", {"c"}, {"s"}).node("Tanh", {"s"}, {"t"}).node("Mul", {"c", "t"}, {"y"});
     },
     Activation::mish},
    {"gelu_halved_at_the_end",
     [](Model& m) {
       m.node("Div", {"c", "root"}, {"d"}).node("Erf", {"d"}, {"e"});
       m.node("Add", {"e", "one"}, {"a"}).node("Mul", {"c", "a"}, {"p"});
       m.node("Mul", {"p", "half"}, {"y"});
     },
     Activation::gelu},
    {"gelu_halved_first",
     [](Model& m) {
       m.node("Div", {"c", "root"}, {"d"}).node("Erf", {"d"}, {"e"});
       m.node("Add", {"one", "e"}, {"a"}).node("Mul", {"c", "half"}, {"p"});
       m.node("Mul", {"p", "a"}, {"y"});
     },
     Activation::gelu},
};

Model with_convolution() {
  Model model;
  model.input({1, 3, 4, 4}).output().floats("w", {8, 3, 1, 1}).floats("b", {8});
  model.floats("three", {}, {3}).floats("six", {}, {6}).floats("zero", {}, {0});
  model.floats("sixth", {1}, {1.0F / 6.0F}).floats("half", {}, {0.5F}).floats("one", {}, {1});
  model.floats("root", {}, {1.41421356F}).node("Conv", {"x", "w", "b"}, {"c"});
  return model;
}

class OnnxSpelling : public testing::TestWithParam<Spelling> {};

TEST_P(OnnxSpelling, IsTheActivationOfTheConvolution) {
  Model model = with_convolution();
  GetParam().write(model);
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_EQ(read->network.nodes().size(), 2U);
  const Node& conv = read->network.nodes()[1];
  EXPECT_EQ(conv.activation, GetParam().activation);
  EXPECT_EQ(conv.not_executable, "");
  EXPECT_EQ(read->network.macs(), 8 * 3 * 16);
  EXPECT_EQ(read->network.parameters(), 8 * 3 + 8);
  if (GetParam().activation == Activation::hard_sigmoid) {
    EXPECT_NEAR(conv.activation_alpha, 1.0 / 6.0, 1e-6);
    EXPECT_NEAR(conv.activation_beta, 0.5, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OnnxSpelling, testing::ValuesIn(kSpellings),
                         [](const auto& row) { return std::string(row.param.name); });

// x * clip(x + 2, 0, 6) / 6 is no hard swish; nor is x * clip(z + 3, 0, 6) / 6 of another z.
TEST(OnnxSpelling, WhatOnlyLooksAlikeStaysArithmetic) {
  for (const bool is_other_number : {true, false}) {
    Model model = with_convolution();
    model.floats("two", {}, {2}).node("Tanh", {"c"}, {"z"});
    model.node("Add", {is_other_number ? "c" : "z", is_other_number ? "two" : "three"}, {"a"});
    model.node("Clip", {"a", "zero", "six"}, {"k"});
    model.node("Mul", {"c", "k"}, {"m"}).node("Div", {"m", "six"}, {"y"});
    const auto read = load(model);
    ASSERT_TRUE(read) << to_text(read.error());
    for (const Node& node : read->network.nodes())
      EXPECT_NE(node.activation, Activation::hard_swish);
  }
}

TEST(OnnxSpelling, PartsThatOthersReadStay) {
  Model model = with_convolution();
  model.node("Sigmoid", {"c"}, {"s"}).node("Mul", {"c", "s"}, {"m"}).node("Add", {"m", "s"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->network.nodes().size(), 5U);  // input, convolution, sigmoid, SiLU, sum
}

// Squeeze-and-excite block of MobileNetV3 (Howard et al. 2019, Fig. 4): depthwise 3x3 of 8 channels
// on 4x4, 8 to 2 to 8 on one pixel, 8 to 6 on 4x4; spelled-out non-linearities cost no MACs.
TEST(OnnxSpelling, BlockOfMobileNetV3) {
  Model model = with_convolution();
  model.floats("dw", {8, 1, 3, 3}).floats("r", {2, 8, 1, 1}).floats("e", {8, 2, 1, 1});
  model.floats("p", {6, 8, 1, 1});
  const auto hard = [&](const std::string& in, const std::string& out) {
    model.node("Add", {in, "three"}, {out + "a"}).node("Clip", {out + "a", "zero", "six"}, {out});
  };
  model.node("Conv", {"c", "dw"}, {"d"}).with("group", 8).with("pads", Dims{1, 1, 1, 1});
  hard("d", "h");
  model.node("Mul", {"d", "h"}, {"hm"}).node("Div", {"hm", "six"}, {"hs"});
  model.node("GlobalAveragePool", {"hs"}, {"g"}).node("Conv", {"g", "r"}, {"s1"});
  model.node("Relu", {"s1"}, {"s2"}).node("Conv", {"s2", "e"}, {"s3"});
  hard("s3", "k");
  model.node("Div", {"k", "six"}, {"gate"}).node("Mul", {"hs", "gate"}, {"se"});
  model.node("Conv", {"se", "p"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->network.macs(), 8 * 3 * 16 + 8 * 9 * 16 + 2 * 8 * 2 + 6 * 8 * 16);
  EXPECT_EQ(read->network.compute_nodes().size(), 5U);
}

}  // namespace
}  // namespace hwflow::onnx_tests
