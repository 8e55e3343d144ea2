#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.hpp"
#include "train/quant/integer_checks.hpp"
#include "train/quant/integer_moves.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::integer {
namespace {

void store(const Slot& slot, std::int64_t element, std::int64_t code, Workspace::Codes& codes) {
  const auto clamped =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(code, slot.low, slot.high));
  const auto i = static_cast<std::size_t>(element);
  if (slot.wide)
    codes.wide[i] = clamped;
  else
    codes.narrow[i] = static_cast<std::uint8_t>(clamped + slot.offset);
}

/// One row of 64-bit sums to every slot of the node, and to the logits.
void store_wide_row(const Plan& plan, std::size_t node, std::int64_t first_pixel,
                    std::int64_t pixels, std::int64_t channels, const std::int64_t* sums,
                    Workspace& workspace) {
  for (const std::size_t s : plan.nodes[node].slots) {
    const Slot& slot = plan.slots[s];
    for (std::int64_t p = 0; p < pixels; ++p)
      for (std::int64_t c = 0; c < channels; ++c)
        store(slot, (first_pixel + p) * channels + c,
              rescale(sums[p * channels + c], slot.factors[static_cast<std::size_t>(c)]),
              workspace.codes[s]);
  }
  if (node != plan.output) return;
  const Node& description = plan.network.network.nodes()[node];
  const std::int64_t area = description.shape.height * description.shape.width;
  for (std::int64_t p = 0; p < pixels; ++p)
    for (std::int64_t c = 0; c < channels; ++c)
      workspace.logits[static_cast<std::size_t>(c * area + first_pixel + p)] =
          sums[p * channels + c] * plan.logit_factors[static_cast<std::size_t>(c)];
}

void store_row(const Plan& plan, std::size_t node, std::int64_t first_pixel, std::int64_t pixels,
               std::int64_t channels, const std::int32_t* sums, Workspace& workspace) {
  const bool has_wide_reader =
      node == plan.output ||
      std::any_of(plan.nodes[node].slots.begin(), plan.nodes[node].slots.end(),
                  [&](std::size_t s) { return plan.slots[s].wide; });
  if (has_wide_reader) {
    const std::int64_t stride = round_up(channels, kChannelBlock);
    workspace.wide_sums.resize(static_cast<std::size_t>(pixels * channels));
    for (std::int64_t p = 0; p < pixels; ++p)
      std::copy_n(sums + p * stride, channels, workspace.wide_sums.data() + p * channels);
    store_wide_row(plan, node, first_pixel, pixels, channels, workspace.wide_sums.data(),
                   workspace);
    return;
  }
  for (const std::size_t s : plan.nodes[node].slots)
    requantize_row(plan.slots[s].requantizer, pixels, channels, sums,
                   workspace.codes[s].narrow.data() + first_pixel * channels, plan.kernels);
}

/// The input of a convolution with its border, in the order of memory.
void pad_bytes(const ConvShape& conv, const FeatureShape& shape, const std::uint8_t* in,
               std::uint8_t zero, std::uint8_t* out) {
  const std::int64_t row = shape.width * shape.channels;
  const std::int64_t left = conv.pad_left * shape.channels;
  const std::int64_t right = conv.pad_right * shape.channels;
  const auto border = [&](std::int64_t count) {
    std::memset(out, zero, static_cast<std::size_t>(count));
    out += count;
  };
  border(conv.pad_top * (left + row + right) + left);
  for (std::int64_t y = 0; y < shape.height; ++y, in += row) {
    std::memcpy(out, in, static_cast<std::size_t>(row));
    out += row;
    border(y + 1 < shape.height ? right + left : right);
  }
  border(conv.pad_bottom * (left + row + right));
}

