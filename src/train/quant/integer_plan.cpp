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

/// Of a compute node in magnitude; of other nodes no bound is known.
std::int64_t largest_sum(const PreparedNode& node) {
  std::int64_t largest = node.weights ? 0 : std::numeric_limits<std::int32_t>::max();
  for (std::size_t k = 0; k < node.wide_bias.size(); ++k)
    largest = std::max(largest, node.weights->reaches[k] + std::abs(node.wide_bias[k]));
  return largest;
}

/// From the writer's sums to the codes of a slot.
void set_factors(const Plan& plan, Slot& slot) {
  std::vector<double> factors;
  slot.factors.clear();
  for (const double scale : plan.nodes[slot.node].sum_scales) {
    factors.push_back(scale / slot.grid.scale);
    slot.factors.push_back(to_fixed_point(factors.back()));
  }
  slot.requantizer.set_factors(factors, largest_sum(plan.nodes[slot.node]));
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
  prepared.bias.assign(
      static_cast<std::size_t>(round_up(static_cast<std::int64_t>(outputs), kChannelBlock)), 0);
  for (std::size_t k = 0; k < outputs; ++k) {
    const std::int64_t bias = compute.bias[k] - offset * prepared.weights->sums[k];
    HWFLOW_CHECK(std::abs(bias) <= std::numeric_limits<std::int32_t>::max(),
                 "bias beyond 32 bits in a narrow kernel");
    prepared.bias[k] = static_cast<std::int32_t>(bias);
  }
}

/// Sums of codes, how far sums can reach, and the kernel that allows.
void summarise(std::span<const std::int16_t> codes, const ConvShape& c, bool is_wide,
               PreparedWeights& prepared) {
  const auto outputs = static_cast<std::size_t>(c.out_channels);
  const std::size_t per_output = codes.size() / outputs;
  for (std::size_t k = 0; k < outputs; ++k) {
    std::int64_t sum = 0, magnitudes = 0;
    for (const std::int16_t code : codes.subspan(k * per_output, per_output)) {
      sum += code;
      magnitudes += std::abs(std::int64_t{code});
    }
    prepared.sums.push_back(sum);
    prepared.reaches.push_back(383 * magnitudes);  // 255, and 128 for the offset
  }
  const auto [least, most] = std::minmax_element(codes.begin(), codes.end());
  const bool depthwise = c.groups == c.in_channels && c.groups == c.out_channels;
  prepared.kernel = is_wide || *least < -128 || *most > 127 ? Kernel::wide
                    : c.groups == 1                         ? Kernel::dense
                    : depthwise                             ? Kernel::depthwise
                                                            : Kernel::wide;
}

void pack(std::span<const std::int16_t> codes, const ConvShape& c, KernelSet kernels,
          PreparedWeights& prepared) {
  const std::int64_t taps = c.kernel_height * c.kernel_width;
  const std::int64_t in = c.in_channels / c.groups, out = c.out_channels / c.groups;
  if (prepared.kernel == Kernel::dense) {
    prepared.packed = pack_weights(codes, out, in, taps, kernels);
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

class Compiler {
 public:
  Compiler(IntegerNetwork network, KernelSet kernels, std::span<const SharedWeights> weights)
      : weights_(weights), plan_{.network = std::move(network), .kernels = kernels} {
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
    prepared.conv = convolution_of(plan_.network.network, node);
    set_sum_scales(plan_, node);
    const bool is_wide = plan_.slots[prepared.inputs[0]].wide;
    if (!weights_.empty() && !is_wide) prepared.weights = weights_[node];
    if (!prepared.weights)
      prepared.weights = prepare_weights(compute->codes, prepared.conv, is_wide, plan_.kernels);
    if (prepared.weights->kernel != Kernel::wide && can_overflow(*prepared.weights, compute->bias))
      prepared.weights =
          prepare_weights(compute->codes, prepared.conv, /*is_wide=*/true, plan_.kernels);
    prepared.kernel = prepared.weights->kernel;
    set_bias(plan_, node);
  }

  static bool can_overflow(const PreparedWeights& weights, std::span<const std::int64_t> bias) {
    for (std::size_t k = 0; k < bias.size(); ++k)
      if (weights.reaches[k] + std::abs(bias[k]) > std::numeric_limits<std::int32_t>::max())
        return true;
    return false;
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

  /// Factors from the writer's sums to the slot's codes.
  void finish(Slot& slot) const {
    const Node& description = plan_.network.network.nodes()[slot.node];
    if (description.kind == NodeKind::input) return fill_table(slot);
    if (description.kind == NodeKind::add) {
      slot.add = add_requantizer(plan_, slot.node, slot.grid.scale);
      slot.add.low = slot.low;
      slot.add.high = slot.high;
      slot.add.offset = slot.offset;
      slot.add.check_fit();
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

  std::span<const SharedWeights> weights_;
  Plan plan_;
  std::map<std::tuple<std::size_t, double, std::int32_t, std::int32_t>, std::size_t> index_;
};

}  // namespace

SharedWeights prepare_weights(std::span<const std::int16_t> codes, const ConvShape& conv,
                              bool is_wide, KernelSet kernels) {
  auto prepared = std::make_shared<PreparedWeights>();
  summarise(codes, conv, is_wide, *prepared);
  pack(codes, conv, kernels, *prepared);
  return prepared;
}

ConvShape convolution_of(const Network& network, std::size_t node) {
  const Node& description = network.nodes()[node];
  if (description.kind != NodeKind::fully_connected) return description.conv;
  const FeatureShape input = network.node(description.inputs[0]).shape;
  ConvShape conv;
  conv.in_channels = input.channels;
  conv.out_channels = description.shape.channels;
  conv.in_height = conv.kernel_height = input.height;
  conv.in_width = conv.kernel_width = input.width;
  return conv;
}

Expected<Plan> compile(IntegerNetwork network, KernelSet kernels,
                       std::span<const SharedWeights> weights) {
  Diagnostics problems = problems_of(network);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Compiler(std::move(network), kernels, weights).run();
}

void prepare_again(Plan& plan, std::size_t node) {
  set_sum_scales(plan, node);
  set_bias(plan, node);
  for (const std::size_t s : plan.nodes[node].slots) set_factors(plan, plan.slots[s]);
}

Workspace make_workspace(const Plan& plan) {
  Workspace workspace;
  std::size_t narrow = 0, wide = 0;
  for (const Slot& slot : plan.slots)
    (slot.wide ? wide : narrow) += static_cast<std::size_t>(slot.shape.elements());
  workspace.own_narrow.resize(narrow);
  workspace.own_wide.resize(wide);
  std::span<std::uint8_t> narrow_left = workspace.own_narrow;
  std::span<std::int32_t> wide_left = workspace.own_wide;
  for (const Slot& slot : plan.slots) {
    const auto count = static_cast<std::size_t>(slot.shape.elements());
    Workspace::Codes codes;
    if (slot.wide) {
      codes.wide = wide_left.first(count);
      wide_left = wide_left.subspan(count);
    } else {
      codes.narrow = narrow_left.first(count);
      narrow_left = narrow_left.subspan(count);
    }
    workspace.codes.push_back(codes);
  }
  return workspace;
}

std::int32_t code_at(const Slot& slot, const Workspace::Codes& codes, std::int64_t element) {
  const auto i = static_cast<std::size_t>(element);
  return slot.wide ? codes.wide[i] : codes.narrow[i] - slot.offset;
}

}  // namespace hwflow::train::integer
