// One small model per operator; expected sizes by the formulas of the ONNX operator specification.
#include "workload/onnx_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/workload/onnx_model.hpp"

namespace hwflow::onnx_tests {
namespace {

struct Case {
  const char* name;
  std::function<void(Model&)> write;  ///< from "x" to "y"
  Dims input;
  FeatureShape output;
  std::int64_t macs;
};

const Case kCases[] = {
    // floor((9 + 1 + 0 - 3) / 2) + 1 = 4 rows; columns (9 + 0 + 2 - 3) / 2 + 1 = 5.
    {"conv_asymmetric_pads",
     [](Model& m) {
       m.floats("w", {4, 3, 3, 3}).node("Conv", {"x", "w"}, {"y"});
       m.with("pads", Dims{1, 0, 0, 2}).with("strides", Dims{2, 2});
     },
     {1, 3, 9, 9},
     {4, 4, 5},
     4 * 27 * 20},
    // Two groups of 2 to 3 channels; window 2*(3-1)+1 = 5, so 9 - 5 + 1 = 5.
    {"conv_groups_dilation",
     [](Model& m) {
       m.floats("w", {6, 2, 3, 3}).node("Conv", {"x", "w"}, {"y"});
       m.with("group", 2).with("dilations", Dims{2, 2});
     },
     {1, 4, 9, 9},
     {6, 5, 5},
     6 * 18 * 25},
    // ceil(7 / 2) = 4.
    {"conv_same_upper",
     [](Model& m) {
       m.floats("w", {2, 1, 3, 3}).node("Conv", {"x", "w"}, {"y"});
       m.with_text("auto_pad", "SAME_UPPER").with("strides", Dims{2, 2});
     },
     {1, 1, 7, 7},
     {2, 4, 4},
     2 * 9 * 16},
    {"conv_same_lower",
     [](Model& m) {
       m.floats("w", {2, 1, 4, 4})
           .node("Conv", {"x", "w"}, {"y"})
           .with_text("auto_pad", "SAME_LOWER");
     },
     {1, 1, 7, 7},
     {2, 7, 7},
     2 * 16 * 49},
    // ceil((7 - 3 + 1) / 2) = 3.
    {"conv_valid",
     [](Model& m) {
       m.floats("w", {2, 1, 3, 3}).node("Conv", {"x", "w"}, {"y"});
       m.with_text("auto_pad", "VALID").with("strides", Dims{2, 2});
     },
     {1, 1, 7, 7},
     {2, 3, 3},
     2 * 9 * 9},
    // One axis: 10 - 3 + 1 = 8.
    {"conv_1d",
     [](Model& m) {
       m.floats("w", {5, 4, 3}).node("Conv", {"x", "w"}, {"y"});
     },
     {1, 4, 10},
     {5, 8, 1},
     5 * 12 * 8},
    // 2*(5-1) + 1 + (3-1) + 1 - 2 = 10; MACs over input pixels.
    {"conv_transpose",
     [](Model& m) {
       m.floats("w", {4, 2, 3, 3}).node("ConvTranspose", {"x", "w"}, {"y"});
       m.with("strides", Dims{2, 2}).with("pads", Dims{1, 1, 1, 1});
       m.with("output_padding", Dims{1, 1});
     },
     {1, 4, 5, 5},
     {2, 10, 10},
     8 * 9 * 25},
    {"conv_transpose_output_shape",
     [](Model& m) {
       m.floats("w", {4, 2, 3, 3}).node("ConvTranspose", {"x", "w"}, {"y"});
       m.with("strides", Dims{2, 2}).with("output_shape", Dims{10, 9});
     },
     {1, 4, 5, 5},
     {2, 10, 9},
     8 * 9 * 25},
    {"gemm",
     [](Model& m) {
       m.floats("w", {7, 3}).floats("b", {3}).node("Gemm", {"x", "w", "b"}, {"y"});
     },
     {1, 7},
     {3, 1, 1},
     21},
    {"matmul_features",
     [](Model& m) {
       m.floats("w", {7, 3}).node("MatMul", {"x", "w"}, {"y"});
     },
     {1, 7},
     {3, 1, 1},
     21},
    {"matmul_rows",
     [](Model& m) {
       m.floats("w", {7, 3}).node("MatMul", {"x", "w"}, {"y"});
     },
     {1, 5, 7},
     {1, 5, 3},
     105},
    // floor((8 - 3) / 2) + 1 = 3, and ceil gives 4.
    {"max_pool",
     [](Model& m) {
       m.node("MaxPool", {"x"}, {"y"}).with("kernel_shape", Dims{3, 3});
       m.with("strides", Dims{2, 2});
     },
     {1, 2, 8, 8},
     {2, 3, 3},
     0},
    {"max_pool_ceil",
     [](Model& m) {
       m.node("MaxPool", {"x"}, {"y"}).with("kernel_shape", Dims{3, 3});
       m.with("strides", Dims{2, 2}).with("ceil_mode", 1);
     },
     {1, 2, 8, 8},
     {2, 4, 4},
     0},
    {"average_pool",
     [](Model& m) {
       m.node("AveragePool", {"x"}, {"y"}).with("kernel_shape", Dims{2, 2});
       m.with("strides", Dims{2, 2});
     },
     {1, 2, 8, 6},
     {2, 4, 3},
     0},
    {"global_average_pool",
     [](Model& m) { m.node("GlobalAveragePool", {"x"}, {"y"}); },
     {1, 2, 8, 6},
     {2, 1, 1},
     0},
    {"reduce_mean",
     [](Model& m) {
       m.node("ReduceMean", {"x"}, {"y"}).with("axes", Dims{2, -1}).with("keepdims", 0);
     },
     {1, 2, 8, 6},
     {2, 1, 1},
     0},
    {"add_self",
     [](Model& m) {
       m.node("Add", {"x", "x"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0},
    {"squeeze_and_excite",
     [](Model& m) {
       m.node("GlobalAveragePool", {"x"}, {"g"}).node("Sigmoid", {"g"}, {"s"});
       m.node("Mul", {"x", "s"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 3, 3},
     0},
    {"concat",
     [](Model& m) {
       m.node("Relu", {"x"}, {"r"}).node("Concat", {"x", "r"}, {"y"}).with("axis", 1);
     },
     {1, 2, 3, 3},
     {4, 3, 3},
     0},
    {"pad",
     [](Model& m) {
       m.integers("p", {0, 0, 1, 2, 0, 1, 3, 4}).node("Pad", {"x", "p"}, {"y"});
     },
     {1, 2, 3, 3},
     {3, 7, 9},
     0},
    {"resize_scales",
     [](Model& m) {
       m.floats("s", {4}, {1, 1, 2, 3}).node("Resize", {"x", "", "s"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 6, 9},
     0},
    {"resize_sizes",
     [](Model& m) {
       m.integers("s", {1, 2, 7, 5}).node("Resize", {"x", "", "", "s"}, {"y"});
     },
     {1, 2, 3, 3},
     {2, 7, 5},
     0},
    {"depth_to_space",
     [](Model& m) { m.node("DepthToSpace", {"x"}, {"y"}).with("blocksize", 2); },
     {1, 8, 3, 3},
     {2, 6, 6},
     0},
    {"slice_channels",
     [](Model& m) {
       m.integers("b", {1}).integers("e", {1'000'000}).integers("a", {1});
       m.node("Slice", {"x", "b", "e", "a"}, {"y"});
     },
     {1, 5, 3, 3},
     {4, 3, 3},
     0},
    // Rows 1, 3, 5, 7 of 9.
    {"slice_steps",
     [](Model& m) {
       m.integers("b", {1}).integers("e", {9}).integers("a", {2}).integers("s", {2});
       m.node("Slice", {"x", "b", "e", "a", "s"}, {"y"});
     },
     {1, 2, 9, 3},
     {2, 4, 3},
     0},
    // Shape arithmetic: [N, C, H, W] -> the first element with -1: flatten.
    {"reshape_by_shape_arithmetic",
     [](Model& m) {
       m.integers("zero", {0}).integers("open", {-1});
       m.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "zero"}, {"n"}).with("axis", 0);
       m.node("Concat", {"n", "open"}, {"t"}).with("axis", 0).node("Reshape", {"x", "t"}, {"y"});
     },
     {1, 2, 3, 4},
     {24, 1, 1},
     0},
    {"channel_shuffle",
     [](Model& m) {
       m.integers("s", {1, 2, 3, 4, 4}).integers("t", {1, 6, 4, 4});
       m.node("Reshape", {"x", "s"}, {"a"});
       m.node("Transpose", {"a"}, {"b"}).with("perm", Dims{0, 2, 1, 3, 4});
       m.node("Reshape", {"b", "t"}, {"y"});
     },
     {1, 6, 4, 4},
     {6, 4, 4},
     0},
};

class OnnxOperator : public testing::TestWithParam<Case> {};

TEST_P(OnnxOperator, HasTheShapeOfTheSpecification) {
  Model model;
  model.input(GetParam().input).output();
  GetParam().write(model);
  const auto read = load(model);
  ASSERT_TRUE(read) << to_text(read.error());
  ASSERT_EQ(read->network.outputs().size(), 1U);
  EXPECT_EQ(read->network.node(read->network.outputs()[0]).shape, GetParam().output);
  EXPECT_EQ(read->network.macs(), GetParam().macs);
}

INSTANTIATE_TEST_SUITE_P(Table, OnnxOperator, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

// SAME_UPPER puts the odd zero at the end, SAME_LOWER at the beginning: kernel 4 needs 3.
TEST(OnnxReader, SidesOfAutoPad) {
  for (const bool is_upper : {true, false}) {
    Model model;
    model.input({1, 1, 7, 7}).output().floats("w", {1, 1, 4, 4});
    model.node("Conv", {"x", "w"}, {"y"})
        .with_text("auto_pad", is_upper ? "SAME_UPPER" : "SAME_LOWER");
    const auto read = load(model);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->network.nodes()[1].conv.pad_top, is_upper ? 1 : 2);
    EXPECT_EQ(read->network.nodes()[1].conv.pad_bottom, is_upper ? 2 : 1);
  }
}

Model batch_norm_model() {
  Model model;
  model.input({1, 1, 1, 1}).output().floats("w", {2, 1, 1, 1}, {3.0F, 5.0F});
  model.floats("b", {2}, {1.0F, 2.0F}).floats("gamma", {2}, {2.0F, 1.0F});
  model.floats("beta", {2}, {0.5F, -1.0F}).floats("mean", {2}, {1.0F, 4.0F});
  model.floats("var", {2}, {3.0F, 0.0F});
  model.node("Conv", {"x", "w", "b"}, {"c"});
  model.node("BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {"n"});
  model.with_number("epsilon", 1.0F).node("Relu", {"n"}, {"y"});
  return model;
}

// Factors 2/sqrt(3+1) = 1 and 1/sqrt(0+1) = 1; shifts (1-1)*1 + 0.5 and (2-4)*1 - 1.
TEST(OnnxReader, BatchNormIsFolded) {
  const auto read = load(batch_norm_model());
  ASSERT_TRUE(read) << to_text(read.error());
  const Node& conv = read->network.nodes()[1];
  EXPECT_FALSE(conv.has_batch_norm);
  EXPECT_TRUE(conv.has_bias);
  EXPECT_EQ(conv.activation, Activation::relu);
  EXPECT_THAT(read->weights.at("Conv_1.weight").values, testing::ElementsAre(3.0F, 5.0F));
  EXPECT_THAT(read->weights.at("Conv_1.bias").values, testing::ElementsAre(0.5F, -3.0F));
}

TEST(OnnxReader, BatchNormStaysAnAttributeOnRequest) {
  const auto read = load(batch_norm_model(), {.fold_batch_norm = false});
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->network.nodes()[1].has_batch_norm);
  EXPECT_EQ(read->network.nodes()[1].batch_norm_epsilon, 1.0);
  EXPECT_THAT(read->weights.at("Conv_1.batch_norm.running_mean").values,
              testing::ElementsAre(1.0F, 4.0F));
}

TEST(OnnxReader, ActivationsStayAloneWhenTheProducerHasOtherReaders) {
  Model model;
  model.input({1, 1, 4, 4}).output().floats("w", {1, 1, 1, 1});
  model.node("Conv", {"x", "w"}, {"c"}).node("Relu", {"c"}, {"r"});
  model.node("Add", {"c", "r"}, {"y"});
  const auto read = load(model);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->network.nodes()[1].activation, Activation::none);
  EXPECT_EQ(read->network.nodes()[2].kind, NodeKind::activation);
}

TEST(OnnxReader, ASymbolicBatchIsReplaced) {
  Model model;
  model.input({-1, 1, 4, 4}).output().floats("w", {2, 1, 1, 1});
  model.node("Conv", {"x", "w"}, {"y"});
  for (const std::int64_t batch : {1, 4}) {
    const auto read = load(model, {.batch = batch});
    ASSERT_TRUE(read) << to_text(read.error());
    EXPECT_EQ(read->network.macs(), 32);  // of one image
  }
}

TEST(OnnxReader, ExternalWeightsAreReadWhereTheyAre) {
  Model model;
  model.input({1, 2}).output();
  auto* weights = model.add_tensor("w", {2, 1}, ::onnx::TensorProto::FLOAT);
  weights->set_data_location(::onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const char* key, const char* value) {
    auto* row = weights->add_external_data();
    row->set_key(key);
    row->set_value(value);
  };
  entry("location", "w.bin");
  entry("offset", "4");
  model.node("MatMul", {"x", "w"}, {"y"});
  const Folder folder;
  const auto file = folder.write("m.onnx", model.bytes());
  EXPECT_TRUE(read_onnx(file)->weights.empty());  // no such file: shapes only
  const float values[] = {9.0F, 1.5F, -2.0F};
  (void)folder.write("w.bin", std::string(reinterpret_cast<const char*>(values), sizeof values));
  EXPECT_THAT(read_onnx(file)->weights.at("MatMul_1.weight").values,
              testing::ElementsAre(1.5F, -2.0F));
  (void)folder.write("w.bin", "short");
  EXPECT_THAT(to_text(read_onnx(file).error()), testing::HasSubstr("needs 8 bytes at 4"));
}

TEST(OnnxReader, EveryOpsetFrom7To21) {
  for (std::int64_t opset = 7; opset <= 21; ++opset) {
    Model model(opset);
    model.input({1, 1, 4, 4}).output().floats("w", {2, 1, 1, 1}).node("Conv", {"x", "w"}, {"y"});
    EXPECT_TRUE(load(model)) << opset;
  }
}

TEST(OnnxReader, NodesInAnyOrder) {
  Model model;
  model.input({1, 1, 4, 4}).output().floats("w", {2, 1, 1, 1});
  model.node("Relu", {"c"}, {"y"}).node("Conv", {"x", "w"}, {"c"});
  EXPECT_TRUE(load(model));
}

TEST(LoadNetwork, NamesAndFiles) {
  EXPECT_TRUE(load_network("resnet8"));
  EXPECT_FALSE(load_network("resnet9"));
  EXPECT_FALSE(load_network("/nowhere/net.yaml"));
  EXPECT_FALSE(load_network("/nowhere/net.onnx"));
}

}  // namespace
}  // namespace hwflow::onnx_tests