/// The same, channels filled up to `channels`.
template <class T, class U>
void pad_input(const ConvShape& conv, const Slot& slot, std::span<U> in, T zero, std::int32_t shift,
               std::int64_t channels, std::vector<T>& out) {
  const FeatureShape shape = slot.shape;
  const std::int64_t height = shape.height + conv.pad_top + conv.pad_bottom;
  const std::int64_t width = shape.width + conv.pad_left + conv.pad_right;
  out.resize(static_cast<std::size_t>(height * width * channels));
  if constexpr (sizeof(T) == 1 && sizeof(U) == 1) {
    if (channels == shape.channels) return pad_bytes(conv, shape, in.data(), zero, out.data());
  }
  std::fill(out.begin(), out.end(), zero);
  for (std::int64_t y = 0; y < shape.height; ++y) {
    const U* from = in.data() + y * shape.width * shape.channels;
    T* to = out.data() + ((y + conv.pad_top) * width + conv.pad_left) * channels;
    for (std::int64_t x = 0; x < shape.width; ++x)
      for (std::int64_t c = 0; c < shape.channels; ++c)
        to[x * channels + c] = static_cast<T>(from[x * shape.channels + c] - shift);
  }
}

RowGeometry row_geometry(const ConvShape& conv, std::int64_t channels, std::int64_t pixels) {
  const std::int64_t row = (conv.in_width + conv.pad_left + conv.pad_right) * channels;
  return {conv.kernel_height,           conv.kernel_width,
          conv.dilation_height * row,   conv.dilation_width * channels,
          conv.stride_width * channels, pixels};
}

std::int64_t narrow_row_size(const Plan& plan, std::size_t node) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  return out.width * round_up(out.channels, kChannelBlock);
}

/// Writes the sums of output row p to `sums` + p * `step` and calls row_done(p, these sums).
template <class Row>
void for_each_narrow_row(const Plan& plan, std::size_t node, Workspace& workspace,
                         std::int32_t* sums, std::int64_t step, const Row& row_done) {
  const PreparedNode& prepared = plan.nodes[node];
  const ConvShape& conv = prepared.conv;
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const Slot& slot = plan.slots[prepared.inputs[0]];
  const bool dense = prepared.kernel == Kernel::dense;
  const std::int64_t channels = dense ? prepared.weights->packed.channels : conv.in_channels;
  pad_input(conv, slot, workspace.codes[prepared.inputs[0]].narrow,
            static_cast<std::uint8_t>(slot.offset), 0, channels, workspace.padded);
  const RowGeometry geometry = row_geometry(conv, channels, out.width);
  const std::int64_t row = (conv.in_width + conv.pad_left + conv.pad_right) * channels;
  for (std::int64_t p = 0; p < out.height; ++p, sums += step) {
    const std::uint8_t* input = workspace.padded.data() + p * conv.stride_height * row;
    if (dense)
      dense_row(geometry, prepared.weights->packed, input, prepared.bias.data(), sums);
    else
      depthwise_row(geometry, channels, prepared.weights->plain.data(), input, prepared.bias.data(),
                    sums);
    row_done(p, sums);
  }
}

void run_narrow(const Plan& plan, std::size_t node, Workspace& workspace) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  workspace.sums.resize(static_cast<std::size_t>(narrow_row_size(plan, node)));
  for_each_narrow_row(plan, node, workspace, workspace.sums.data(), 0,
                      [&](std::int64_t p, const std::int32_t* sums) {
                        store_row(plan, node, p * out.width, out.width, out.channels, sums,
                                  workspace);
                      });
}

/// As for_each_narrow_row, in workspace.wide_sums.
template <class Row>
void for_each_wide_row(const Plan& plan, std::size_t node, Workspace& workspace,
                       const Row& row_done) {
  const PreparedNode& prepared = plan.nodes[node];
  const ConvShape& conv = prepared.conv;
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const Slot& slot = plan.slots[prepared.inputs[0]];
  const Workspace::Codes& codes = workspace.codes[prepared.inputs[0]];
  if (slot.wide)
    pad_input(conv, slot, codes.wide, std::int32_t{0}, 0, conv.in_channels, workspace.padded_wide);
  else
    pad_input(conv, slot, codes.narrow, std::int32_t{0}, slot.offset, conv.in_channels,
              workspace.padded_wide);
  const RowGeometry geometry = row_geometry(conv, conv.in_channels, out.width);
  const std::int64_t row = (conv.in_width + conv.pad_left + conv.pad_right) * conv.in_channels;
  const std::int64_t in = conv.in_channels / conv.groups, outputs = conv.out_channels / conv.groups;
  const std::int64_t group_weights = conv.kernel_height * conv.kernel_width * in * outputs;
  std::vector<std::int64_t> group(static_cast<std::size_t>(out.width * outputs));
  workspace.wide_sums.resize(static_cast<std::size_t>(out.width * out.channels));
  for (std::int64_t p = 0; p < out.height; ++p) {
    const std::int32_t* input = workspace.padded_wide.data() + p * conv.stride_height * row;
    for (std::int64_t g = 0; g < conv.groups; ++g) {
      wide_row(geometry, in, outputs, prepared.weights->plain.data() + g * group_weights,
               input + g * in, prepared.wide_bias.data() + g * outputs, group.data());
      for (std::int64_t q = 0; q < out.width; ++q)
        std::copy_n(group.data() + q * outputs, outputs,
                    workspace.wide_sums.data() + q * out.channels + g * outputs);
    }
    row_done(p);
  }
}

