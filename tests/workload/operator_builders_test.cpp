// The nests of small random layers are walked element by element: what they touch and compute is
// what the definition of the layer says, written here a second time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "workload/operator.hpp"

namespace hwflow {
namespace {

using Point = std::vector<std::int64_t>;
using Values = std::map<Point, std::int64_t>;

/// Where an operand is at a point of the nest; none in the padding.
std::optional<Point> place(const Operand& operand, const DimArray& at) {
  Point point;
  for (const Rank& rank : operand.ranks) {
    std::int64_t position = rank.offset;
    for (const AffineTerm& term : rank.terms) position += term.coefficient * at[index(term.dim)];
    if (position < 0 || position >= rank.extent) return std::nullopt;
    point.push_back(position);
  }
  return point;
}

template <class Visit>
std::int64_t walk(const Operator& op, const Visit& visit) {
  DimArray at{};
  std::int64_t steps = 0;
  for (bool more = true; more; ++steps) {
    visit(at);
    more = false;
    for (std::size_t d = kDimCount; d-- > 0 && !more;) {
      at[d] = (at[d] + 1) % op.bounds()[d];
      more = at[d] != 0;
    }
  }
  return steps;
}

/// A value of its own for every element, so that a wrong index shows.
std::int64_t value_at(std::int64_t salt, const Point& point) {
  std::int64_t value = salt;
  for (const std::int64_t index : point) value = (value * 31 + index + 1) % 97;
  return value;
}

/// The sum of products that the nest gives, inputs and weights having value_at().
Values run(const Operator& op) {
  Values result;
  const std::int64_t steps = walk(op, [&](const DimArray& at) {
    const auto weights = place(op.operands()[0], at);
    const auto inputs = place(op.operands()[1], at);
    const auto outputs = place(op.output(), at);
    if (weights && inputs && outputs)
      result[*outputs] += value_at(3, *weights) * value_at(5, *inputs);
  });
  EXPECT_EQ(steps, op.iterations());
  EXPECT_EQ(steps, op.macs());
  return result;
}

ConvShape random_shape(Rng& rng, bool is_depthwise) {
  ConvShape shape;
  shape.n = rng.between(1, 2);
  shape.groups = rng.between(1, 3);
  shape.in_channels = shape.groups * (is_depthwise ? 1 : rng.between(1, 2));
  shape.out_channels = shape.groups * (is_depthwise ? 1 : rng.between(1, 2));
  shape.in_height = rng.between(3, 6);
  shape.in_width = rng.between(3, 6);
  shape.kernel_height = rng.between(1, 3);
  shape.kernel_width = rng.between(1, 3);
  shape.stride_height = rng.between(1, 3);
  shape.stride_width = rng.between(1, 3);
  shape.dilation_height = rng.between(1, 2);
  shape.dilation_width = rng.between(1, 2);
  shape.pad_top = rng.between(0, 2);
  shape.pad_left = rng.between(0, 2);
  shape.pad_bottom = rng.between(0, 2);
  shape.pad_right = rng.between(0, 2);
  return shape;
}

/// Convolution over an image that is really padded; outputs counted by trying every window.
Values convolve(const ConvShape& s) {
  Values result;
  const std::int64_t k = s.out_channels / s.groups, c = s.in_channels / s.groups;
  const std::int64_t rows = s.in_height + s.pad_top + s.pad_bottom;
  const std::int64_t columns = s.in_width + s.pad_left + s.pad_right;
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t out = 0; out < s.out_channels; ++out)
      for (std::int64_t y = 0, p = 0; y + s.dilation_height * (s.kernel_height - 1) < rows;
           y += s.stride_height, ++p)
        for (std::int64_t x = 0, q = 0; x + s.dilation_width * (s.kernel_width - 1) < columns;
             x += s.stride_width, ++q)
          for (std::int64_t in = 0; in < c; ++in)
            for (std::int64_t r = 0; r < s.kernel_height; ++r)
              for (std::int64_t t = 0; t < s.kernel_width; ++t) {
                const std::int64_t row = y + r * s.dilation_height - s.pad_top;
                const std::int64_t column = x + t * s.dilation_width - s.pad_left;
                if (row < 0 || row >= s.in_height || column < 0 || column >= s.in_width) continue;
                result[{n, out, p, q}] +=
                    value_at(3, {out, in, r, t}) * value_at(5, {n, out / k * c + in, row, column});
              }
  return result;
}

TEST(Convolution, MatchesTheDefinitionOnRandomCases) {
  constexpr std::uint64_t kSeed = 7;
  Rng rng(kSeed);
  int checked = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const ConvShape shape = random_shape(rng, trial % 3 == 0);
    const auto op = make_convolution(shape);
    if (!op) continue;  // a window larger than its image
    ++checked;
    ASSERT_EQ(run(*op), convolve(shape)) << "seed " << kSeed << " trial " << trial;
  }
  EXPECT_GT(checked, 200);
}

