#include "train/quant/integer_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/check.hpp"
#include "train/nn/normalization.hpp"
#include "train/quant/integer_checks.hpp"
#include "train/quant/quantizer.hpp"

namespace hwflow::train::integer {
namespace {

std::size_t at(NodeId id) { return static_cast<std::size_t>(id.value); }

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

Interval interval_of(const Node& node) {
  switch (node.activation) {
    case Activation::relu: return {0.0, std::numeric_limits<double>::infinity()};
    case Activation::relu6: return {0.0, 6.0};
    case Activation::clip: return {node.activation_alpha, node.activation_beta};
    default: return {};
  }
}

/// Rounding is monotone: clamping codes to the rounded ends equals clamping before rounding.
std::int32_t cut(double real, const QuantizerGrid& grid) {
  const double code = std::nearbyint(real / grid.scale);
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(grid.low), static_cast<double>(grid.high)));
}

void set_sum_scales(Plan& plan, std::size_t node) {
  PreparedNode& prepared = plan.nodes[node];
  const std::vector<double>& scales = plan.network.nodes[node].compute->scales;
  const double input_scale = plan.network.nodes[node].inputs[0].scale;
  prepared.sum_scales.clear();
  for (std::int64_t k = 0; k < prepared.conv.out_channels; ++k)
    prepared.sum_scales.push_back(input_scale *
                                  scales[scales.size() == 1 ? 0 : static_cast<std::size_t>(k)]);
}

/// From the writer's sums to the codes of a slot.
void set_factors(const Plan& plan, Slot& slot) {
  std::vector<double> factors;
  slot.factors.clear();
  for (const double scale : plan.nodes[slot.node].sum_scales) {
    factors.push_back(scale / slot.grid.scale);
    slot.factors.push_back(to_fixed_point(factors.back()));
  }
  slot.requantizer.set_factors(factors);
  slot.requantizer.low = slot.low;
  slot.requantizer.high = slot.high;
  slot.requantizer.offset = slot.offset;
}

void set_bias(Plan& plan, std::size_t node) {
  PreparedNode& prepared = plan.nodes[node];
  const IntegerCompute& compute = *plan.network.nodes[node].compute;
  prepared.wide_bias = compute.bias;
  if (prepared.kernel == Kernel::wide) return;
  const std::int64_t offset = plan.slots[prepared.inputs[0]].offset;
  const std::size_t outputs = compute.bias.size();
  const std::size_t per_output = compute.codes.size() / outputs;
  prepared.bias.assign(
      static_cast<std::size_t>(round_up(static_cast<std::int64_t>(outputs), kChannelBlock)), 0);
  for (std::size_t k = 0; k < outputs; ++k) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < per_output; ++i) sum += compute.codes[k * per_output + i];
    const std::int64_t bias = compute.bias[k] - offset * sum;
    HWFLOW_CHECK(std::abs(bias) <= std::numeric_limits<std::int32_t>::max(),
                 "bias beyond 32 bits in a narrow kernel");
    prepared.bias[k] = static_cast<std::int32_t>(bias);
  }
}

class Compiler {
 public:
  Compiler(IntegerNetwork network, KernelSet kernels)
      : plan_{.network = std::move(network), .kernels = kernels} {
    plan_.nodes.resize(plan_.network.nodes.size());
  }

