#include "tests/chip/fusion/walked_accesses.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tests/chip/cost/derived_cost.hpp"

namespace hwflow::testing {
namespace {

using Indices = std::set<std::int64_t>;
/// Inputs, outputs cut off behind, outputs added.
using Spread = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

/// One axis of a block of windows: how often it is computed, and which of the places that its
/// windows reach, counted from the first one, lie on the map.
struct WindowAxis {
  std::int64_t count = 1, spacing = 1;
  std::int64_t reach = 1;
  Indices real;
};

struct WindowSizes {
  std::int64_t kernel, stride, dilation, pad, in;
};

bool is_even(const Indices& outputs) {
  std::set<std::int64_t> gaps;
  for (auto at = outputs.begin(); std::next(at) != outputs.end(); ++at)
    gaps.insert(*std::next(at) - *at);
  return gaps.size() <= 1;
}

/// Tap by tap. Outputs with uneven gaps are taken side by side, all windows whole.
WindowAxis window_axis(const Indices& outputs, const WindowSizes& size) {
  WindowAxis axis;
  axis.count = static_cast<std::int64_t>(outputs.size());
  const bool even = is_even(outputs);
  if (even && axis.count > 1) axis.spacing = *std::next(outputs.begin()) - *outputs.begin();
  std::int64_t p = 0;
  for (const std::int64_t out : outputs) {
    for (std::int64_t r = 0; r < size.kernel; ++r) {
      const std::int64_t place = p * axis.spacing * size.stride + r * size.dilation;
      const std::int64_t index = out * size.stride + r * size.dilation - size.pad;
      axis.reach = std::max(axis.reach, place + 1);
      if (!even || (index >= 0 && index < size.in)) axis.real.insert(place);
    }
    ++p;
  }
  return axis;
}

std::int64_t without_large_factors(std::int64_t size) {
  const auto is_fine = [](std::int64_t rest) {
    for (std::int64_t factor = 2; factor <= 7; ++factor)
      while (rest % factor == 0) rest /= factor;
    return rest == 1;
  };
  while (!is_fine(size)) ++size;
  return size;
}

class Walk {
 public:
  Walk(const chip::FusionGraph& graph, const chip::Group& group,
       const chip::GroupSchedule& schedule, const chip::FusionMachine& machine,
       const chip::MapperOptions& options, std::int64_t most_iterations)
      : graph_(graph),
        group_(group),
        schedule_(schedule),
        machine_(machine),
        options_(options),
        most_iterations_(most_iterations) {
    sum_.levels.resize(machine.inner.levels().size());
    sum_.level_energy_pj.resize(machine.inner.levels().size());
  }

  /// Every channel part of a block.
  bool add(const ComputedBlock& block) {
    const chip::FusionLayer& layer = graph_.layers[group_.layers[block.layer].layer];
    std::int64_t left = layer.shape.channels;
    const std::int64_t parts = channels_are_apart(layer) ? schedule_.channel_parts : 1;
    std::int64_t part = left;
    for (std::int64_t p = left; p >= 1; --p)
      if (p * parts >= left) part = p;  // the smallest that does
    while (left > 0) {
      if (!add_part(block, layer, std::min(part, left))) return false;
      left -= part;
    }
    return true;
  }

  WalkedAccesses finish(const FusedSimulation& walked) {
    chip::LevelTraffic& buffer = sum_.levels.front();
    const chip::GroupTraffic& traffic = walked.traffic;
    buffer.of(Role::inputs).fills.words += walked.map_words;
    buffer.of(Role::inputs).fills.bits += traffic.fetched_bits + traffic.read_again_bits;
    buffer.of(Role::weights).fills.words += walked.weight_words;
    buffer.of(Role::weights).fills.bits += traffic.weight_bits;
    buffer.of(Role::outputs).drains.words += walked.output_words;
    buffer.of(Role::outputs).drains.bits += traffic.written_bits;
    for (const auto& [key, seen] : seen_)
      ++(key.is_padded ? sum_.padded_blocks : sum_.border_free_blocks);
    return sum_;
  }

 private:
  struct Key {
    std::size_t layer;
    Indices rows, columns;
    std::int64_t channels;
    bool is_padded = false;
    bool operator<(const Key& other) const {
      return std::tie(layer, rows, columns, channels) <
             std::tie(other.layer, other.rows, other.columns, other.channels);
    }
  };

  static bool channels_are_apart(const chip::FusionLayer& layer) {
    const ConvShape& conv = layer.description.conv;
    const bool depthwise = conv.groups == conv.in_channels && conv.groups == conv.out_channels;
    switch (layer.description.kind) {
      case NodeKind::convolution:
      case NodeKind::transposed_convolution: return conv.groups == 1 || depthwise;
      case NodeKind::matrix_product: return false;
      default: return true;
    }
  }

