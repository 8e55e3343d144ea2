#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.hpp"
#include "train/quant/integer_checks.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::integer {
namespace {

template <class T>
std::vector<T>& values(Workspace::Codes& codes) {
  if constexpr (sizeof(T) == 1)
    return codes.narrow;
  else
    return codes.wide;
}
template <class T>
const std::vector<T>& values(const Workspace::Codes& codes) {
  if constexpr (sizeof(T) == 1)
    return codes.narrow;
  else
    return codes.wide;
}

/// What code 0 is stored as.
template <class T>
T zero_of(const Slot& slot) {
  return sizeof(T) == 1 ? static_cast<T>(slot.offset) : T{0};
}

template <class T>
void load_image(const Slot& slot, const std::uint8_t* pixels, std::vector<T>& out) {
  const std::int64_t area = slot.shape.height * slot.shape.width;
  const std::int32_t offset = sizeof(T) == 1 ? slot.offset : 0;
  for (std::int64_t c = 0; c < slot.shape.channels; ++c) {
    const std::int32_t* table = slot.table.data() + c * 256;
    for (std::int64_t i = 0; i < area; ++i)
      out[static_cast<std::size_t>(i * slot.shape.channels + c)] =
          static_cast<T>(table[pixels[c * area + i]] + offset);
  }
}

template <class T>
void pool_max(const ConvShape& conv, const Slot& from, const std::vector<T>& in, const Slot& to,
              std::vector<T>& out) {
  const FeatureShape a = from.shape, b = to.shape;
  const std::int64_t kernel_height = conv.kernel_height == 0 ? a.height : conv.kernel_height;
  const std::int64_t kernel_width = conv.kernel_width == 0 ? a.width : conv.kernel_width;
  for (std::int64_t p = 0; p < b.height; ++p)
    for (std::int64_t q = 0; q < b.width; ++q) {
      T* best = out.data() + (p * b.width + q) * b.channels;
      bool first = true;
      for (std::int64_t r = 0; r < kernel_height; ++r)
        for (std::int64_t s = 0; s < kernel_width; ++s) {
          const std::int64_t y = p * conv.stride_height + r * conv.dilation_height - conv.pad_top;
          const std::int64_t x = q * conv.stride_width + s * conv.dilation_width - conv.pad_left;
          if (y < 0 || y >= a.height || x < 0 || x >= a.width) continue;
          const T* pixel = in.data() + (y * a.width + x) * a.channels;
          for (std::int64_t c = 0; c < b.channels; ++c)
            best[c] = first ? pixel[c] : std::max(best[c], pixel[c]);
          first = false;
        }
    }
}

/// Pad and subsample: reads (p * stride - pad), zero outside, channels moved up by `before`.
template <class T>
void place(const Node& node, const Slot& from, const std::vector<T>& in, const Slot& to,
           std::vector<T>& out) {
  const FeatureShape a = from.shape, b = to.shape;
  const bool pads = node.kind == NodeKind::pad;
  const std::int64_t step_y = pads ? 1 : node.conv.stride_height;
  const std::int64_t step_x = pads ? 1 : node.conv.stride_width;
  const std::int64_t top = pads ? node.conv.pad_top : 0, left = pads ? node.conv.pad_left : 0;
  std::fill(out.begin(), out.end(), zero_of<T>(to));
  for (std::int64_t p = 0; p < b.height; ++p)
    for (std::int64_t q = 0; q < b.width; ++q) {
      const std::int64_t y = p * step_y - top, x = q * step_x - left;
      if (y < 0 || y >= a.height || x < 0 || x >= a.width) continue;
      std::copy_n(in.data() + (y * a.width + x) * a.channels, a.channels,
                  out.data() + (p * b.width + q) * b.channels + node.channel_pad_before);
    }
}

/// Elements keep their order as (channel, row, column).
template <class T>
void reshape(const Slot& from, const std::vector<T>& in, const Slot& to, std::vector<T>& out) {
  const FeatureShape a = from.shape, b = to.shape;
  const std::int64_t area = a.height * a.width, new_area = b.height * b.width;
  for (std::int64_t c = 0; c < a.channels; ++c)
    for (std::int64_t i = 0; i < area; ++i) {
      const std::int64_t linear = c * area + i;
      out[static_cast<std::size_t>(linear % new_area * b.channels + linear / new_area)] =
          in[static_cast<std::size_t>(i * a.channels + c)];
    }
}

template <class T>
void move_data(const Plan& plan, const Node& node, const Slot& to, Workspace& workspace,
               std::vector<T>& out) {
  std::int64_t channel = 0;
  for (const std::size_t source : to.sources) {
    const Slot& from = plan.slots[source];
    const std::vector<T>& in = values<T>(workspace.codes[source]);
    switch (node.kind) {
      case NodeKind::max_pooling: pool_max(node.conv, from, in, to, out); break;
      case NodeKind::pad:
      case NodeKind::subsample: place(node, from, in, to, out); break;
      case NodeKind::reshape: reshape(from, in, to, out); break;
      case NodeKind::concat: {
        const std::int64_t area = to.shape.height * to.shape.width;
        for (std::int64_t i = 0; i < area; ++i)
          std::copy_n(in.data() + i * from.shape.channels, from.shape.channels,
                      out.data() + i * to.shape.channels + channel);
        channel += from.shape.channels;
        break;
      }
      default: out = in; break;
    }
  }
  if (node.activation == Activation::none) return;
  const std::int32_t offset = sizeof(T) == 1 ? to.offset : 0;
  const T low = static_cast<T>(to.low + offset), high = static_cast<T>(to.high + offset);
  for (T& code : out) code = std::clamp(code, low, high);
}

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
               std::int64_t channels, Workspace& workspace) {
  const bool has_wide_reader =
      node == plan.output ||
      std::any_of(plan.nodes[node].slots.begin(), plan.nodes[node].slots.end(),
                  [&](std::size_t s) { return plan.slots[s].wide; });
  if (has_wide_reader) {
    const std::int64_t stride = round_up(channels, kChannelBlock);
    workspace.wide_sums.resize(static_cast<std::size_t>(pixels * channels));
    for (std::int64_t p = 0; p < pixels; ++p)
      std::copy_n(workspace.sums.data() + p * stride, channels,
                  workspace.wide_sums.data() + p * channels);
    store_wide_row(plan, node, first_pixel, pixels, channels, workspace.wide_sums.data(),
                   workspace);
    return;
  }
  for (const std::size_t s : plan.nodes[node].slots)
    requantize_row(plan.slots[s].requantizer, pixels, channels, workspace.sums.data(),
                   workspace.codes[s].narrow.data() + first_pixel * channels, plan.kernels);
}

