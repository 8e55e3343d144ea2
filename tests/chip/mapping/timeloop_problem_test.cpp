#include "chip/mapping/timeloop_problem.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chip/mapping/layer_network.hpp"
#include "tests/support/refusals.hpp"

namespace hwflow::chip::timeloop {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr LayerBits kWords{16, 16, 16, 16};

Expected<WorkloadInput> read(const std::string& text) {
  return read_problem(Documents::parse(text, "prob.yaml").value(), kWords);
}

std::string problems_of(const std::string& text) {
  const auto read_back = read(text);
  return read_back ? "accepted" : to_text(read_back.error());
}

/// Filter 3 x 5, strides 2 and 1, dilation 1 and 2: hand arithmetic of the input box.
TEST(TimeloopProblem, CnnLayerIsAConvolution) {
  const auto problem = read(R"(
problem:
  shape: cnn-layer
  instance: {C: 4, M: 8, R: 3, S: 5, N: 2, P: 6, Q: 7, Wstride: 2, Hdilation: 2, H: 99}
)");
  ASSERT_TRUE(problem) << to_text(problem.error());
  const Operator& op = problem->layers[0].layer.op;
  EXPECT_EQ(op.macs(), 4 * 8 * 3 * 5 * 2 * 6 * 7);
  EXPECT_EQ(op.operands()[1].elements(), 2 * 4 * (2 * 5 + 2 + 1) * (6 + 2 * 4 + 1));
  const auto network = network_of(problem->layers[0].layer);
  ASSERT_TRUE(network) << to_text(network.error());
  EXPECT_EQ(network->macs() * 2, op.macs());
}

constexpr const char* kProduct = R"(
problem:
  version: 0.4
  shape:
    name: product
    dimensions: [I, J, K]
    coefficients: [{name: step, default: 2}]
    data_spaces:
      - {name: A, projection: [[[I]], [[K, step]]]}
      - {name: B, projection: [[[K]], [[J]]]}
      - {name: Z, projection: [[[I]], [[J]]], read_write: true}
  instance: {I: 2, J: 3, K: 5}
)";

TEST(TimeloopProblem, OtherNamesTakeFreeLettersAndRoles) {
  const auto problem = read(kProduct);
  ASSERT_TRUE(problem) << to_text(problem.error());
  EXPECT_EQ(problem->layers[0].layer.op.macs(), 30);
  EXPECT_EQ(problem->layers[0].tensors[0], (std::pair<std::string, Role>{"A", Role::weights}));
  EXPECT_EQ(problem->layers[0].tensors[1], (std::pair<std::string, Role>{"B", Role::inputs}));
  EXPECT_EQ(problem->layers[0].layer.op.operands()[0].elements(), 2 * (2 * 4 + 1));
  EXPECT_THAT(problem->notes, Contains(HasSubstr("dimension K is c here")));
}

TEST(TimeloopProblem, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  expect_refusals(
      kProduct, problems_of,
      {{"K: 5", "K: five", "problem.instance.K: must be an integer"},
       {"K: 5", "k: 5", "problem.instance.K: the bound of this dimension is missing"},
       {"K: 5", "K: 5, L: 2", "problem.instance.L: is a key without a meaning here"},
       {"K: 5", "K: 5, densities: {A: 0.5}", "sparse layers are not modelled"},
       {"[[K]], [[J]]", "[[K]], [[L]]", "'L' is none of the dimensions"},
       {"[K, step]", "[K, stride]", "'stride' is none of the coefficients"},
       {"read_write: true", "read_write: false", "must be three, one of them read_write"},
       {"[[I]], [[J]]]", "[[I], [J], [K]]]", ""},
       {"name: product", "nmae: product", "problem.shape.nmae: is a key without a meaning"}});
  EXPECT_THAT(problems_of("problem: {shape: rnn, C: 1}"),
              HasSubstr("the shape 'rnn' is not known"));
  EXPECT_THAT(problems_of("problem: {C: 1}"), HasSubstr("problem.shape: is missing"));
}

TEST(TimeloopProblem, PaddingAndMixedWidthsAreNamedWhenWritten) {
  ConvShape shape;
  shape.in_height = shape.in_width = 8;
  shape.kernel_height = shape.kernel_width = 3;
  shape.pad_top = shape.pad_left = 1;
  const Layer layer{"padded", *make_convolution(shape), {8, 8, 8, 32}};
  const std::string losses = to_text(write_problem(layer, Format::timeloop).losses);
  EXPECT_THAT(losses, HasSubstr("layer padded: inputs: is padded"));
  EXPECT_THAT(losses,
              HasSubstr("layer padded: widths: weights 8, inputs 8, outputs 8 and partial"));
}

}  // namespace
}  // namespace hwflow::chip::timeloop