  bool add_part(const ComputedBlock& block, const chip::FusionLayer& layer, std::int64_t channels) {
    Key key{block.layer, block.rows, block.columns, channels};
    auto seen = seen_.find(key);
    if (seen == seen_.end()) {
      auto cost = walk(block, layer, channels, key.is_padded);
      if (!cost) return false;
      seen = seen_.emplace(std::move(key), std::move(*cost)).first;
    }
    add_cost(layer.layer.op, seen->second);
    return true;
  }

  void add_cost(const Operator& op, const chip::Cost& cost) {
    for (std::size_t l = 0; l < cost.levels.size(); ++l) {
      for (std::size_t o = 0; o < op.operands().size(); ++o) {
        const chip::TensorTraffic& moved = cost.levels[l].operands[o];
        chip::RoleTraffic& role = sum_.levels[l].of(op.operands()[o].role);
        const auto add = [&](chip::Moved& to, std::int64_t words, std::int64_t bits) {
          to.words += words * group_.batch;
          to.bits += bits * group_.batch;
        };
        add(role.reads, moved.reads, moved.read_bits);
        add(role.fills, moved.fills, moved.fill_bits);
        add(role.updates, moved.updates, moved.update_bits);
        add(role.drains, moved.drains, moved.drain_bits);
      }
      sum_.level_energy_pj[l] += static_cast<double>(group_.batch) *
                                 (cost.levels[l].energy_pj + cost.levels[l].noc_energy_pj);
    }
    sum_.mac_energy_pj += static_cast<double>(group_.batch) * cost.mac_energy_pj;
    sum_.compute_cycles += group_.batch * cost.cycles;
  }

  /// The mapped block, element by element.
  std::optional<chip::Cost> walk(const ComputedBlock& block, const chip::FusionLayer& layer,
                                 std::int64_t channels, bool& is_padded) {
    const auto rows = static_cast<std::int64_t>(block.rows.size());
    const auto columns = static_cast<std::int64_t>(block.columns.size());
    const std::int64_t more_rows = without_large_factors(rows) - rows;
    const std::int64_t more_columns = without_large_factors(columns) - columns;
    Layer whole = made(block, layer, channels, 0, 0, false);
    auto mapped = cache_.map(whole, machine_.inner, options_);
    std::int64_t idle_rows = 0, idle_columns = 0;
    if (more_rows + more_columns > 0) {
      Layer larger = made(block, layer, channels, more_rows, more_columns, false);
      auto other = cache_.map(larger, machine_.inner, options_);
      if (other && (!mapped || other->value < mapped->value)) {
        mapped = std::move(other);
        whole = std::move(larger);
        idle_rows = more_rows;
        idle_columns = more_columns;
      }
    }
    if (!mapped || whole.op.iterations() > most_iterations_) return std::nullopt;
    const Layer real = made(block, layer, channels, idle_rows, idle_columns, true);
    is_padded = real.op != whole.op;
    return derive_cost(real, machine_.inner, simulate(real, machine_.inner, mapped->mapping));
  }

  /// The block as a layer, with so many idle rows and columns behind it; `cut`: only what lies on
  /// the map exists.
  Layer made(const ComputedBlock& block, const chip::FusionLayer& layer, std::int64_t channels,
             std::int64_t idle_rows, std::int64_t idle_columns, bool cut) const {
    const chip::GroupTensor& output = group_.tensors[group_.layers[block.layer].output];
    Layer result{layer.layer.name,
                 *operator_of(block, layer, channels, idle_rows, idle_columns, cut),
                 layer.layer.bits};
    result.bits.outputs = static_cast<int>(
        std::min<std::int64_t>(64, (output.kept_bits + output.written_bits) / output.channels));
    return result;
  }

  static Expected<Operator> operator_of(const ComputedBlock& block, const chip::FusionLayer& layer,
                                        std::int64_t channels, std::int64_t idle_rows,
                                        std::int64_t idle_columns, bool cut) {
    const Node& node = layer.description;
    const std::int64_t rows = static_cast<std::int64_t>(block.rows.size()) + idle_rows;
    const std::int64_t columns = static_cast<std::int64_t>(block.columns.size()) + idle_columns;
    switch (node.kind) {
      case NodeKind::convolution:
      case NodeKind::max_pooling:
      case NodeKind::average_pooling:
        return windowed(block, layer, channels, idle_rows, idle_columns, cut);
      case NodeKind::transposed_convolution: return spread(node.conv, channels, rows, columns);
      case NodeKind::add:
      case NodeKind::multiply: {
        std::vector<std::array<std::int64_t, 3>> inputs;
        for (const FeatureShape& in : layer.inputs)
          inputs.push_back({in.channels == node.shape.channels ? channels : 1,
                            in.height == node.shape.height ? rows : 1,
                            in.width == node.shape.width ? columns : 1});
        return make_broadcast_elementwise(1, {channels, rows, columns}, inputs,
                                          layer.layer.op.arithmetic());
      }
      case NodeKind::fully_connected:
        return make_fully_connected(1, node.conv.in_channels, channels);
      default: return layer.layer.op;
    }
  }

