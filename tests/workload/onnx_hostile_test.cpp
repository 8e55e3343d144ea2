// Wrong and hostile ONNX files: each is refused with its place and reason, and none crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "base/random.hpp"
#include "tests/workload/onnx_model.hpp"

namespace hwflow::onnx_tests {
namespace {

Model conv_model() {
  Model model;
  model.input({1, 3, 8, 8}).floats("w", {4, 3, 3, 3}).floats("b", {4});
  model.node("Conv", {"x", "w", "b"}, {"c"}).with("pads", Dims{1, 1, 1, 1});
  model.node("Relu", {"c"}, {"r"});
  model.node("MaxPool", {"r"}, {"p"}).with("kernel_shape", Dims{2, 2}).with("strides", Dims{2, 2});
  model.node("Flatten", {"p"}, {"f"}).floats("v", {10, 64}).floats("d", {10});
  model.node("Gemm", {"f", "v", "d"}, {"y"}).with("transB", 1);
  model.output();
  return model;
}

struct Case {
  const char* name;
  std::function<void(Model&)> spoil;
  const char* reason;
};

::onnx::NodeProto& node(Model& model, int index) {
  return *model.proto.mutable_graph()->mutable_node(index);
}
::onnx::TensorProto& tensor(Model& model, int index) {
  return *model.proto.mutable_graph()->mutable_initializer(index);
}
void set_input_size(Model& model, int dim, std::int64_t size) {
  model.proto.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(dim)
      ->set_dim_value(size);
}

const Case kCases[] = {
    {"no_graph", [](Model& m) { m.proto.clear_graph(); }, "there is no graph"},
    {"no_opset", [](Model& m) { m.proto.clear_opset_import(); }, "no version"},
    {"old_opset", [](Model& m) { m.proto.mutable_opset_import(0)->set_version(6); }, "opset 6"},
    {"new_opset", [](Model& m) { m.proto.mutable_opset_import(0)->set_version(99); }, "opset 99"},
    {"unknown_operator", [](Model& m) { node(m, 1).set_op_type("Rellu"); }, "Relu"},
    {"unknown_domain", [](Model& m) { node(m, 1).set_domain("org.acme"); }, "domain 'org.acme'"},
    {"no_input_shape",
     [](Model& m) {
       m.proto.mutable_graph()
           ->mutable_input(0)
           ->mutable_type()
           ->mutable_tensor_type()
           ->clear_shape();
     },
     "has no shape"},
    {"no_input_type", [](Model& m) { m.proto.mutable_graph()->mutable_input(0)->clear_type(); },
     "has no shape"},
    {"symbolic_height",
     [](Model& m) {
       m.proto.mutable_graph()
           ->mutable_input(0)
           ->mutable_type()
           ->mutable_tensor_type()
           ->mutable_shape()
           ->mutable_dim(2)
           ->set_dim_param("height");
     },
     "('height') is symbolic"},
    {"zero_height", [](Model& m) { set_input_size(m, 2, 0); }, "size 0 of dimension 2"},
    {"negative_input", [](Model& m) { set_input_size(m, 2, -8); }, "size -8"},
    {"huge_input", [](Model& m) { set_input_size(m, 2, std::numeric_limits<std::int64_t>::max()); },
     "size 9223372036854775807"},
    {"huge_but_allowed_inputs",
     [](Model& m) {
       set_input_size(m, 2, 1 << 30);
       set_input_size(m, 3, 1 << 30);
     },
     "2^53"},
    {"negative_weight_size", [](Model& m) { tensor(m, 0).set_dims(0, -4); }, "negative size"},
    {"huge_weight_size",
     [](Model& m) {
       tensor(m, 0).set_dims(0, std::int64_t{1} << 40);
       tensor(m, 0).set_dims(1, std::int64_t{1} << 40);
     },
     "2^53"},
    {"too_few_weights", [](Model& m) { tensor(m, 0).mutable_float_data()->RemoveLast(); },
     "holds 107 values where its shape needs 108"},
    {"short_raw_data",
     [](Model& m) {
       tensor(m, 0).clear_float_data();
       tensor(m, 0).set_raw_data(std::string(431, '\0'));
     },
     "holds 431 bytes where its shape needs 432"},
    {"strings_as_weights", [](Model& m) { tensor(m, 0).set_data_type(8); }, "element type 8"},
    {"same_initializer_twice", [](Model& m) { m.floats("w", {1}); }, "is there twice"},
    {"wrong_channels", [](Model& m) { set_input_size(m, 1, 5); }, "5 channels"},
    {"kernel_against_weights",
     [](Model& m) {
       auto* kernel = node(m, 0).add_attribute();
       kernel->set_name("kernel_shape");
       kernel->set_type(::onnx::AttributeProto::INTS);
       kernel->add_ints(5);
       kernel->add_ints(5);
     },
     "the weights have [3,3]"},
    {"wrong_attribute_type",
     [](Model& m) { node(m, 0).mutable_attribute(0)->set_type(::onnx::AttributeProto::STRING); },
     "'pads' has the wrong type"},
    {"wrong_number_of_pads", [](Model& m) { node(m, 0).mutable_attribute(0)->add_ints(1); },
     "5 values, not 4"},
    {"negative_pads", [](Model& m) { node(m, 0).mutable_attribute(0)->set_ints(0, -1); },
     "must be in [0, 2^30]"},
    {"zero_stride", [](Model& m) { node(m, 2).mutable_attribute(1)->set_ints(0, 0); },
     "strides must be in [1, 2^30]"},
    {"kernel_beyond_input", [](Model& m) { node(m, 2).mutable_attribute(0)->set_ints(0, 99); },
     "larger than the padded input"},
    {"no_kernel", [](Model& m) { node(m, 2).clear_attribute(); }, "'kernel_shape' is missing"},
    {"zero_groups",
     [](Model& m) {
       auto* group = node(m, 0).add_attribute();
       group->set_name("group");
       group->set_type(::onnx::AttributeProto::INT);
       group->set_i(0);
     },
     "group must be in [1, 2^30], got 0"},
    {"cycle", [](Model& m) { node(m, 0).set_input(0, "p"); }, "cycle"},
    {"reads_itself", [](Model& m) { node(m, 1).set_input(0, "r"); }, "cycle"},
    {"reads_nothing", [](Model& m) { node(m, 1).set_input(0, "ghost"); },
     "reads 'ghost', which nothing gives"},
    {"written_twice", [](Model& m) { node(m, 1).set_output(0, "c"); }, "something else gives too"},
    {"writes_its_input", [](Model& m) { node(m, 1).set_output(0, "x"); },
     "something else gives too"},
    {"input_left_out", [](Model& m) { node(m, 1).set_input(0, ""); }, "input 0 is missing"},
    {"no_inputs_at_all", [](Model& m) { node(m, 0).clear_input(); }, "input 0 is missing"},
    {"no_outputs", [](Model& m) { node(m, 4).clear_output(); }, "output 0 is missing"},
    {"output_unknown", [](Model& m) { m.output("ghost"); }, "nothing gives it"},
    {"computed_weights", [](Model& m) { node(m, 4).set_input(1, "p"); }, "matri"},
    {"bias_of_wrong_size", [](Model& m) { tensor(m, 1).set_dims(0, 3); }, "holds 4 values"},
    {"axis_out_of_range",
     [](Model& m) {
       auto* axis = node(m, 3).add_attribute();
       axis->set_name("axis");
       axis->set_type(::onnx::AttributeProto::INT);
       axis->set_i(std::numeric_limits<std::int64_t>::min());
     },
     "outside a tensor of 4 dimensions"},
    {"path_leaves_the_folder",
     [](Model& m) {
       tensor(m, 0).clear_float_data();
       tensor(m, 0).set_data_location(::onnx::TensorProto::EXTERNAL);
       auto* entry = tensor(m, 0).add_external_data();
       entry->set_key("location");
       entry->set_value("../../etc/passwd");
     },
     "outside the folder of the model"},
    {"sparse_weights", [](Model& m) { m.proto.mutable_graph()->add_sparse_initializer(); },
     "sparse"},
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Nodes that replace the Relu (node 1).
void normalise(Model& m, std::vector<float> scale, std::vector<float> variance) {
  m.floats("s", {4}, std::move(scale)).floats("m", {4}).floats("u", {4}, std::move(variance));
  node(m, 1).set_op_type("BatchNormalization");
  for (const char* input : {"s", "b", "m", "u"}) node(m, 1).add_input(input);
}
void join(Model& m) {
  node(m, 1).set_op_type("Concat");
  node(m, 1).add_input("c");
}

const Case kNumberCases[] = {
    {"negative_variance",
     [](Model& m) {
       normalise(m, {1, 1, 1, 1}, {1, 1, -2, 1});
     },
     "(BatchNormalization): variance of channel 2 is -2"},
    {"variance_not_a_number",
     [](Model& m) {
       normalise(m, {1, 1, 1, 1}, {kNan, 1, 1, 1});
     },
     "(BatchNormalization): variance of channel 0 is nan"},
    {"scale_not_a_number",
     [](Model& m) {
       normalise(m, {1, kNan, 1, 1}, {1, 1, 1, 1});
     },
     "(BatchNormalization): scale of channel 1 is nan"},
    {"clip_at_not_a_number",
     [](Model& m) {
       m.floats("low", {}, {kNan});
       node(m, 1).set_op_type("Clip");
       node(m, 1).add_input("low");
     },
     "(Clip): a limit is not a number"},
    {"concat_without_axis", join, "(Concat): attribute 'axis' is missing"},
};

class WrongOnnx : public testing::TestWithParam<Case> {};

TEST_P(WrongOnnx, IsRefusedByName) {
  Model model = conv_model();
  GetParam().spoil(model);
  const auto read = load(model);
  ASSERT_FALSE(read);
  EXPECT_THAT(to_text(read.error()), testing::HasSubstr(GetParam().reason));
  EXPECT_THAT(to_text(read.error()), testing::HasSubstr("m.onnx"));
}

INSTANTIATE_TEST_SUITE_P(Table, WrongOnnx, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });
INSTANTIATE_TEST_SUITE_P(Numbers, WrongOnnx, testing::ValuesIn(kNumberCases),
                         [](const auto& row) { return std::string(row.param.name); });

/// Constants that a small file claims or makes: none of them may fill memory.
TEST(HostileOnnx, LargeConstantsAreNotWorkedOut) {
  Model doubling;
  doubling.input({1, 2}).output("y").floats("c0", {1024}).integers("shape", {1, 2});
  for (int i = 0; i < 40; ++i) {
    const std::string from = "c" + std::to_string(i);
    doubling.node("Concat", {from, from}, {"c" + std::to_string(i + 1)}).with("axis", 0);
  }
  doubling.node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_THAT(to_text(load(doubling).error()), testing::HasSubstr("joins too many constants"));

  // 2^50 elements whose file is not there.
  Model claimed;
  claimed.input({1, 2}).output("y").integers("zero", {0}).integers("half", {1LL << 49});
  claimed.add_tensor("huge", {1LL << 50}, ::onnx::TensorProto::FLOAT);
  claimed.node("Slice", {"huge", "zero", "half"}, {"s"}).node("Split", {"huge"}, {"a", "b"});
  claimed.node("ReduceSum", {"huge"}, {"r"}).node("Neg", {"huge"}, {"n"});
  claimed.node("Concat", {"huge", "huge"}, {"k"}).with("axis", 0);
  claimed.node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(load(claimed)) << to_text(load(claimed).error());
}

TEST(HostileOnnx, TheUnspoiltModelLoads) {
  const auto model = load(conv_model());
  ASSERT_TRUE(model) << to_text(model.error());
  EXPECT_EQ(model->network.macs(), 64 * 4 * 27 + 640);
}

TEST(HostileOnnx, AllProblemsAreToldAtOnce) {
  Model model = conv_model();
  node(model, 1).set_op_type("Blur");
  tensor(model, 2).set_dims(0, 10);
  node(model, 0).mutable_attribute(0)->add_ints(1);
  const auto read = load(model);
  ASSERT_FALSE(read);
  EXPECT_THAT(to_text(read.error()), testing::HasSubstr("Conv_1"));
}

TEST(HostileOnnx, EmptyGarbageAndMissingFiles) {
  EXPECT_FALSE(load(std::string()));
  EXPECT_FALSE(load(std::string(1000, '\xFF')));
  EXPECT_FALSE(load(std::string("not a model at all")));
  EXPECT_FALSE(read_onnx("/nowhere/model.onnx"));
  EXPECT_FALSE(read_onnx("/"));
  EXPECT_FALSE(load(conv_model(), {.batch = 0}));
}

TEST(HostileOnnx, DeepRecursionIsCutOff) {
  // Graphs within attributes within nodes, 2,000 deep: the parser's limit must stop it.
  std::string inner;
  const auto wrapped = [](char tag, const std::string& body) {
    std::string text(1, tag);
    for (std::size_t size = body.size(); true; size >>= 7U) {
      text += static_cast<char>((size & 0x7FU) | (size > 0x7FU ? 0x80U : 0U));
      if (size <= 0x7FU) break;
    }
    return text + body;
  };
  for (int depth = 0; depth < 2'000; ++depth)
    inner = wrapped('\x0A', wrapped('\x2A', wrapped('\x32', inner)));  // node, attribute, graph
  EXPECT_FALSE(load(wrapped('\x3A', inner)));
}

TEST(HostileOnnx, EveryTruncationIsRefusedOrReadInPeace) {
  const std::string whole = conv_model().bytes();
  for (std::size_t size = 0; size < whole.size(); size += 1)
    (void)read_onnx_bytes(whole.substr(0, size), "m.onnx");
  EXPECT_FALSE(read_onnx_bytes(whole.substr(0, whole.size() / 2), "m.onnx"));
}

/// Operators that are rewritten, folded, repeated, reduced or taken apart.
Model rewritten_model() {
  Model model;
  model.input({1, 4, 4, 4}).output().floats("w", {4, 4, 1, 1}).floats("s", {}, {0.5F});
  model.floats("z", {}, {0.0F}).floats("three", {}, {3}).floats("six", {}, {6});
  model.integers("t", {1, 1, 2, 1}).integers("e", {1, 4, 8, 4});
  model.node("QLinearConv", {"x", "s", "z", "w", "s", "z", "s", "z"}, {"c"});
  model.node("Add", {"c", "three"}, {"a"}).node("Clip", {"a", "z", "six"}, {"k"});
  model.node("Mul", {"c", "k"}, {"m"}).node("Div", {"m", "six"}, {"h"});
  model.node("Tile", {"h", "t"}, {"l"}).node("Expand", {"l", "e"}, {"x2"});
  model.node("Split", {"x2"}, {"p", "q"}).with("axis", 1).with("split", Dims{1, 3});
  model.node("Sqrt", {"six"}, {"r"})
      .node("Max", {"q", "r"}, {"q2"})
      .node("Pow", {"p", "s"}, {"p2"});
  model.node("Where", {"p2", "q2", "z"}, {"o"});
  model.node("ReduceMean", {"o"}, {"y"}).with("axes", Dims{1, 3});
  return model;
}

class MutatedOnnx : public testing::TestWithParam<Model (*)()> {};

TEST_P(MutatedOnnx, NeverCrashes) {
  constexpr std::uint64_t kSeed = 20260101;
  ASSERT_TRUE(load(GetParam()())) << to_text(load(GetParam()()).error());
  const std::string whole = GetParam()().bytes();
  int refused = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Rng rng = Rng::derive(kSeed, static_cast<std::uint64_t>(trial));
    std::string bytes = whole;
    const auto changes = rng.between(1, 6);
    for (std::int64_t i = 0; i < changes; ++i) {
      const std::size_t at = rng.below(bytes.size());
      if (rng.below(4) == 0)
        bytes.insert(at, 1, static_cast<char>(rng.below(256)));
      else
        bytes[at] = static_cast<char>(rng.below(256));
    }
    const auto model = read_onnx_bytes(bytes, "m.onnx");
    if (!model) {
      ++refused;
      ASSERT_FALSE(model.error().empty()) << "seed " << kSeed << " trial " << trial;
    }
  }
  EXPECT_GT(refused, 2'000);  // the weights are most of the bytes, and any float is a weight
}

INSTANTIATE_TEST_SUITE_P(HostileOnnx, MutatedOnnx, testing::Values(conv_model, rewritten_model));

}  // namespace
}  // namespace hwflow::onnx_tests