/// The input of a convolution with its border, channels filled up to `channels`.
template <class T, class U>
void pad_input(const ConvShape& conv, const Slot& slot, const std::vector<U>& in, T zero,
               std::int32_t shift, std::int64_t channels, std::vector<T>& out) {
  const FeatureShape shape = slot.shape;
  const std::int64_t height = shape.height + conv.pad_top + conv.pad_bottom;
  const std::int64_t width = shape.width + conv.pad_left + conv.pad_right;
  out.resize(static_cast<std::size_t>(height * width * channels));
  std::fill(out.begin(), out.end(), zero);
  for (std::int64_t y = 0; y < shape.height; ++y) {
    const U* from = in.data() + y * shape.width * shape.channels;
    T* to = out.data() + ((y + conv.pad_top) * width + conv.pad_left) * channels;
    if constexpr (sizeof(T) == 1 && sizeof(U) == 1) {
      if (channels == shape.channels) {
        std::memcpy(to, from, static_cast<std::size_t>(shape.width * channels));
        continue;
      }
    }
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

/// Leaves the sums of one output row after the other in workspace.sums and calls row(p).
template <class Row>
void for_each_narrow_row(const Plan& plan, std::size_t node, Workspace& workspace,
                         const Row& row_done) {
  const PreparedNode& prepared = plan.nodes[node];
  const ConvShape& conv = prepared.conv;
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const Slot& slot = plan.slots[prepared.inputs[0]];
  const bool dense = prepared.kernel == Kernel::dense;
  const std::int64_t channels = dense ? prepared.packed.channels : conv.in_channels;
  pad_input(conv, slot, workspace.codes[prepared.inputs[0]].narrow, zero_of<std::uint8_t>(slot), 0,
            channels, workspace.padded);
  const RowGeometry geometry = row_geometry(conv, channels, out.width);
  const std::int64_t row = (conv.in_width + conv.pad_left + conv.pad_right) * channels;
  workspace.sums.resize(
      static_cast<std::size_t>(out.width * round_up(out.channels, kChannelBlock)));
  for (std::int64_t p = 0; p < out.height; ++p) {
    const std::uint8_t* input = workspace.padded.data() + p * conv.stride_height * row;
    if (dense)
      dense_row(geometry, prepared.packed, input, prepared.bias.data(), workspace.sums.data());
    else
      depthwise_row(geometry, channels, prepared.plain.data(), input, prepared.bias.data(),
                    workspace.sums.data());
    row_done(p);
  }
}

void run_narrow(const Plan& plan, std::size_t node, Workspace& workspace) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  for_each_narrow_row(plan, node, workspace, [&](std::int64_t p) {
    store_row(plan, node, p * out.width, out.width, out.channels, workspace);
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
      wide_row(geometry, in, outputs, prepared.plain.data() + g * group_weights, input + g * in,
               prepared.wide_bias.data() + g * outputs, group.data());
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
void add_row(std::int64_t pixels, std::int64_t channels, std::int64_t stride, const T* sums,
             SumStatistics& moments) {
  for (std::int64_t p = 0; p < pixels; ++p)
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto value = static_cast<double>(sums[p * stride + c]);
      moments.sum[static_cast<std::size_t>(c)] += value;
      moments.squares[static_cast<std::size_t>(c)] += value * value;
    }
  moments.count += pixels;
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
          for (std::int64_t c = 0; c < b.channels; ++c)
            sums[static_cast<std::size_t>(c)] +=
                code_at(slot, codes, (y * a.width + x) * a.channels + c);
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

/// The activation of the last layer, on logits.
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

}  // namespace

void add_moments(const Plan& plan, std::size_t node, Workspace& workspace, SumStatistics& moments) {
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  moments.sum.resize(static_cast<std::size_t>(out.channels));
  moments.squares.resize(static_cast<std::size_t>(out.channels));
  if (plan.nodes[node].kernel == Kernel::wide)
    for_each_wide_row(plan, node, workspace, [&](std::int64_t) {
      add_row(out.width, out.channels, out.channels, workspace.wide_sums.data(), moments);
    });
  else
    for_each_narrow_row(plan, node, workspace, [&](std::int64_t) {
      add_row(out.width, out.channels, round_up(out.channels, kChannelBlock), workspace.sums.data(),
              moments);
    });
}

void run_node(const Plan& plan, std::size_t node, const std::uint8_t* pixels,
              Workspace& workspace) {
  const Node& description = plan.network.network.nodes()[node];
  const PreparedNode& prepared = plan.nodes[node];
  const bool is_output = node == plan.output;
  if (is_output) workspace.logits.assign(static_cast<std::size_t>(description.shape.elements()), 0);
  if (description.kind == NodeKind::input || only_moves_data(description.kind)) {
    for (const std::size_t s : prepared.slots) {
      const Slot& slot = plan.slots[s];
      Workspace::Codes& codes = workspace.codes[s];
      const bool is_input = description.kind == NodeKind::input;
      if (is_input && slot.wide)
        load_image(slot, pixels, codes.wide);
      else if (is_input)
        load_image(slot, pixels, codes.narrow);
      else if (slot.wide)
        move_data(plan, description, slot, workspace, codes.wide);
      else
        move_data(plan, description, slot, workspace, codes.narrow);
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
