#include "chip/fusion/group.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

bool is_inside(const Slice& slice, std::size_t layer) {
  return layer >= slice.first && layer < slice.last;
}

/// Copies of a tensor that somebody outside the slice wants.
std::set<int> outside_widths(const FusionGraph& graph, const Slice& slice,
                             const FusionTensor& tensor) {
  std::set<int> widths = tensor.output_widths;
  for (const std::size_t read : tensor.reads)
    if (!is_inside(slice, graph.reads[read].layer))
      widths.insert(graph.reads[read].widths.begin(), graph.reads[read].widths.end());
  return widths;
}

/// Does the output of one pixel collect several products? Only then is it ever unfinished.
bool accumulates(const Layer& layer) {
  return layer.op.macs() > 0 && layer.op.iterations() > layer.op.output().elements();
}

/// Does every output channel read the same channel of its inputs alone?
bool is_channelwise(const FusionLayer& layer) {
  const ConvShape& conv = layer.description.conv;
  switch (layer.description.kind) {
    case NodeKind::max_pooling:
    case NodeKind::average_pooling:
    case NodeKind::add:
    case NodeKind::multiply: return true;
    case NodeKind::convolution:
      return conv.groups == conv.in_channels && conv.groups == conv.out_channels;
    default: return false;
  }
}

class Builder {
 public:
  Builder(const FusionGraph& graph, const Slice& slice, const std::vector<std::size_t>& read_again)
      : graph_(graph), read_again_(read_again.begin(), read_again.end()) {
    group_.slice = slice;
    group_.batch = graph.batch;
  }

  Group build() {
    for (std::size_t l = group_.slice.first; l < group_.slice.last; ++l) add_layer(l);
    for (GroupTensor& tensor : group_.tensors) finish(tensor);
    for (GroupLayer& layer : group_.layers) finish(layer);
    return std::move(group_);
  }

 private:
  std::size_t add_tensor(std::size_t tensor, std::optional<std::size_t> producer) {
    const FeatureShape& shape = graph_.tensors[tensor].shape;
    GroupTensor added;
    added.tensor = tensor;
    added.producer = producer;
    added.height = shape.height;
    added.width = shape.width;
    added.channels = shape.channels;
    group_.tensors.push_back(std::move(added));
    kept_.emplace_back();
    again_.emplace_back();
    return group_.tensors.size() - 1;
  }

  std::size_t place_of(std::size_t tensor) {
    const auto known = places_.find(tensor);
    if (known != places_.end()) return known->second;
    return places_[tensor] = add_tensor(tensor, std::nullopt);
  }

  void add_read(std::size_t tensor, const FusionRead& read, std::size_t layer, bool is_kept) {
    group_.tensors[tensor].reads.push_back(group_.reads.size());
    if (is_kept) {
      group_.layers[layer].reads.push_back(group_.reads.size());
      kept_[tensor].insert(read.widths.begin(), read.widths.end());
    }
    group_.reads.push_back({tensor, layer, &read.rows, &read.columns, is_kept});
  }

  void add_layer(std::size_t index) {
    const FusionLayer& layer = graph_.layers[index];
    const std::size_t number = group_.layers.size();
    GroupLayer added;
    added.layer = index;
    added.height = layer.shape.height;
    added.width = layer.shape.width;
    added.channels = layer.shape.channels;
    added.weight_words = layer.weight_words;
    added.weight_bits = layer.weight_words * layer.layer.bits.weights;
    group_.layers.push_back(std::move(added));
    for (const std::size_t index_of_read : layer.reads) {
      const FusionRead& read = graph_.reads[index_of_read];
      const std::size_t tensor = place_of(read.tensor);
      if (!read_again_.contains(index_of_read)) {
        add_read(tensor, read, number, true);
        continue;
      }
      if (group_.tensors[tensor].producer) {
        add_read(tensor, read, number, false);
        again_[tensor].insert(read.widths.begin(), read.widths.end());
      }
      const std::size_t copy = add_tensor(read.tensor, std::nullopt);
      group_.tensors[copy].is_read_again = true;
      add_read(copy, read, number, true);
    }
    const std::size_t output = add_tensor(layer.output, number);
    places_[layer.output] = output;
    group_.layers[number].output = output;
  }

  void finish(GroupTensor& tensor) {
    const auto place = static_cast<std::size_t>(&tensor - group_.tensors.data());
    const std::int64_t channels = tensor.channels;
    tensor.kept_bits = channels * total_width(kept_[place]);
    if (!tensor.producer) {
      tensor.fetched_bits = tensor.kept_bits;
      tensor.fetched_words = channels * static_cast<std::int64_t>(kept_[place].size());
      return;
    }
    std::set<int> written = outside_widths(graph_, group_.slice, graph_.tensors[tensor.tensor]);
    tensor.is_output = !written.empty();
    written.insert(again_[place].begin(), again_[place].end());
    tensor.written_bits = channels * total_width(written);
    tensor.written_words = channels * static_cast<std::int64_t>(written.size());
    tensor.can_pass_parts = can_pass_parts(tensor);
  }

  [[nodiscard]] bool can_pass_parts(const GroupTensor& tensor) const {
    if (tensor.written_bits > 0 || tensor.reads.size() != 1) return false;
    const GroupRead& read = group_.reads[tensor.reads.front()];
    const FusionLayer& reader = graph_.layers[group_.layers[read.layer].layer];
    return read.layer == *tensor.producer + 1 && is_channelwise(reader) &&
           reader.shape.channels == tensor.channels;
  }

  void finish(GroupLayer& layer) {
    const Layer& whole = graph_.layers[layer.layer].layer;
    if (!accumulates(whole)) return;
    const GroupTensor& output = group_.tensors[layer.output];
    const std::int64_t stored = std::max(output.kept_bits, output.written_bits);
    layer.unfinished_bits =
        std::max<std::int64_t>(0, layer.channels * whole.bits.partial_sums - stored);
  }

  const FusionGraph& graph_;
  std::set<std::size_t> read_again_;
  std::map<std::size_t, std::size_t> places_;
  std::vector<std::set<int>> kept_, again_;
  Group group_;
};

}  // namespace

std::int64_t weight_bits_of_part(const GroupLayer& layer, std::int64_t channel_parts) {
  return ceil_div(layer.weight_bits, layer.channels) * ceil_div(layer.channels, channel_parts);
}

int output_width(const Group& group, std::size_t layer) {
  const GroupTensor& output = group.tensors[group.layers[layer].output];
  constexpr std::int64_t kMost = 64;
  return static_cast<int>(
      std::min(kMost, (output.kept_bits + output.written_bits) / output.channels));
}

std::vector<std::size_t> skip_reads(const FusionGraph& graph, const Slice& slice) {
  std::vector<std::size_t> skips;
  std::set<std::size_t> seen;
  for (std::size_t l = slice.first; l < slice.last; ++l) {
    for (const std::size_t read : graph.layers[l].reads)
      if (!seen.insert(graph.reads[read].tensor).second) skips.push_back(read);
  }
  return skips;
}

Group make_group(const FusionGraph& graph, const Slice& slice,
                 const std::vector<std::size_t>& read_again) {
  return Builder(graph, slice, read_again).build();
}

}  // namespace hwflow::chip
