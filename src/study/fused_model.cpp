#include "study/fused_model.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "study/group_details.hpp"

namespace hwflow::study {
namespace {

/// Every width of a graph: with network and batch given, the graph.
std::string key_of(const chip::FusionGraph& graph) {
  return slice_key(graph, {0, graph.layers.size()});
}

}  // namespace

FusedModel::FusedModel(Network network, chip::Accelerator accelerator,
                       const HardwareOptions& hardware, chip::FusionMachine machine,
                       chip::FusionOptions options)
    : HardwareModel(std::move(network), std::move(accelerator), hardware),
      machine_(std::move(machine)),
      options_(std::move(options)) {
  options_.slices = &slices_;
}

Expected<std::unique_ptr<FusedModel>> FusedModel::make(Network network,
                                                       chip::Accelerator accelerator,
                                                       const HardwareOptions& hardware,
                                                       const chip::FusionOptions& options,
                                                       chip::MappingCache& mappings) {
  Expected<chip::FusionMachine> machine = make_fusion_machine(accelerator);
  if (!machine) return Unexpected{std::move(machine).error()};
  chip::FusionOptions shared = options;
  shared.mappings = &mappings;
  return std::unique_ptr<FusedModel>(new FusedModel(std::move(network), std::move(accelerator),
                                                    hardware, std::move(*machine),
                                                    std::move(shared)));
}

chip::FusionGraph FusedModel::graph_of(const CompressionPlan& plan) const {
  return chip::make_fusion_graph(*network_of(plan), plan, lowering());
}

void FusedModel::count_layers(const chip::FusionGraph& graph) {
  for (const chip::FusionLayer& layer : graph.layers)
    if (!layers_.insert(shape_key(layer.batched)).second) ++layers_reused_;
}

Diagnostics FusedModel::named(const Diagnostics& problems) const {
  Diagnostics named = problems;
  for (Diagnostic& problem : named)
    problem.place = "layer " + problem.place + " on " + accelerator().name();
  return named;
}

Diagnostics FusedModel::prepare(std::span<const CompressionPlan> plans, int threads,
                                std::stop_token stop) {
  std::map<std::string, chip::FusionGraph> missing;
  for (const CompressionPlan& plan : plans) {
    chip::FusionGraph graph = graph_of(plan);
    count_layers(graph);
    std::string key = key_of(graph);
    if (!known_.contains(key)) missing.emplace(std::move(key), std::move(graph));
  }
  std::vector<const chip::FusionGraph*> graphs;
  for (const auto& [key, graph] : missing) graphs.push_back(&graph);
  std::vector<std::optional<Expected<chip::NetworkFusion>>> results(graphs.size());
  chip::FusionOptions options = options_;
  const auto count = static_cast<int>(graphs.size());
  options.threads = count == 0 ? 1 : std::max(1, threads / count);
  parallel_for(graphs.size(), threads, [&](std::size_t i) {
    if (!stop.stop_requested()) results[i] = fuse_network(*graphs[i], machine_, options, {}, stop);
  });
  if (stop.stop_requested()) return {};  // what came out may not be the best

  Diagnostics problems;
  std::set<std::string> told;
  std::size_t i = 0;
  for (const auto& [key, graph] : missing) {
    const Expected<chip::NetworkFusion>& result = *results[i++];
    if (result) {
      known_.emplace(key, result->total);
      continue;
    }
    for (Diagnostic& problem : named(result.error()))
      if (told.insert(problem.place).second) problems.push_back(std::move(problem));
  }
  return problems;
}

HardwareCost FusedModel::cost(const CompressionPlan& plan) const {
  const auto known = known_.find(key_of(graph_of(plan)));
  HWFLOW_CHECK(known != known_.end(), "plan was not prepared");
  const chip::NetworkCost& total = known->second;
  return {total.energy_pj,     total.cycles,  total.dram_bits,
          model_bits_of(plan), macs_of(plan), failures_of(plan).failures};
}

PlanSchedule FusedModel::schedule(const CompressionPlan& plan) const {
  const chip::FusionGraph graph = graph_of(plan);
  HWFLOW_CHECK(known_.contains(key_of(graph)), "plan was not prepared");
  const Expected<chip::NetworkFusion> fusion = fuse_network(graph, machine_, options_);
  HWFLOW_CHECK(fusion.has_value(), "a plan that was fused before cannot be fused again");
  return describe_fusion(network(), graph, machine_, *fusion);
}

}  // namespace hwflow::study
