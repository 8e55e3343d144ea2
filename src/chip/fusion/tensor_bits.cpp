#include "chip/fusion/tensor_bits.hpp"

#include <map>

namespace hwflow::chip {
namespace {

class Ledger {
 public:
  explicit Ledger(const FusionGraph& graph)
      : graph_(graph), maps_(graph.tensors.size()), weights_(graph.layers.size()) {}

  void add_group(const Slice& slice, const GroupSchedule& schedule) {
    const Group group = make_group(graph_, slice, schedule.read_again);
    const TileScans scans(group, schedule);
    const TiledGroup tiled(group, scans, schedule.outer);
    for (std::size_t t = 0; t < group.tensors.size(); ++t) {
      const GroupTensor& tensor = group.tensors[t];
      maps_[tensor.tensor] +=
          group.batch * (tensor.producer
                             ? scans.rows.total(t) * scans.columns.total(t) * tensor.written_bits
                             : tiled.fetched_pixels(t, schedule.halos[t]) * tensor.fetched_bits);
    }
    for (std::size_t l = 0; l < group.layers.size(); ++l)
      weights_[group.layers[l].layer] +=
          group.layers[l].weight_bits *
          (schedule.resident_weights[l] ? 1 : group.batch * tiled.working_steps(l, schedule));
  }

  /// Of a layer as the mapper maps it.
  void add_alone(std::size_t index, const Cost& cost) {
    const FusionLayer& layer = graph_.layers[index];
    const auto& operands = layer.batched.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) {
      const chip::TensorTraffic& dram = cost.levels.front().operands[o];
      const std::int64_t bits = dram.read_bits + dram.update_bits;
      if (operands[o].role == Role::outputs)
        maps_[layer.output] += bits;
      else if (operands[o].role == Role::weights && layer.weight_words > 0)
        weights_[index] += bits;
      else
        share(layer, bits);
    }
  }

  /// Everything once: the network as one group with nothing in the way.
  void add_compulsory() {
    const Group group = make_group(graph_, {0, graph_.layers.size()});
    GroupSchedule schedule;
    schedule.tile_rows = group.layers.back().height;
    schedule.tile_columns = group.layers.back().width;
    schedule.halos.assign(group.tensors.size(), HaloPolicy::retain);
    schedule.resident_weights.assign(group.layers.size(), true);
    add_group(group.slice, schedule);
  }

  [[nodiscard]] std::int64_t map(std::size_t tensor) const { return maps_[tensor]; }
  [[nodiscard]] std::int64_t weights(std::size_t layer) const { return weights_[layer]; }

 private:
  void share(const FusionLayer& layer, std::int64_t bits) {
    double pixels = 0.0;
    const auto size = [&](std::size_t read) {
      const FeatureShape& shape = graph_.tensors[graph_.reads[read].tensor].shape;
      return static_cast<double>(shape.channels) * static_cast<double>(shape.height * shape.width);
    };
    for (const std::size_t read : layer.reads) pixels += size(read);
    std::int64_t left = bits;
    for (const std::size_t read : layer.reads) {
      const bool is_last = read == layer.reads.back();
      const auto part =
          is_last ? left
                  : static_cast<std::int64_t>(static_cast<double>(bits) * size(read) / pixels);
      maps_[graph_.reads[read].tensor] += part;
      left -= part;
    }
  }

  const FusionGraph& graph_;
  std::vector<std::int64_t> maps_, weights_;
};

}  // namespace

std::vector<TensorBits> tensor_bits(const NetworkFusion& fusion, const FusionGraph& graph) {
  Ledger fused(graph), single(graph), compulsory(graph);
  for (const FusedGroup& group : fusion.groups) {
    if (group.plan)
      fused.add_group(group.slice, group.plan->schedule);
    else
      fused.add_alone(group.slice.first, group.alone->cost);
  }
  std::map<std::string, const Cost*> costs;
  for (const MappedLayer& mapped : fusion.single_mappings)
    for (const std::string& name : mapped.names) costs[name] = &mapped.result.cost;
  if (fusion.single_layers)
    for (std::size_t l = 0; l < graph.layers.size(); ++l)
      single.add_alone(l, *costs.at(graph.layers[l].batched.name));
  compulsory.add_compulsory();
  std::vector<TensorBits> all;
  const bool has_single = fusion.single_layers.has_value();
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
    all.push_back({graph.tensors[t].name, false, fused.map(t), {}, compulsory.map(t)});
    if (has_single) all.back().single_bits = single.map(t);
  }
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    if (graph.layers[l].weight_words == 0) continue;
    all.push_back({graph.layers[l].layer.name, true, fused.weights(l), {}, compulsory.weights(l)});
    if (has_single) all.back().single_bits = single.weights(l);
  }
  return all;
}

}  // namespace hwflow::chip