void run_wide(const Plan& plan, std::size_t node, Workspace& workspace) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  for_each_wide_row(plan, node, workspace, [&](std::int64_t p) {
    store_wide_row(plan, node, p * out.width, out.width, out.channels, workspace.wide_sums.data(),
                   workspace);
  });
}

template <class T>
void add_pixel(const T* codes, std::int32_t offset, std::span<std::int64_t> sums) {
  for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += codes[c] - offset;
}

void run_average(const Plan& plan, std::size_t node, Workspace& workspace) {
  const PreparedNode& prepared = plan.nodes[node];
  const ConvShape& conv = prepared.conv;
  const Slot& slot = plan.slots[prepared.inputs[0]];
  const Workspace::Codes& codes = workspace.codes[prepared.inputs[0]];
  const FeatureShape a = slot.shape, b = plan.network.network.nodes()[node].shape;
  std::vector<std::int64_t> sums(static_cast<std::size_t>(b.channels));
  for (std::int64_t p = 0; p < b.height; ++p)
    for (std::int64_t q = 0; q < b.width; ++q) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::int64_t r = 0; r < conv.kernel_height; ++r)
        for (std::int64_t s = 0; s < conv.kernel_width; ++s) {
          const std::int64_t y = p * conv.stride_height + r * conv.dilation_height - conv.pad_top;
          const std::int64_t x = q * conv.stride_width + s * conv.dilation_width - conv.pad_left;
          if (y < 0 || y >= a.height || x < 0 || x >= a.width) continue;
          const std::int64_t pixel = (y * a.width + x) * a.channels;
          if (slot.wide)
            add_pixel(codes.wide.data() + pixel, 0, sums);
          else
            add_pixel(codes.narrow.data() + pixel, slot.offset, sums);
        }
      store_wide_row(plan, node, p * b.width + q, 1, b.channels, sums.data(), workspace);
    }
}

void run_add(const Plan& plan, std::size_t node, Workspace& workspace) {
  const PreparedNode& prepared = plan.nodes[node];
  const std::size_t left = prepared.inputs[0], right = prepared.inputs[1];
  const Slot& a = plan.slots[left];
  const Slot& b = plan.slots[right];
  const FeatureShape shape = a.shape;
  const std::int64_t count = shape.elements();
  for (const std::size_t s : prepared.slots) {
    const Slot& slot = plan.slots[s];
    if (!a.wide && !b.wide && !slot.wide) {
      add_codes(slot.add, count, workspace.codes[left].narrow.data(),
                workspace.codes[right].narrow.data(), workspace.codes[s].narrow.data(),
                plan.kernels);
      continue;
    }
    const std::int64_t half = std::int64_t{1} << (slot.add.shift - 1);
    for (std::int64_t i = 0; i < count; ++i)
      store(slot, i,
            (code_at(a, workspace.codes[left], i) * slot.add.left +
             code_at(b, workspace.codes[right], i) * slot.add.right + half) >>
                slot.add.shift,
            workspace.codes[s]);
  }
  if (node != plan.output) return;
  const std::int64_t area = shape.height * shape.width;
  for (std::int64_t i = 0; i < count; ++i)
    workspace.logits[static_cast<std::size_t>(i % shape.channels * area + i / shape.channels)] =
        code_at(a, workspace.codes[left], i) * plan.logit_factors[0] +
        code_at(b, workspace.codes[right], i) * plan.logit_factors[1];
}

}  // namespace