/// Every input pixel is spread over the outputs that its window covers.
Values spread(const ConvShape& s) {
  Values result;
  const std::int64_t k = s.out_channels / s.groups, c = s.in_channels / s.groups;
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t in = 0; in < s.in_channels; ++in)
      for (std::int64_t y = 0; y < s.in_height; ++y)
        for (std::int64_t x = 0; x < s.in_width; ++x)
          for (std::int64_t out = 0; out < k; ++out)
            for (std::int64_t r = 0; r < s.kernel_height; ++r)
              for (std::int64_t t = 0; t < s.kernel_width; ++t) {
                const std::int64_t row = y * s.stride_height + r * s.dilation_height - s.pad_top;
                const std::int64_t column = x * s.stride_width + t * s.dilation_width - s.pad_left;
                if (row < 0 || row >= s.transposed_out_height()) continue;
                if (column < 0 || column >= s.transposed_out_width()) continue;
                result[{n, in / c * k + out, row, column}] +=
                    value_at(3, {in, out, r, t}) * value_at(5, {n, in, y, x});
              }
  return result;
}

TEST(TransposedConvolution, MatchesTheDefinitionOnRandomCases) {
  constexpr std::uint64_t kSeed = 11;
  Rng rng(kSeed);
  int checked = 0;
  for (int trial = 0; trial < 200; ++trial) {
    ConvShape shape = random_shape(rng, trial % 3 == 0);
    shape.output_pad_height = rng.between(0, shape.stride_height - 1);
    const auto op = make_transposed_convolution(shape);
    if (!op) continue;
    ++checked;
    ASSERT_EQ(run(*op), spread(shape)) << "seed " << kSeed << " trial " << trial;
  }
  EXPECT_GT(checked, 150);
}

// PyTorch's formula, (in-1)*stride - 2*pad + dilation*(kernel-1) + output_padding + 1:
// (270-1)*2 - 8 + 8 + 1 + 1 = 540.
TEST(TransposedConvolution, SizeOfFsrcnn) {
  ConvShape shape;
  shape.in_height = shape.in_width = 270;
  shape.kernel_height = shape.kernel_width = 9;
  shape.stride_height = shape.stride_width = 2;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 4;
  shape.output_pad_height = shape.output_pad_width = 1;
  EXPECT_EQ(shape.transposed_out_height(), 540);
}

TEST(Convolution, DepthwiseHasChannelsOnGroupsOnly) {
  ConvShape shape;
  shape.in_channels = shape.out_channels = shape.groups = 8;
  shape.in_height = shape.in_width = 4;
  const Operator op = *make_convolution(shape);
  EXPECT_EQ(op.bound(Dim::g), 8);
  EXPECT_EQ(op.bound(Dim::k) * op.bound(Dim::c), 1);
  EXPECT_EQ(op.operands()[1].ranks[1], (Rank{{{Dim::g, 1}}, 0, 8}));
}

