#include "study/transfers.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/build_signature.hpp"
#include "base/check.hpp"
#include "chip/mapper/mapper.hpp"
#include "study/schedules.hpp"
#include "study/search.hpp"

namespace hwflow::study {
namespace {

using Prices = std::map<std::string, HardwareCost>;  // by the text of the plan

/// Mappings of the store, as every run of this program keeps them there.
chip::MappingCache stored_mappings(RunStore& store) {
  const std::string code(build_signature().hardware);
  return {[&store, code](const std::string& key) { return store.find_mapping(code + "|" + key); },
          [&store, code](const std::string& key, const std::string& text) {
            store.save_mapping(code + "|" + key, text);
          }};
}

std::vector<CompressionPlan> best_plans(std::span<const ComparedAccelerator> machines) {
  std::map<std::string, CompressionPlan> distinct;
  for (const ComparedAccelerator& machine : machines) {
    for (const auto& place : {machine.least_energy, machine.least_latency}) {
      if (!place) continue;
      const CompressionPlan& plan = machine.result.evaluated[*place].plan;
      distinct.emplace(to_text(plan), plan);
    }
  }
  std::vector<CompressionPlan> plans;
  for (auto& [text, plan] : distinct) plans.push_back(std::move(plan));
  return plans;
}

double value_of(Objective cost, const HardwareCost& hardware) {
  return objective_value(cost, {}, hardware);
}

Transfer transfer(const EvaluatedPlan& plan, const HardwareCost& hardware, Objective cost,
                  const CodesignResult& to) {
  Transfer result{hardware, cheapest_plan(to, cost, plan.accuracy.top1()), std::nullopt};
  if (result.own) {
    const double own = value_of(cost, to.evaluated[*result.own].hardware);
    if (own > 0.0) result.ratio = value_of(cost, hardware) / own;
  }
  return result;
}

TransferMatrix matrix_of(Objective cost, std::span<const ComparedAccelerator> machines,
                         std::span<const Prices> prices) {
  TransferMatrix matrix{cost, {}};
  for (const ComparedAccelerator& from : machines) {
    const auto best = cost == Objective::energy ? from.least_energy : from.least_latency;
    auto& row = matrix.cells.emplace_back(machines.size());
    if (!best) continue;
    const EvaluatedPlan& plan = from.result.evaluated[*best];
    for (std::size_t to = 0; to < machines.size(); ++to) {
      row[to] = transfer(plan, prices[to].at(to_text(plan.plan)), cost, machines[to].result);
    }
  }
  return matrix;
}

}  // namespace

std::optional<std::size_t> cheapest_plan(const CodesignResult& result, Objective cost,
                                         double least_top1) {
  std::optional<std::size_t> best;
  const auto key = [&](std::size_t i) {
    const EvaluatedPlan& plan = result.evaluated[i];
    return std::pair{value_of(cost, plan.hardware), -plan.accuracy.top1()};
  };
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    if (result.evaluated[i].accuracy.top1() < least_top1) continue;
    if (!best || key(i) < key(*best)) best = i;
  }
  return best;
}

Expected<std::optional<std::vector<TransferMatrix>>> price_transfers(
    std::span<const LoadedStudy> studies, std::span<const ComparedAccelerator> machines,
    RunStore& store, int threads, std::stop_token stop) {
  using Result = std::optional<std::vector<TransferMatrix>>;
  HWFLOW_CHECK(studies.size() == machines.size(), "machines without a study");
  const std::vector<CompressionPlan> plans = best_plans(machines);
  std::vector<Prices> prices;
  for (const LoadedStudy& study : studies) {
    chip::MappingCache mappings = stored_mappings(store);
    const std::unique_ptr<HardwareModel> hardware = make_hardware_model(study, mappings);
    Diagnostics problems = hardware->prepare(plans, threads, stop);
    if (!problems.empty()) return Unexpected{std::move(problems)};
    if (stop.stop_requested()) return Result{};
    Prices& costs = prices.emplace_back();
    for (const CompressionPlan& plan : plans) costs.emplace(to_text(plan), hardware->cost(plan));
  }
  std::vector<TransferMatrix> matrices;
  for (const Objective cost : {Objective::energy, Objective::latency}) {
    matrices.push_back(matrix_of(cost, machines, prices));
  }
  return Result{std::move(matrices)};
}

}  // namespace hwflow::study