void finish_logits(const Plan& plan, Workspace& workspace) {
  const Node& node = plan.network.network.nodes()[plan.output];
  const bool clips = node.activation == Activation::clip;
  if (node.activation == Activation::none) return;
  const double low = clips ? node.activation_alpha : 0.0;
  const auto least = static_cast<std::int64_t>(std::llround(low / plan.logit_unit));
  for (std::int64_t& logit : workspace.logits) logit = std::max(logit, least);
  if (node.activation == Activation::relu) return;
  const double high = clips ? node.activation_beta : 6.0;
  const auto most = static_cast<std::int64_t>(std::llround(high / plan.logit_unit));
  for (std::int64_t& logit : workspace.logits) logit = std::min(logit, most);
}

void add_moments(const Plan& plan, std::size_t node, Workspace& workspace, SumStatistics& moments) {
  if (plan.nodes[node].kernel != Kernel::wide) {
    std::vector<std::int32_t> sums(sum_count(plan, node));
    compute_sums(plan, node, workspace, sums);
    add_moments(plan, node, sums, moments);
    return;
  }
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const auto channels = static_cast<std::size_t>(out.channels);
  moments.sum.resize(channels);
  moments.squares.resize(channels);
  for_each_wide_row(plan, node, workspace, [&](std::int64_t) {
    for (std::size_t i = 0; i < workspace.wide_sums.size(); ++i) {
      const auto value = static_cast<double>(workspace.wide_sums[i]);
      moments.sum[i % channels] += value;
      moments.squares[i % channels] += value * value;
    }
  });
  moments.count += out.height * out.width;
}

std::size_t sum_count(const Plan& plan, std::size_t node) {
  return static_cast<std::size_t>(narrow_row_size(plan, node) *
                                  plan.network.network.nodes()[node].shape.height);
}

void compute_sums(const Plan& plan, std::size_t node, Workspace& workspace,
                  std::span<std::int32_t> sums) {
  HWFLOW_CHECK(sums.size() == sum_count(plan, node), "room for other sums");
  for_each_narrow_row(plan, node, workspace, sums.data(), narrow_row_size(plan, node),
                      [](std::int64_t, const std::int32_t*) {});
}

void add_moments(const Plan& plan, std::size_t node, std::span<const std::int32_t> sums,
                 SumStatistics& moments) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  moments.sum.resize(static_cast<std::size_t>(out.channels));
  moments.squares.resize(static_cast<std::size_t>(out.channels));
  add_moments_of_pixels(out.height * out.width, out.channels, sums.data(), moments.sum.data(),
                        moments.squares.data());
  moments.count += out.height * out.width;
}

void store_sums(const Plan& plan, std::size_t node, std::span<const std::int32_t> sums,
                Workspace& workspace) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  if (node == plan.output) workspace.logits.assign(static_cast<std::size_t>(out.elements()), 0);
  store_row(plan, node, 0, out.height * out.width, out.channels, sums.data(), workspace);
  if (node == plan.output) finish_logits(plan, workspace);
}

void run_node(const Plan& plan, std::size_t node, const std::uint8_t* pixels,
              Workspace& workspace) {
  const Node& description = plan.network.network.nodes()[node];
  const PreparedNode& prepared = plan.nodes[node];
  const bool is_output = node == plan.output;
  if (is_output) workspace.logits.assign(static_cast<std::size_t>(description.shape.elements()), 0);
  if (description.kind == NodeKind::input || only_moves_data(description.kind)) {
    for (const std::size_t s : prepared.slots) {
      if (description.kind == NodeKind::input)
        load_image(plan.slots[s], pixels, workspace.codes[s]);
      else
        move_data(plan, s, workspace);
    }
    return;
  }
  if (description.kind == NodeKind::add)
    run_add(plan, node, workspace);
  else if (description.kind == NodeKind::average_pooling)
    run_average(plan, node, workspace);
  else if (prepared.kernel == Kernel::wide)
    run_wide(plan, node, workspace);
  else if (prepared.kernel != Kernel::none)
    run_narrow(plan, node, workspace);
  if (is_output) finish_logits(plan, workspace);
}

}  // namespace hwflow::train::integer
