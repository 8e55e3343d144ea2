#include "study/fused_bounds_model.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/parallel.hpp"

namespace hwflow::study {

FusedBoundsModel::FusedBoundsModel(Network network, chip::Accelerator accelerator,
                                   const HardwareOptions& hardware, chip::FusionMachine machine,
                                   chip::BoundDetail detail)
    : HardwareModel(std::move(network), std::move(accelerator), hardware),
      machine_(std::move(machine)),
      detail_(detail) {}

Expected<std::unique_ptr<FusedBoundsModel>> FusedBoundsModel::make(Network network,
                                                                   chip::Accelerator accelerator,
                                                                   const HardwareOptions& hardware,
                                                                   Abstraction model) {
  HWFLOW_CHECK(model != Abstraction::fine, "the fine model is no bound");
  Expected<chip::FusionMachine> machine = make_fusion_machine(accelerator);
  if (!machine) return Unexpected{std::move(machine).error()};
  const auto detail =
      model == Abstraction::coarse ? chip::BoundDetail::transfers : chip::BoundDetail::innermost;
  return std::unique_ptr<FusedBoundsModel>(new FusedBoundsModel(
      std::move(network), std::move(accelerator), hardware, std::move(*machine), detail));
}

Diagnostics FusedBoundsModel::prepare(std::span<const CompressionPlan> plans, int threads,
                                      std::stop_token stop) {
  std::map<std::string, const CompressionPlan*> missing;
  for (const CompressionPlan& plan : plans) {
    std::string text = to_text(plan);
    if (!known_.contains(text)) missing.emplace(std::move(text), &plan);
  }
  std::vector<const CompressionPlan*> fresh;
  for (const auto& [text, plan] : missing) fresh.push_back(plan);
  std::vector<std::optional<Expected<chip::NetworkBound>>> results(fresh.size());
  parallel_for(fresh.size(), threads, [&](std::size_t i) {
    if (stop.stop_requested()) return;
    results[i] = network_bound(
        chip::make_fusion_graph(*network_of(*fresh[i]), *fresh[i], lowering()), machine_, detail_);
  });
  Diagnostics problems;
  std::size_t i = 0;
  for (const auto& [text, plan] : missing) {
    const std::optional<Expected<chip::NetworkBound>>& result = results[i++];
    if (!result) continue;
    if (*result) {
      known_.emplace(text, **result);
    } else if (problems.empty()) {
      problems = result->error();
    }
  }
  return problems;
}

HardwareCost FusedBoundsModel::cost(const CompressionPlan& plan) const {
  const auto bound = known_.find(to_text(plan));
  HWFLOW_CHECK(bound != known_.end(), "plan was not prepared");
  return {bound->second.energy_pj, bound->second.cycles, bound->second.dram_bits,
          model_bits_of(plan),     macs_of(plan),        failures_of(plan).failures};
}

PlanSchedule FusedBoundsModel::schedule(const CompressionPlan&) const {
  HWFLOW_CHECK(false, "bounds have no schedule");
  return {};
}

}  // namespace hwflow::study
