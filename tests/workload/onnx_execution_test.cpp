// Which ONNX nodes the network describes exactly, and which for cost only. Expected sizes by the
// formulas of the ONNX operator specification; MACs by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/workload/onnx_model.hpp"
#include "workload/network_yaml.hpp"

namespace hwflow::onnx_tests {
namespace {

struct Case {
  const char* name;
  std::function<void(Model&)> write;  ///< from "x" to "y"
  Dims input;
  FeatureShape output;
  std::int64_t macs;
  const char* reason;  ///< part of why values cannot be computed; empty: they can
};

std::function<void(Model&)> unary(const char* type) {
  return [type](Model& m) { m.node(type, {"x"}, {"y"}); };
}

std::function<void(Model&)> reduction(const char* type, Dims axes, std::int64_t keepdims) {
  return [type, axes = std::move(axes), keepdims](Model& m) {
    m.node(type, {"x"}, {"y"}).with("axes", axes).with("keepdims", keepdims);
  };
}

std::function<void(Model&)> resize(const char* mode, const char* place, const char* rounding,
                                   float scale) {
  return [=](Model& m) {
    m.floats("s", {4}, {1, 1, scale, scale}).node("Resize", {"x", "", "s"}, {"y"});
    m.with_text("mode", mode).with_text("coordinate_transformation_mode", place);
    m.with_text("nearest_mode", rounding);
  };
}

const Case kCases[] = {
    {"transpose",
     [](Model& m) {
       m.node("Transpose", {"x"}, {"y"}).with("perm", Dims{0, 2, 3, 1});
     },
     {1, 2, 3, 4},
     {3, 4, 2},
     0,
     "ONNX node 'Transpose_1' (Transpose): moves elements"},
    // Sizes of one move without moving elements.
    {"transpose_of_ones",
     [](Model& m) {
       m.node("Transpose", {"x"}, {"y"}).with("perm", Dims{0, 2, 3, 1});
     },
     {1, 5, 1, 1},
     {1, 1, 5},
     0,
     ""},
    {"depth_to_space",
     [](Model& m) { m.node("DepthToSpace", {"x"}, {"y"}).with("blocksize", 2); },
     {1, 4, 3, 3},
     {1, 6, 6},
     0,
     "DepthToSpace"},
    {"lrn",
     [](Model& m) { m.node("LRN", {"x"}, {"y"}).with("size", 5); },
     {1, 4, 3, 3},
     {4, 3, 3},
     0,
     "normalization"},
    {"sub_of_tensors",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Sub", {"x", "r"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "subtraction"},
    {"div_of_tensors",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Div", {"x", "r"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "division"},
    {"add_of_tensors",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Add", {"x", "r"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     ""},
    {"pad_reflect",
     [](Model& m) {
       m.integers("p", {0, 0, 1, 1, 0, 0, 1, 1}).node("Pad", {"x", "p"}, {"y"});
       m.with_text("mode", "reflect");
     },
     {1, 2, 3, 3},
     {2, 5, 5},
     0,
     "mode 'reflect'"},
    {"pad_with_ones",
     [](Model& m) {
       m.integers("p", {0, 0, 1, 1, 0, 0, 1, 1}).floats("v", {}, {1.0F});
       m.node("Pad", {"x", "p", "v"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 5, 5},
     0,
     "another value"},
    {"pad_with_zeros",
     [](Model& m) {
       m.integers("p", {0, 0, 1, 1, 0, 0, 1, 1}).floats("v", {}, {0.0F});
       m.node("Pad", {"x", "p", "v"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 5, 5},
     0,
     ""},
    {"resize_linear",
     resize("linear", "half_pixel", "floor", 2),
     {1, 2, 3, 3},
     {2, 6, 6},
     0,
     "nearest"},
    {"resize_torch", resize("nearest", "asymmetric", "floor", 3), {1, 2, 3, 3}, {2, 9, 9}, 0, ""},
    // Pixel 2 of 9 lies at 2/3 and is rounded to 1; torch takes 0.
    {"resize_rounded",
     resize("nearest", "asymmetric", "round_prefer_floor", 3),
     {1, 2, 3, 3},
     {2, 9, 9},
     0,
     "nearest"},
    {"resize_half_pixel",
     resize("nearest", "half_pixel", "round_prefer_floor", 3),
     {1, 2, 3, 3},
     {2, 9, 9},
     0,
     ""},
    {"resize_of_one_pixel",
     resize("linear", "half_pixel", "floor", 5),
     {1, 2, 1, 1},
     {2, 5, 5},
     0,
     ""},
    {"softmax_of_features", unary("Softmax"), {1, 7}, {7, 1, 1}, 0, ""},
    {"softmax_of_columns", unary("Softmax"), {1, 2, 3, 4}, {2, 3, 4}, 0, "other axes"},
    {"log_softmax", unary("LogSoftmax"), {1, 7}, {7, 1, 1}, 0, "logarithm"},
    {"exp", unary("Exp"), {1, 2, 3, 4}, {2, 3, 4}, 0, "element-wise"},
    {"sqrt", unary("Sqrt"), {1, 2, 3, 4}, {2, 3, 4}, 0, "element-wise"},
    {"elu", unary("Elu"), {1, 2, 3, 4}, {2, 3, 4}, 0, ""},
    {"selu", unary("Selu"), {1, 2, 3, 4}, {2, 3, 4}, 0, ""},
    {"softplus", unary("Softplus"), {1, 2, 3, 4}, {2, 3, 4}, 0, ""},
    {"mish", unary("Mish"), {1, 2, 3, 4}, {2, 3, 4}, 0, ""},
    {"gelu", unary("Gelu"), {1, 2, 3, 4}, {2, 3, 4}, 0, ""},
    {"gelu_by_tanh",
     [](Model& m) { m.node("Gelu", {"x"}, {"y"}).with_text("approximate", "tanh"); },
     {1, 2, 3, 4},
     {2, 3, 4},
     0,
     "tanh"},
    {"instance_normalization",
     [](Model& m) {
       m.floats("g", {2}).floats("b", {2}).node("InstanceNormalization", {"x", "g", "b"}, {"y"});
     },
     {1, 2, 3, 4},
     {2, 3, 4},
     0,
     "normalization"},
    {"layer_normalization",
     [](Model& m) {
       m.floats("g", {4}).node("LayerNormalization", {"x", "g"}, {"y"});
     },
     {1, 3, 4},
     {1, 3, 4},
     0,
     "normalization"},
    {"group_normalization",
     [](Model& m) {
       m.floats("g", {2}).floats("b", {2}).node("GroupNormalization", {"x", "g", "b"}, {"y"});
     },
     {1, 4, 3, 4},
     {4, 3, 4},
     0,
     "normalization"},
    {"mean_over_channels", reduction("ReduceMean", {1}, 1), {1, 5, 3, 4}, {1, 3, 4}, 0, ""},
    // Three dimensions with the batch are rows and columns of one map.
    {"mean_over_columns", reduction("ReduceMean", {3}, 0), {1, 5, 3, 4}, {1, 5, 3}, 0, ""},
    {"mean_over_rows_and_channels",
     reduction("ReduceMean", {1, 2}, 0),
     {1, 5, 3, 4},
     {4, 1, 1},
     0,
     ""},
    {"sum_over_pixels", reduction("ReduceSum", {2, 3}, 1), {1, 5, 3, 4}, {5, 1, 1}, 0, "average"},
    {"minimum_over_channels",
     reduction("ReduceMin", {1}, 1),
     {1, 5, 3, 4},
     {1, 3, 4},
     0,
     "minimum"},
    {"mean_over_features", reduction("ReduceMean", {1}, 1), {1, 8}, {1, 1, 1}, 0, ""},
    {"arg_max_at_the_end",
     [](Model& m) { m.node("ArgMax", {"x"}, {"y"}).with("axis", 1); },
     {1, 8},
     {8, 1, 1},
     0,
     ""},
    {"arg_max_before_more",
     [](Model& m) { m.node("ArgMax", {"x"}, {"a"}).with("axis", 1).node("Relu", {"a"}, {"y"}); },
     {1, 8, 3, 3},
     {1, 3, 3},
     0,
     "place of the extreme"},
    {"top_k_at_the_end",
     [](Model& m) {
       m.integers("k", {3}).node("TopK", {"x", "k"}, {"y", "i"});
     },
     {1, 8},
     {8, 1, 1},
     0,
     ""},
    {"clip_by_max_and_min",
     [](Model& m) {
       m.floats("low", {}, {-1.0F}).floats("high", {1}, {2.0F});
       m.node("Max", {"x", "low"}, {"a"}).node("Min", {"high", "a"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     ""},
    {"max_of_tensors",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Max", {"x", "r"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "extreme"},
    {"square",
     [](Model& m) {
       m.floats("two", {}, {2.0F}).node("Pow", {"x", "two"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     ""},
    {"cube",
     [](Model& m) {
       m.floats("three", {}, {3.0F}).node("Pow", {"x", "three"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "power"},
    {"where_with_constants",
     [](Model& m) {
       m.floats("c", {3, 3}).floats("v", {}, {-9.0F}).node("Where", {"c", "x", "v"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "choice"},
    {"sum_of_three",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Tanh", {"x"}, {"t"}).node("Sum", {"x", "r", "t"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     ""},
    {"mean_of_three",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Tanh", {"x"}, {"t"}).node("Mean", {"x", "r", "t"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "mean"},
    {"expand_pixels",
     [](Model& m) {
       m.integers("s", {1, 2, 5, 4}).node("Expand", {"x", "s"}, {"y"});
     },
     {1, 2, 1, 1},
     {2, 5, 4},
     0,
     ""},
    {"expand_channels",
     [](Model& m) {
       m.integers("s", {6, 1, 1}).node("Expand", {"x", "s"}, {"y"});
     },
     {1, 1, 3, 4},
     {6, 3, 4},
     0,
     ""},
    {"tile",
     [](Model& m) {
       m.integers("t", {1, 2, 1, 3}).node("Tile", {"x", "t"}, {"y"});
     },
     {1, 2, 3, 4},
     {4, 3, 12},
     0,
     ""},
    {"split_into_three_used_parts",
     [](Model& m) {
       m.node("Split", {"x"}, {"a", "b", "c"}).with("axis", 1).with("split", Dims{1, 2, 3});
       m.node("Concat", {"c", "a", "b"}, {"y"}).with("axis", 1);
     },
     {1, 6, 3, 3},
     {6, 3, 3},
     0,
     ""},
    // (3 x 5) of a constant (5 x 3)', times 5 x 7.
    {"gemm_of_transposed_constant",
     [](Model& m) {
       m.floats("w", {5, 3}).node("Gemm", {"w", "x"}, {"y"}).with("transA", 1);
     },
     {5, 7},
     {1, 3, 7},
     3 * 5 * 7,
     ""},
    {"gemm_of_transposed_vector",
     [](Model& m) {
       m.floats("w", {5, 3}).node("Gemm", {"x", "w"}, {"y"}).with("transA", 1);
     },
     {5, 1},
     {3, 1, 1},
     15,
     ""},
    // 4 channels of 3*9 weights, 6x6 pixels.
    {"conv_integer",
     [](Model& m) {
       m.floats("w", {4, 3, 3, 3}).node("ConvInteger", {"x", "w"}, {"y"});
     },
     {1, 3, 8, 8},
     {4, 6, 6},
     4 * 27 * 36,
     "was ConvInteger"},
    {"qlinear_conv",
     [](Model& m) {
       m.floats("w", {4, 3, 3, 3}).floats("s", {}, {0.5F}).floats("z", {}, {0.0F});
       m.node("QLinearConv", {"x", "s", "z", "w", "s", "z", "s", "z"}, {"y"});
     },
     {1, 3, 8, 8},
     {4, 6, 6},
     4 * 27 * 36,
     "was QLinearConv"},
    {"qlinear_matmul",
     [](Model& m) {
       m.floats("w", {7, 3}).floats("s", {}, {0.5F}).floats("z", {}, {0.0F});
       m.node("QLinearMatMul", {"x", "s", "z", "w", "s", "z", "s", "z"}, {"y"});
     },
     {1, 7},
     {3, 1, 1},
     21,
     "was QLinearMatMul"},
    {"matmul_integer",
     [](Model& m) {
       m.floats("w", {7, 3}).node("MatMulInteger", {"x", "w"}, {"y"});
     },
     {1, 7},
     {3, 1, 1},
     21,
     "was MatMulInteger"},
    {"qgemm",
     [](Model& m) {
       m.floats("w", {3, 7}).floats("s", {}, {0.5F}).floats("z", {}, {0.0F}).floats("b", {3});
       m.node("QGemm", {"x", "s", "z", "w", "s", "z", "b", "s", "z"}, {"y"}).with("transB", 1);
       m.last->set_domain("com.microsoft");
     },
     {1, 7},
     {3, 1, 1},
     21,
     "was QGemm"},
    {"dynamic_quantizer",
     [](Model& m) {
       m.floats("w", {4, 3, 1, 1}).floats("ws", {}, {0.25F});
       m.node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"});
       m.node("ConvInteger", {"q", "w", "z"}, {"i"}).node("Cast", {"i"}, {"f"}).with("to", 1);
       m.node("Mul", {"s", "ws"}, {"scale"}).node("Mul", {"f", "scale"}, {"y"});
     },
     {1, 3, 8, 8},
     {4, 8, 8},
     12 * 64,
     "was ConvInteger"},
    {"prelu_of_one_slope",
     [](Model& m) {
       m.floats("a", {1}, {0.25F}).node("PRelu", {"x", "a"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     ""},
    {"prelu_of_channels",
     [](Model& m) {
       m.floats("a", {2, 1, 1}).node("PRelu", {"x", "a"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0,
     "slopes"},
};

std::string reasons(const Network& network) {
  std::string text;
  for (const Node& node : network.nodes()) text += node.not_executable;
  return text;
}

class OnnxExecution : public testing::TestWithParam<Case> {};

TEST_P(OnnxExecution, SizesAndWhetherValuesCanBeComputed) {
  Model model;
  model.input(GetParam().input).output();
  GetParam().write(model);
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_EQ(read->network.outputs().size(), 1U);
  EXPECT_EQ(read->network.node(read->network.outputs()[0]).shape, GetParam().output);
  EXPECT_EQ(read->network.macs(), GetParam().macs);
  if (std::string(GetParam().reason).empty())
    EXPECT_EQ(reasons(read->network), "");
  else
    EXPECT_THAT(reasons(read->network), testing::HasSubstr(GetParam().reason));
  const auto again = network_from_yaml(to_yaml(read->network), "text");
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(*again, read->network);
}

INSTANTIATE_TEST_SUITE_P(Table, OnnxExecution, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

/// x -> early (conv 4) -> late (conv 6), 3x3 pixels; and a dead convolution of 9 channels.
Model heads(const std::vector<std::string>& outputs) {
  Model m;
  m.input({1, 2, 3, 3}).floats("a", {4, 2, 1, 1}).floats("b", {6, 4, 1, 1});
  m.floats("d", {9, 4, 1, 1});
  m.node("Conv", {"x", "a"}, {"early"}).node("Conv", {"early", "d"}, {"dead"});
  m.node("Conv", {"early", "b"}, {"late"});
  for (const std::string& output : outputs) m.output(output);
  return m;
}

std::vector<std::int64_t> channels_of_outputs(const Network& network) {
  std::vector<std::int64_t> channels;
  for (const NodeId id : network.outputs()) channels.push_back(network.node(id).shape.channels);
  return channels;
}

TEST(OnnxExecution, OutputsAreThoseOfTheFileInItsOrder) {
  for (const auto& [names, channels] :
       std::vector<std::pair<std::vector<std::string>, std::vector<std::int64_t>>>{
           {{"late"}, {6}}, {{"late", "early"}, {6, 4}}, {{"early", "late"}, {4, 6}}}) {
    const auto model = load(heads(names));
    ASSERT_TRUE(model) << to_text(model.error());
    EXPECT_EQ(channels_of_outputs(model->network), channels);
  }
}

TEST(OnnxExecution, WhatNoOutputNeedsIsLeftOutWithANote) {
  const auto model = load(heads({"late"}));
  ASSERT_TRUE(model) << to_text(model.error());
  EXPECT_EQ(model->network.macs(), 9 * (8 + 24));
  EXPECT_EQ(model->weights.size(), 2U);
  EXPECT_THAT(model->notes,
              testing::Contains("graph: 1 nodes that no output needs are left out: 'Conv_2'"));
}

TEST(OnnxExecution, AnOutputOfConstantsIsNone) {
  Model m = heads({"late"});
  m.output("a");
  const auto model = load(m);
  ASSERT_TRUE(model) << to_text(model.error());
  EXPECT_EQ(channels_of_outputs(model->network), (std::vector<std::int64_t>{6}));
  Model none = heads({"a"});
  EXPECT_THAT(to_text(load(none).error()), testing::HasSubstr("nothing that its inputs change"));
}

TEST(OnnxExecution, BatchNormOfTrainingIsForCostOnly) {
  Model m(9);
  m.input({1, 2, 3, 3}).output("y");
  m.floats("s", {2}).floats("b", {2}).floats("m", {2}).floats("v", {2});
  m.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y", "m1", "v1", "m2", "v2"});
  const auto model = load(m);
  ASSERT_TRUE(model) << to_text(model.error());
  EXPECT_THAT(model->network.node(model->network.outputs().front()).not_executable,
              testing::HasSubstr("of training"));
}

TEST(OnnxExecution, DetectionAndControlAreRefusedByName) {
  for (const char* type : {"NonMaxSuppression", "Loop", "If", "LSTM", "NonZero", "RoiAlign"}) {
    Model model;
    model.input({1, 2, 3, 3}).output().node(type, {"x"}, {"y"});
    const auto read = load(model);
    ASSERT_FALSE(read) << type;
    EXPECT_THAT(to_text(read.error()), testing::HasSubstr(std::string("(") + type + ")"));
    EXPECT_THAT(to_text(read.error()), testing::Not(testing::HasSubstr("is not supported; did")));
  }
}

TEST(OnnxExecution, TopKInTheMiddleIsRefused) {
  Model model;
  model.input({1, 8}).output().integers("k", {3}).node("TopK", {"x", "k"}, {"v", "i"});
  model.node("Relu", {"v"}, {"y"});
  EXPECT_THAT(to_text(load(model).error()), testing::HasSubstr("at the end of a graph only"));
}

// Weights 2 and 4 times factors 10 and 100; bias 1 and 2 times the same, plus 3.
TEST(OnnxExecution, ScaleAndShiftGoIntoTheLayerBefore) {
  Model model;
  model.input({1, 1, 2, 2}).output().floats("w", {2, 1, 1, 1}, {2, 4}).floats("b", {2}, {1, 2});
  model.floats("f", {2, 1, 1}, {10, 100}).floats("s", {}, {3});
  model.node("Conv", {"x", "w", "b"}, {"c"}).node("Mul", {"c", "f"}, {"m"});
  model.node("Add", {"s", "m"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_EQ(read->network.nodes().size(), 2U);
  EXPECT_THAT(read->weights.at("Conv_1.weight").values, testing::ElementsAre(20, 400));
  EXPECT_THAT(read->weights.at("Conv_1.bias").values, testing::ElementsAre(13, 203));
}

// Codes (5 - 3) * 0.5 and (1 - 3) * 0.5; bias 8 * (0.25 * 0.5).
TEST(OnnxExecution, QuantizedWeightsBecomeNumbers) {
  Model model;
  model.input({1, 1, 2, 2}).output().floats("xs", {}, {0.25F}).floats("ws", {}, {0.5F});
  const auto codes = [&](const char* name, const Dims& dims, std::vector<int> values, int type) {
    auto* tensor = model.add_tensor(name, dims, type);
    for (const int value : values) tensor->add_int32_data(value);
  };
  codes("w", {2, 1, 1, 1}, {5, 1}, ::onnx::TensorProto::INT8);
  codes("z", {}, {3}, ::onnx::TensorProto::INT8);
  codes("b", {2}, {8, 0}, ::onnx::TensorProto::INT32);
  model.node("QLinearConv", {"x", "xs", "z", "w", "ws", "z", "xs", "z", "b"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_THAT(read->weights.at("QLinearConv_1.weight").values, testing::ElementsAre(1, -1));
  EXPECT_THAT(read->weights.at("QLinearConv_1.bias").values, testing::ElementsAre(1, 0));
}

// 2 * sqrt(9) = 6 rows of 8 / 2; the constants decide the shape, so their values matter.
TEST(OnnxExecution, ArithmeticOnConstants) {
  Model model;
  model.input({1, 2, 3, 4}).output().floats("nine", {1}, {9}).integers("two", {2});
  model.integers("big", {8}).integers("one", {1}).integers("open", {-1});
  model.node("Sqrt", {"nine"}, {"three"}).node("Cast", {"three"}, {"i"}).with("to", 7);
  model.node("Mul", {"i", "two"}, {"rows"}).node("Min", {"big", "rows"}, {"r"});
  model.node("Greater", {"r", "two"}, {"holds"}).node("Where", {"holds", "r", "one"}, {"chosen"});
  model.node("Concat", {"one", "chosen", "open"}, {"shape"}).with("axis", 0);
  model.node("Reshape", {"x", "shape"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->network.node(read->network.outputs()[0]).shape, (FeatureShape{1, 6, 4}));
}

}  // namespace
}  // namespace hwflow::onnx_tests