// conv2 of AlexNet: 2 groups of 48 to 128 channels; 256*48*25 weights.
TEST(Convolution, GroupedChannelsHaveTwoTerms) {
  ConvShape shape;
  shape.in_channels = 96;
  shape.out_channels = 256;
  shape.groups = 2;
  shape.in_height = shape.in_width = 27;
  shape.kernel_height = shape.kernel_width = 5;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 2;
  const Operator op = *make_convolution(shape);
  EXPECT_EQ(op.operands()[1].ranks[1], (Rank{{{Dim::g, 48}, {Dim::c, 1}}, 0, 96}));
  EXPECT_EQ(op.output().ranks[1], (Rank{{{Dim::g, 128}, {Dim::k, 1}}, 0, 256}));
  EXPECT_EQ(op.operands()[0].elements(), 307'200);
  EXPECT_EQ(op.operands()[1].ranks[2].offset, -2);
  EXPECT_EQ(op.operands()[1].ranks[2].extent, 27);
}

TEST(Pooling, TouchesTheWindowsOfEveryChannel) {
  ConvShape shape;
  shape.in_channels = 3;
  shape.in_height = shape.in_width = 5;
  shape.kernel_height = shape.kernel_width = 3;
  shape.stride_height = shape.stride_width = 2;
  const Operator op = *make_pooling(shape, Arithmetic::compare);
  EXPECT_EQ(op.macs(), 0);
  EXPECT_EQ(op.iterations(), 3 * 2 * 2 * 9);
  std::map<Point, int> reads;  // rows 0-2 and 2-4: the middle one is read by both windows
  walk(op, [&](const DimArray& at) { ++reads[*place(op.operands()[0], at)]; });
  EXPECT_EQ(reads.size(), 75U);
  EXPECT_EQ((reads[{0, 1, 2, 2}]), 4);
  EXPECT_EQ((reads[{0, 1, 0, 0}]), 1);
}

TEST(FullyConnected, MatchesTheMatrix) {
  const Operator op = *make_fully_connected(2, 3, 4);
  Values expected;
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t k = 0; k < 4; ++k)
      for (std::int64_t c = 0; c < 3; ++c)
        expected[{n, k}] += value_at(3, {k, c}) * value_at(5, {n, c});
  EXPECT_EQ(run(op), expected);
}

TEST(MatrixProduct, MatchesTheDefinition) {
  const Operator op = *make_matrix_product(2, 3, 4, 5, false);
  Values expected;
  for (std::int64_t g = 0; g < 2; ++g)
    for (std::int64_t p = 0; p < 3; ++p)
      for (std::int64_t k = 0; k < 5; ++k)
        for (std::int64_t c = 0; c < 4; ++c)
          expected[{g, p, k}] += value_at(3, {g, c, k}) * value_at(5, {g, p, c});
  EXPECT_EQ(run(op), expected);
  EXPECT_EQ(op.operands()[0].role, Role::inputs);
  EXPECT_EQ(make_matrix_product(2, 3, 4, 5, true)->operands()[0].role, Role::weights);
}

TEST(Elementwise, ABroadcastOperandIsReadAgain) {
  const Operator op =
      *make_broadcast_elementwise(1, {2, 3, 3}, {{2, 3, 3}, {2, 1, 1}}, Arithmetic::multiply);
  std::map<Point, int> reads;
  walk(op, [&](const DimArray& at) { ++reads[*place(op.operands()[1], at)]; });
  EXPECT_EQ(reads.size(), 2U);
  EXPECT_EQ((reads[{0, 1, 0, 0}]), 9);
  EXPECT_EQ(op.operands()[1].elements(), 2);
}

TEST(Builders, RefuseWhatIsNoLayer) {
  const ConvShape good{.in_channels = 4, .out_channels = 4, .in_height = 5, .in_width = 5};
  ASSERT_TRUE(make_convolution(good));
  const auto refused = [&](auto change) {
    ConvShape shape = good;
    change(shape);
    return !make_convolution(shape).has_value();
  };
  EXPECT_TRUE(refused([](ConvShape& s) { s.groups = 3; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.groups = 0; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.kernel_height = 6; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.pad_left = -1; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.stride_width = 0; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.in_height = std::int64_t{1} << 62; }));
  EXPECT_TRUE(refused([](ConvShape& s) { s.pad_top = 1 << 30, s.pad_left = 1 << 30; }));
  EXPECT_FALSE(make_fully_connected(1, 0, 3));
  EXPECT_FALSE(make_elementwise(1, 2, 3, 4, 3, Arithmetic::add));
  EXPECT_FALSE(
      make_broadcast_elementwise(1, {2, 3, 3}, {{2, 3, 3}, {3, 1, 1}}, Arithmetic::multiply));
}

}  // namespace
}  // namespace hwflow
