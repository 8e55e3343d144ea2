#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "workload/operator.hpp"

namespace hwflow {
namespace {

// Products of two such sizes, and sums of a few such products, fit in 63 bits.
constexpr std::int64_t kMaxSize = std::int64_t{1} << 30;

void check_size(std::string_view field, std::int64_t value, std::int64_t least,
                Diagnostics& problems) {
  if (value < least || value > kMaxSize) {
    problems.push_back(
        {std::string(field), fmt::format("must be in [{}, 2^30], got {}", least, value), ""});
  }
}

Diagnostics check_sizes(const ConvShape& shape) {
  Diagnostics problems;
  check_size("n", shape.n, 1, problems);
  check_size("in_channels", shape.in_channels, 1, problems);
  check_size("out_channels", shape.out_channels, 1, problems);
  check_size("groups", shape.groups, 1, problems);
  check_size("in_height", shape.in_height, 1, problems);
  check_size("in_width", shape.in_width, 1, problems);
  check_size("kernel_height", shape.kernel_height, 1, problems);
  check_size("kernel_width", shape.kernel_width, 1, problems);
  check_size("stride_height", shape.stride_height, 1, problems);
  check_size("stride_width", shape.stride_width, 1, problems);
  check_size("dilation_height", shape.dilation_height, 1, problems);
  check_size("dilation_width", shape.dilation_width, 1, problems);
  check_size("pad_top", shape.pad_top, 0, problems);
  check_size("pad_left", shape.pad_left, 0, problems);
  check_size("pad_bottom", shape.pad_bottom, 0, problems);
  check_size("pad_right", shape.pad_right, 0, problems);
  check_size("output_pad_height", shape.output_pad_height, 0, problems);
  check_size("output_pad_width", shape.output_pad_width, 0, problems);
  return problems;
}

void check_groups(const ConvShape& shape, Diagnostics& problems) {
  const auto check = [&](std::string_view field, std::int64_t channels) {
    if (shape.groups >= 1 && channels % shape.groups != 0) {
      problems.push_back({std::string(field),
                          fmt::format("{} is not divisible by {} groups", channels, shape.groups),
                          ""});
    }
  };
  check("in_channels", shape.in_channels);
  check("out_channels", shape.out_channels);
}

void check_output(std::string_view axis, std::int64_t output, Diagnostics& problems) {
  if (output < 1) {
    problems.push_back(
        {fmt::format("out_{}", axis),
         fmt::format("is empty ({}): the kernel is larger than the padded input", output), ""});
  }
}

/// Index over all channels: group * channels_per_group + channel. A dimension that can only be 0
/// beside another one is left out, so that a plain convolution has no g and a depthwise no k, c.
Rank channel_rank(Dim channel, std::int64_t per_group, std::int64_t groups) {
  if (groups == 1) return {{{channel, 1}}, 0, per_group};
  if (per_group == 1) return {{{Dim::g, 1}}, 0, groups};
  return {{{Dim::g, per_group}, {channel, 1}}, 0, groups * per_group};
}

Rank plain_rank(Dim dim, std::int64_t extent) { return {{{dim, 1}}, 0, extent}; }

std::int64_t output_size(std::int64_t input, std::int64_t pads, std::int64_t window,
                         std::int64_t stride) {
  const std::int64_t room = input + pads - window;
  return room < 0 ? 0 : room / stride + 1;
}

Rank sliding_rows(const ConvShape& shape, std::int64_t extent) {
  return {{{Dim::p, shape.stride_height}, {Dim::r, shape.dilation_height}}, -shape.pad_top, extent};
}

Rank sliding_columns(const ConvShape& shape, std::int64_t extent) {
  return {{{Dim::q, shape.stride_width}, {Dim::s, shape.dilation_width}}, -shape.pad_left, extent};
}

DimArray conv_bounds(const ConvShape& shape, std::int64_t height, std::int64_t width) {
  DimArray bounds = kOnes;
  bounds[index(Dim::n)] = shape.n;
  bounds[index(Dim::k)] = shape.out_channels / shape.groups;
  bounds[index(Dim::c)] = shape.in_channels / shape.groups;
  bounds[index(Dim::p)] = height;
  bounds[index(Dim::q)] = width;
  bounds[index(Dim::r)] = shape.kernel_height;
  bounds[index(Dim::s)] = shape.kernel_width;
  bounds[index(Dim::g)] = shape.groups;
  return bounds;
}

}  // namespace

std::int64_t ConvShape::out_height() const {
  return output_size(in_height, pad_top + pad_bottom, dilation_height * (kernel_height - 1) + 1,
                     stride_height);
}

std::int64_t ConvShape::out_width() const {
  return output_size(in_width, pad_left + pad_right, dilation_width * (kernel_width - 1) + 1,
                     stride_width);
}

std::int64_t ConvShape::transposed_out_height() const {
  return (in_height - 1) * stride_height + dilation_height * (kernel_height - 1) + 1 - pad_top -
         pad_bottom + output_pad_height;
}

std::int64_t ConvShape::transposed_out_width() const {
  return (in_width - 1) * stride_width + dilation_width * (kernel_width - 1) + 1 - pad_left -
         pad_right + output_pad_width;
}

Expected<Operator> make_convolution(const ConvShape& shape) {
  Diagnostics problems = check_sizes(shape);
  check_groups(shape, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const std::int64_t height = shape.out_height();
  const std::int64_t width = shape.out_width();
  check_output("height", height, problems);
  check_output("width", width, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const std::int64_t k = shape.out_channels / shape.groups;
  const std::int64_t c = shape.in_channels / shape.groups;
  const Rank outputs_of_group = channel_rank(Dim::k, k, shape.groups);
  return Operator::make(
      conv_bounds(shape, height, width),
      {{"weights",
        Role::weights,
        {outputs_of_group, plain_rank(Dim::c, c), plain_rank(Dim::r, shape.kernel_height),
         plain_rank(Dim::s, shape.kernel_width)}},
       {"inputs",
        Role::inputs,
        {plain_rank(Dim::n, shape.n), channel_rank(Dim::c, c, shape.groups),
         sliding_rows(shape, shape.in_height), sliding_columns(shape, shape.in_width)}},
       {"outputs",
        Role::outputs,
        {plain_rank(Dim::n, shape.n), outputs_of_group, plain_rank(Dim::p, height),
         plain_rank(Dim::q, width)}}},
      Arithmetic::multiply_accumulate);
}

Expected<Operator> make_transposed_convolution(const ConvShape& shape) {
  Diagnostics problems = check_sizes(shape);
  check_groups(shape, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const std::int64_t height = shape.transposed_out_height();
  const std::int64_t width = shape.transposed_out_width();
  check_output("height", height, problems);
  check_output("width", width, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const std::int64_t k = shape.out_channels / shape.groups;
  const std::int64_t c = shape.in_channels / shape.groups;
  const Rank inputs_of_group = channel_rank(Dim::c, c, shape.groups);
  return Operator::make(
      conv_bounds(shape, shape.in_height, shape.in_width),
      {{"weights",
        Role::weights,
        {inputs_of_group, plain_rank(Dim::k, k), plain_rank(Dim::r, shape.kernel_height),
         plain_rank(Dim::s, shape.kernel_width)}},
       {"inputs",
        Role::inputs,
        {plain_rank(Dim::n, shape.n), inputs_of_group, plain_rank(Dim::p, shape.in_height),
         plain_rank(Dim::q, shape.in_width)}},
       {"outputs",
        Role::outputs,
        {plain_rank(Dim::n, shape.n), channel_rank(Dim::k, k, shape.groups),
         sliding_rows(shape, height), sliding_columns(shape, width)}}},
      Arithmetic::multiply_accumulate);
}

Expected<Operator> make_pooling(const ConvShape& shape, Arithmetic arithmetic) {
  ConvShape depthwise = shape;
  depthwise.out_channels = depthwise.groups = shape.in_channels;
  Diagnostics problems = check_sizes(depthwise);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const std::int64_t height = depthwise.out_height();
  const std::int64_t width = depthwise.out_width();
  check_output("height", height, problems);
  check_output("width", width, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const Rank images = plain_rank(Dim::n, shape.n);
  const Rank channels = plain_rank(Dim::g, shape.in_channels);
  return Operator::make(
      conv_bounds(depthwise, height, width),
      {{"inputs",
        Role::inputs,
        {images, channels, sliding_rows(shape, shape.in_height),
         sliding_columns(shape, shape.in_width)}},
       {"outputs",
        Role::outputs,
        {images, channels, plain_rank(Dim::p, height), plain_rank(Dim::q, width)}}},
      arithmetic);
}

Expected<Operator> make_fully_connected(std::int64_t n, std::int64_t in_features,
                                        std::int64_t out_features) {
  DimArray bounds = kOnes;
  bounds[index(Dim::n)] = n;
  bounds[index(Dim::k)] = out_features;
  bounds[index(Dim::c)] = in_features;
  return Operator::make(
      bounds,
      {{"weights",
        Role::weights,
        {plain_rank(Dim::k, out_features), plain_rank(Dim::c, in_features)}},
       {"inputs", Role::inputs, {plain_rank(Dim::n, n), plain_rank(Dim::c, in_features)}},
       {"outputs", Role::outputs, {plain_rank(Dim::n, n), plain_rank(Dim::k, out_features)}}},
      Arithmetic::multiply_accumulate);
}

Expected<Operator> make_matrix_product(std::int64_t batch, std::int64_t rows, std::int64_t inner,
                                       std::int64_t columns, bool constant_right) {
  DimArray bounds = kOnes;
  bounds[index(Dim::g)] = batch;
  bounds[index(Dim::p)] = rows;
  bounds[index(Dim::c)] = inner;
  bounds[index(Dim::k)] = columns;
  const Rank products = plain_rank(Dim::g, batch);
  Operand right{constant_right ? "weights" : "inputs2",
                constant_right ? Role::weights : Role::inputs,
                {products, plain_rank(Dim::c, inner), plain_rank(Dim::k, columns)}};
  Operand left{
      "inputs", Role::inputs, {products, plain_rank(Dim::p, rows), plain_rank(Dim::c, inner)}};
  Operand result{
      "outputs", Role::outputs, {products, plain_rank(Dim::p, rows), plain_rank(Dim::k, columns)}};
  return Operator::make(bounds, {std::move(right), std::move(left), std::move(result)},
                        Arithmetic::multiply_accumulate);
}

Expected<Operator> make_elementwise(std::int64_t n, std::int64_t channels, std::int64_t height,
                                    std::int64_t width, int inputs, Arithmetic arithmetic) {
  return make_broadcast_elementwise(
      n, {channels, height, width},
      std::vector<std::array<std::int64_t, 3>>(static_cast<std::size_t>(inputs < 0 ? 0 : inputs),
                                               {channels, height, width}),
      arithmetic);
}

Expected<Operator> make_broadcast_elementwise(
    std::int64_t n, const std::array<std::int64_t, 3>& output,
    const std::vector<std::array<std::int64_t, 3>>& inputs, Arithmetic arithmetic) {
  if (inputs.empty() || inputs.size() > 2) {
    return Unexpected{Diagnostics{
        {"inputs", fmt::format("an element-wise layer has 1 or 2, got {}", inputs.size()), ""}}};
  }
  constexpr std::array<Dim, 3> kAxes{Dim::k, Dim::p, Dim::q};
  DimArray bounds = kOnes;
  bounds[index(Dim::n)] = n;
  for (std::size_t axis = 0; axis < 3; ++axis) bounds[index(kAxes[axis])] = output[axis];

  Diagnostics problems;
  std::vector<Operand> operands;
  const auto add_operand = [&](std::string name, Role role,
                               const std::array<std::int64_t, 3>& shape) {
    Operand operand{std::move(name), role, {plain_rank(Dim::n, n)}};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::int64_t extent = shape[axis];
      if (extent != 1 && extent != output[axis]) {
        problems.push_back({operand.name,
                            fmt::format("extent {} along {} fits neither {} nor 1", extent,
                                        hwflow::name(kAxes[axis]), output[axis]),
                            ""});
      }
      const bool is_broadcast = extent == 1 && output[axis] != 1;
      operand.ranks.push_back(is_broadcast ? Rank{} : plain_rank(kAxes[axis], extent));
    }
    operands.push_back(std::move(operand));
  };
  for (std::size_t i = 0; i < inputs.size(); ++i)
    add_operand(i == 0 ? "inputs" : "inputs2", Role::inputs, inputs[i]);
  add_operand("outputs", Role::outputs, output);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Operator::make(bounds, std::move(operands), arithmetic);
}

}  // namespace hwflow