  static ConvShape with_channels(ConvShape conv, std::int64_t channels, bool pooling) {
    conv.n = 1;
    if (pooling ||
        (conv.groups == conv.in_channels && conv.groups == conv.out_channels && conv.groups > 1))
      conv.groups = conv.in_channels = conv.out_channels = channels;
    else if (conv.groups == 1)
      conv.out_channels = channels;
    return conv;
  }

  static Expected<Operator> windowed(const ComputedBlock& block, const chip::FusionLayer& layer,
                                     std::int64_t channels, std::int64_t idle_rows,
                                     std::int64_t idle_columns, bool cut) {
    const Node& node = layer.description;
    const bool pooling = node.kind != NodeKind::convolution;
    ConvShape conv = with_channels(node.conv, channels, pooling);
    if (conv.kernel_height == 0) {  // global pooling: one window
      conv.pad_top = conv.pad_left = 0;
      conv.dilation_height = conv.dilation_width = 1;
      conv.kernel_height = conv.in_height;
      conv.kernel_width = conv.in_width;
    }
    const WindowAxis down =
        window_axis(block.rows, {conv.kernel_height, conv.stride_height, conv.dilation_height,
                                 conv.pad_top, conv.in_height});
    const WindowAxis across = window_axis(
        block.columns,
        {conv.kernel_width, conv.stride_width, conv.dilation_width, conv.pad_left, conv.in_width});
    conv.stride_height *= down.spacing;
    conv.stride_width *= across.spacing;
    conv.in_height = down.reach + idle_rows * conv.stride_height;
    conv.in_width = across.reach + idle_columns * conv.stride_width;
    conv.pad_top = conv.pad_bottom = conv.pad_left = conv.pad_right = 0;
    auto op = pooling ? make_pooling(conv, layer.layer.op.arithmetic()) : make_convolution(conv);
    return cut ? without_padding(*op, down, across) : op;
  }

  /// The same nest over inputs that begin and end with what is real.
  static Expected<Operator> without_padding(const Operator& op, const WindowAxis& down,
                                            const WindowAxis& across) {
    std::vector<Operand> operands = op.operands();
    for (Operand& operand : operands) {
      if (operand.role != Role::inputs) continue;
      for (Rank& rank : operand.ranks) {
        const bool is_row = operand_has(rank, Dim::p), is_column = operand_has(rank, Dim::q);
        if (!is_row && !is_column) continue;
        const WindowAxis& axis = is_row ? down : across;
        const bool nothing = axis.real.empty();
        rank.offset = nothing ? -rank.extent : -*axis.real.begin();
        rank.extent = nothing ? 1 : *axis.real.rbegin() - *axis.real.begin() + 1;
      }
    }
    return Operator::make(op.bounds(), operands, op.arithmetic());
  }
  static bool operand_has(const Rank& rank, Dim dim) {
    return std::any_of(rank.terms.begin(), rank.terms.end(),
                       [&](const AffineTerm& term) { return term.dim == dim; });
  }

  /// The convention of docs/fusion.md: as many inputs as the outputs divided by the stride, what
  /// they reach beyond the block cut off.
  static Expected<Operator> spread(ConvShape conv, std::int64_t channels, std::int64_t rows,
                                   std::int64_t columns) {
    conv = with_channels(conv, channels, false);
    conv.pad_top = conv.pad_left = 0;
    const auto place = [](std::int64_t out, std::int64_t kernel, std::int64_t stride,
                          std::int64_t dilation, Spread& made) {
      auto& [in, behind, more] = made;
      in = 1;
      while (in * stride < out) ++in;
      std::int64_t reached = (in - 1) * stride + (kernel - 1) * dilation + 1;
      behind = more = 0;
      for (; reached < out; ++reached) ++more;
      for (; reached > out; --reached) ++behind;
    };
    Spread down{}, across{};
    place(rows, conv.kernel_height, conv.stride_height, conv.dilation_height, down);
    place(columns, conv.kernel_width, conv.stride_width, conv.dilation_width, across);
    std::tie(conv.in_height, conv.pad_bottom, conv.output_pad_height) = down;
    std::tie(conv.in_width, conv.pad_right, conv.output_pad_width) = across;
    return make_transposed_convolution(conv);
  }

  const chip::FusionGraph& graph_;
  const chip::Group& group_;
  const chip::GroupSchedule& schedule_;
  const chip::FusionMachine& machine_;
  const chip::MapperOptions& options_;
  std::int64_t most_iterations_;
  chip::MappingCache cache_;
  std::map<Key, chip::Cost> seen_;
  WalkedAccesses sum_;
};

}  // namespace

std::optional<WalkedAccesses> walk_accesses(
    const chip::FusionGraph& graph, const chip::Group& group, const chip::GroupSchedule& schedule,
    const FusedSimulation& walked, const chip::FusionMachine& machine,
    const chip::MapperOptions& options, std::int64_t most_iterations) {
  Walk walk(graph, group, schedule, machine, options, most_iterations);
  for (const ComputedBlock& block : walked.blocks)
    if (!walk.add(block)) return std::nullopt;
  return walk.finish(walked);
}

}  // namespace hwflow::testing
