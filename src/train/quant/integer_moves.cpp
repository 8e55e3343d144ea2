#include "train/quant/integer_moves.hpp"

#include <algorithm>

namespace hwflow::train::integer {
namespace {

template <class T>
std::span<T> values(const Workspace::Codes& codes) {
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
void load_image(const Slot& slot, const std::uint8_t* pixels, std::span<T> out) {
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
void pool_max(const ConvShape& conv, const Slot& from, std::span<const T> in, const Slot& to,
              std::span<T> out) {
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
void place(const Node& node, const Slot& from, std::span<const T> in, const Slot& to,
           std::span<T> out) {
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
void reshape(const Slot& from, std::span<const T> in, const Slot& to, std::span<T> out) {
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
void move_data(const Plan& plan, const Node& node, const Slot& to, const Workspace& workspace,
               std::span<T> out) {
  std::int64_t channel = 0;
  for (const std::size_t source : to.sources) {
    const Slot& from = plan.slots[source];
    const std::span<const T> in = values<T>(workspace.codes[source]);
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
      default: std::copy(in.begin(), in.end(), out.begin()); break;
    }
  }
  if (node.activation == Activation::none) return;
  const std::int32_t offset = sizeof(T) == 1 ? to.offset : 0;
  const T low = static_cast<T>(to.low + offset), high = static_cast<T>(to.high + offset);
  for (T& code : out) code = std::clamp(code, low, high);
}

}  // namespace

void load_image(const Slot& slot, const std::uint8_t* pixels, const Workspace::Codes& codes) {
  if (slot.wide)
    load_image(slot, pixels, codes.wide);
  else
    load_image(slot, pixels, codes.narrow);
}

void move_data(const Plan& plan, std::size_t slot, const Workspace& workspace) {
  const Slot& to = plan.slots[slot];
  const Node& node = plan.network.network.nodes()[to.node];
  if (to.wide)
    move_data(plan, node, to, workspace, workspace.codes[slot].wide);
  else
    move_data(plan, node, to, workspace, workspace.codes[slot].narrow);
}

}  // namespace hwflow::train::integer