  Plan run() {
    const auto& nodes = plan_.network.network.nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::vector<QuantizerGrid>& grids = plan_.network.nodes[i].inputs;
      for (std::size_t edge = 0; edge < grids.size(); ++edge)
        plan_.nodes[i].inputs.push_back(slot_of(at(nodes[i].inputs[edge]), grids[edge]));
      prepare(i);
    }
    for (std::size_t s = 0; s < plan_.slots.size(); ++s) {
      plan_.nodes[plan_.slots[s].node].slots.push_back(s);
      finish(plan_.slots[s]);
    }
    prepare_logits();
    return std::move(plan_);
  }

 private:
  /// The slot of `node` on `grid`, made when nobody asked for it before.
  std::size_t slot_of(std::size_t node, const QuantizerGrid& grid) {
    const auto key = std::tuple(node, grid.scale, grid.low, grid.high);
    if (const auto known = index_.find(key); known != index_.end()) return known->second;
    const Node& description = plan_.network.network.nodes()[node];
    Slot slot;
    slot.node = node;
    slot.grid = grid;
    slot.shape = description.shape;
    slot.wide = grid.low < 0 ? grid.low < -128 || grid.high > 127 : grid.high > 255;
    slot.offset = !slot.wide && grid.low < 0 ? 128 : 0;
    slot.low = std::max(grid.low, cut(interval_of(description).low, grid));
    slot.high = std::min(grid.high, cut(interval_of(description).high, grid));
    if (only_moves_data(description.kind))
      for (const NodeId input : description.inputs)
        slot.sources.push_back(slot_of(at(input), grid));
    plan_.slots.push_back(std::move(slot));
    return index_[key] = plan_.slots.size() - 1;
  }

  void prepare(std::size_t node) {
    const Node& description = plan_.network.network.nodes()[node];
    PreparedNode& prepared = plan_.nodes[node];
    prepared.conv = description.conv;
    if (description.kind == NodeKind::average_pooling) prepare_pooling(node);
    const std::optional<IntegerCompute>& compute = plan_.network.nodes[node].compute;
    if (!compute) return;
    const FeatureShape input = plan_.slots[prepared.inputs[0]].shape;
    if (description.kind == NodeKind::fully_connected) {
      prepared.conv = ConvShape{};
      prepared.conv.in_channels = input.channels;
      prepared.conv.out_channels = description.shape.channels;
      prepared.conv.in_height = prepared.conv.kernel_height = input.height;
      prepared.conv.in_width = prepared.conv.kernel_width = input.width;
    }
    set_sum_scales(plan_, node);
    prepared.kernel = kernel_for(node);
    pack(node);
    set_bias(plan_, node);
  }

  void prepare_pooling(std::size_t node) {
    PreparedNode& prepared = plan_.nodes[node];
    const FeatureShape input = plan_.slots[prepared.inputs[0]].shape;
    ConvShape& c = prepared.conv;
    if (c.kernel_height == 0) {
      c.kernel_height = input.height;
      c.kernel_width = input.width;
    }
    const double pixels = static_cast<double>(c.kernel_height * c.kernel_width);
    prepared.sum_scales.assign(static_cast<std::size_t>(input.channels),
                               plan_.network.nodes[node].inputs[0].scale / pixels);
  }

  /// Narrow kernels when codes are bytes and no sum can leave int32.
  Kernel kernel_for(std::size_t node) const {
    const PreparedNode& prepared = plan_.nodes[node];
    const IntegerCompute& compute = *plan_.network.nodes[node].compute;
    if (plan_.slots[prepared.inputs[0]].wide) return Kernel::wide;
    const auto [least, most] = std::minmax_element(compute.codes.begin(), compute.codes.end());
    if (*least < -128 || *most > 127) return Kernel::wide;
    const ConvShape& c = prepared.conv;
    const std::size_t per_output = compute.codes.size() / static_cast<std::size_t>(c.out_channels);
    for (std::int64_t k = 0; k < c.out_channels; ++k) {
      const auto first = compute.codes.begin() + k * static_cast<std::ptrdiff_t>(per_output);
      std::int64_t reach = std::abs(compute.bias[static_cast<std::size_t>(k)]);
      for (auto w = first; w != first + static_cast<std::ptrdiff_t>(per_output); ++w)
        reach += 383 * std::abs(static_cast<std::int64_t>(*w));  // 255, and 128 for the offset
      if (reach > std::numeric_limits<std::int32_t>::max()) return Kernel::wide;
    }
    if (c.groups == 1) return Kernel::dense;
    const bool depthwise = c.groups == c.in_channels && c.groups == c.out_channels;
    return depthwise ? Kernel::depthwise : Kernel::wide;
  }

  void pack(std::size_t node) {
    PreparedNode& prepared = plan_.nodes[node];
    const std::vector<std::int16_t>& codes = plan_.network.nodes[node].compute->codes;
    const ConvShape& c = prepared.conv;
    const std::int64_t taps = c.kernel_height * c.kernel_width;
    const std::int64_t in = c.in_channels / c.groups, out = c.out_channels / c.groups;
    if (prepared.kernel == Kernel::dense) {
      prepared.packed = pack_weights(codes, out, in, taps, plan_.kernels);
      return;
    }
    prepared.plain.resize(codes.size());
    for (std::int64_t g = 0; g < c.groups; ++g)
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t i = 0; i < in; ++i)
          for (std::int64_t t = 0; t < taps; ++t) {
            const std::int64_t to = prepared.kernel == Kernel::depthwise
                                        ? t * c.groups + g
                                        : ((g * taps + t) * in + i) * out + o;
            prepared.plain[static_cast<std::size_t>(to)] =
                codes[static_cast<std::size_t>(((g * out + o) * in + i) * taps + t)];
          }
  }

  /// Factors from the writer's sums to the slot's codes.
  void finish(Slot& slot) const {
    const Node& description = plan_.network.network.nodes()[slot.node];
    if (description.kind == NodeKind::input) return fill_table(slot);
    if (description.kind == NodeKind::add) {
      slot.add = add_requantizer(plan_, slot.node, slot.grid.scale);
      slot.add.low = slot.low;
      slot.add.high = slot.high;
      slot.add.offset = slot.offset;
      return;
    }
    set_factors(plan_, slot);
  }

  static AddRequantizer add_requantizer(const Plan& plan, std::size_t node, double scale) {
    const auto& grids = plan.network.nodes[node].inputs;
    const auto offset_of = [&](std::size_t edge) {
      return static_cast<std::int64_t>(plan.slots[plan.nodes[node].inputs[edge]].offset);
    };
    AddRequantizer add;
    const double larger = std::max(grids[0].scale, grids[1].scale) / scale;
    add.shift = std::min(to_fixed_point(larger).shift, 46);
    add.left =
        std::min(to_fixed_point(grids[0].scale / scale, add.shift), std::int64_t{0x7fffffff});
    add.right =
        std::min(to_fixed_point(grids[1].scale / scale, add.shift), std::int64_t{0x7fffffff});
    add.constant =
        (std::int64_t{1} << (add.shift - 1)) - offset_of(0) * add.left - offset_of(1) * add.right;
    return add;
  }

  void fill_table(Slot& slot) const {
    const Normalization normalization{plan_.network.input_mean, plan_.network.input_std};
    const auto channels = static_cast<std::size_t>(slot.shape.channels);
    for (std::size_t c = 0; c < channels; ++c)
      for (const float value : normalization.table(c))
        slot.table.push_back(code_of(value, slot.grid.scale, {slot.low, slot.high}));
  }

  void prepare_logits() {
    const Network& network = plan_.network.network;
    std::size_t node = at(network.outputs().front());
    while (keeps_the_order(network.nodes()[node].kind)) node = at(network.nodes()[node].inputs[0]);
    plan_.output = node;
    const bool add = network.nodes()[node].kind == NodeKind::add;
    std::vector<double> scales = plan_.nodes[node].sum_scales;
    if (add)
      for (const QuantizerGrid& grid : plan_.network.nodes[node].inputs)
        scales.push_back(grid.scale);
    const bool narrow = !add && plan_.nodes[node].kernel != Kernel::wide;
    plan_.logit_unit =
        std::ldexp(*std::max_element(scales.begin(), scales.end()), narrow ? -30 : -20);
    for (const double scale : scales)
      plan_.logit_factors.push_back(std::llround(scale / plan_.logit_unit));
  }

  Plan plan_;
  std::map<std::tuple<std::size_t, double, std::int32_t, std::int32_t>, std::size_t> index_;
};

}  // namespace

Expected<Plan> compile(IntegerNetwork network, KernelSet kernels) {
  Diagnostics problems = problems_of(network);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Compiler(std::move(network), kernels).run();
}

void prepare_again(Plan& plan, std::size_t node) {
  set_sum_scales(plan, node);
  set_bias(plan, node);
  for (const std::size_t s : plan.nodes[node].slots) set_factors(plan, plan.slots[s]);
}

Workspace make_workspace(const Plan& plan) {
  Workspace workspace;
  for (const Slot& slot : plan.slots) {
    const auto count = static_cast<std::size_t>(slot.shape.elements());
    Workspace::Codes codes;
    if (slot.wide)
      codes.wide.resize(count);
    else
      codes.narrow.resize(count);
    workspace.codes.push_back(std::move(codes));
  }
  return workspace;
}

std::int32_t code_at(const Slot& slot, const Workspace::Codes& codes, std::int64_t element) {
  const auto i = static_cast<std::size_t>(element);
  return slot.wide ? codes.wide[i] : codes.narrow[i] - slot.offset;
}

}  // namespace hwflow::train::integer
