#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "report/comparison.hpp"
#include "report/csv.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "schema/value.hpp"
#include "schema/write.hpp"

namespace hwflow::report {
namespace {

using schema::Value;
using study::Objective;

std::optional<train::AccuracyEstimate> test_accuracy(const study::CodesignResult& result,
                                                     std::size_t evaluated) {
  const auto shown = details_of(result, evaluated);
  return shown ? result.plans[*shown].test_integer : std::nullopt;
}

Value top1_value(const std::optional<train::AccuracyEstimate>& accuracy) {
  return accuracy ? Value(accuracy->top1()) : Value{};
}

Value cost_values(Value value, const study::HardwareCost& hardware) {
  return value.set("energy_pj", hardware.energy_pj)
      .set("cycles", hardware.cycles)
      .set("dram_bits", hardware.dram_bits)
      .set("model_bits", hardware.model_bits)
      .set("macs", hardware.macs);
}

Value plan_value(const study::CodesignResult& result, std::optional<std::size_t> index) {
  if (!index) return {};
  const auto& plan = result.evaluated[*index];
  Value value = Value::map()
                    .set("plan", to_text(plan.plan))
                    .set("index", static_cast<std::int64_t>(*index))
                    .set("accuracy", plan.accuracy.top1())
                    .set("standard_error", plan.accuracy.standard_error())
                    .set("confirmed", top1_value(plan.confirmed))
                    .set("test_integer", top1_value(test_accuracy(result, *index)));
  return cost_values(std::move(value), plan.hardware);
}

Value machine_value(const study::ComparedAccelerator& machine) {
  const auto& result = machine.result;
  Value front = Value::list();
  for (const std::size_t i : result.front) front.append(plan_value(result, i));
  return Value::map()
      .set("label", machine.label)
      .set("accelerator", result.accelerator.name)
      .set("description", result.accelerator.description)
      .set("energy_table", result.accelerator.energy_table)
      .set("clock_mhz", result.accelerator.clock_mhz)
      .set("report", machine.label + "/report.html")
      .set("stopped", result.stopped)
      .set("evaluations", result.accuracy_evaluations)
      .set("hypervolume",
           result.generations.empty() ? Value{} : Value(result.generations.back().hypervolume))
      .set("widest_uniform", plan_value(result, widest_uniform(result)))
      .set("least_energy", plan_value(result, machine.least_energy))
      .set("least_latency", plan_value(result, machine.least_latency))
      .set("front", std::move(front));
}

Value transfer_value(const study::ComparisonResult& comparison, std::size_t from, std::size_t to,
                     Objective cost, const study::Transfer& transfer) {
  const auto& source = comparison.accelerators[from];
  const auto& target = comparison.accelerators[to];
  const auto& plan = source.result.evaluated[*best_of(source, cost)];
  Value value = Value::map()
                    .set("from", source.label)
                    .set("to", target.label)
                    .set("plan", to_text(plan.plan))
                    .set("accuracy", plan.accuracy.top1());
  value = cost_values(std::move(value), transfer.hardware);
  return value.set("own", plan_value(target.result, transfer.own))
      .set("ratio", transfer.ratio ? Value(*transfer.ratio) : Value{});
}

/// Calls `visit(from, to, matrix, transfer)` for every cell that there is.
template <class Visit>
void for_each_transfer(const study::TransferMatrix& matrix, Visit visit) {
  for (std::size_t from = 0; from < matrix.cells.size(); ++from) {
    for (std::size_t to = 0; to < matrix.cells[from].size(); ++to) {
      if (matrix.cells[from][to]) visit(from, to, *matrix.cells[from][to]);
    }
  }
}

std::string optional_text(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : std::string();
}

}  // namespace

std::optional<std::size_t> best_of(const study::ComparedAccelerator& machine, Objective cost) {
  return cost == Objective::latency ? machine.least_latency : machine.least_energy;
}

std::optional<std::size_t> widest_uniform(const study::CodesignResult& result) {
  std::optional<std::size_t> widest;
  if (!result.baselines.empty()) widest = result.baselines.front();
  return widest;
}

bool macs_differ(const study::ComparisonResult& comparison) {
  return std::ranges::any_of(comparison.accelerators,
                             [](const auto& machine) { return macs_differ(machine.result); });
}

std::string ratio_text(const std::optional<study::Transfer>& transfer) {
  return transfer && transfer->ratio ? fmt::format("{:.3f}", *transfer->ratio) : std::string("-");
}

std::string comparison_json(const study::ComparisonResult& comparison) {
  Value machines = Value::list(), transfers = Value::map();
  for (const auto& machine : comparison.accelerators) machines.append(machine_value(machine));
  for (const auto& matrix : comparison.transfers) {
    Value cells = Value::list();
    for_each_transfer(matrix, [&](std::size_t from, std::size_t to, const study::Transfer& cell) {
      cells.append(transfer_value(comparison, from, to, matrix.cost, cell));
    });
    transfers.set(std::string(name(matrix.cost)), std::move(cells));
  }
  Value objectives = Value::list();
  for (const Objective objective : comparison.objectives) {
    objectives.append(std::string(name(objective)));
  }
  return schema::to_json_text(Value::map()
                                  .set("study", comparison.study_name)
                                  .set("network", comparison.network)
                                  .set("data", comparison.data)
                                  .set("algorithm", comparison.algorithm)
                                  .set("objectives", std::move(objectives))
                                  .set("seed", std::to_string(comparison.seed))
                                  .set("version", comparison.version)
                                  .set("started", comparison.started)
                                  .set("stopped", comparison.stopped)
                                  .set("missing", comparison.missing)
                                  .set("tolerance", comparison.tolerance)
                                  .set("float_search", comparison.float_search.top1())
                                  .set("evaluations", comparison.evaluations)
                                  .set("distinct_plans", comparison.distinct_plans)
                                  .set("accelerators", std::move(machines))
                                  .set("transfers", std::move(transfers)));
}

std::string comparison_csv(const study::ComparisonResult& comparison) {
  std::string text =
      "accelerator,index,accuracy,standard_error,confirmed,test_integer,energy_pj,cycles,seconds,"
      "dram_bits,model_bits,macs,least_energy,least_latency,plan\r\n";
  const auto top1 = [](const std::optional<train::AccuracyEstimate>& accuracy) {
    return accuracy ? fmt::format("{}", accuracy->top1()) : std::string();
  };
  for (const auto& machine : comparison.accelerators) {
    const auto& result = machine.result;
    for (const std::size_t i : result.front) {
      const auto& plan = result.evaluated[i];
      text += fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_cell(machine.label), i,
          plan.accuracy.top1(), plan.accuracy.standard_error(), top1(plan.confirmed),
          top1(test_accuracy(result, i)), plan.hardware.energy_pj, plan.hardware.cycles,
          seconds_of(plan.hardware.cycles, result.accelerator.clock_mhz), plan.hardware.dram_bits,
          plan.hardware.model_bits, plan.hardware.macs, machine.least_energy == i ? 1 : 0,
          machine.least_latency == i ? 1 : 0, csv_cell(to_text(plan.plan)));
    }
  }
  return text;
}

std::string transfers_csv(const study::ComparisonResult& comparison) {
  std::string text =
      "cost,from,to,ratio,accuracy,energy_pj,cycles,own_accuracy,own_energy_pj,own_cycles,plan,"
      "own_plan\r\n";
  for (const auto& matrix : comparison.transfers) {
    for_each_transfer(matrix, [&](std::size_t from, std::size_t to, const study::Transfer& cell) {
      const auto& source = comparison.accelerators[from];
      const auto& target = comparison.accelerators[to];
      const auto& plan = source.result.evaluated[*best_of(source, matrix.cost)];
      std::string own = ",,", own_plan;
      if (cell.own) {
        const auto& best = target.result.evaluated[*cell.own];
        own = fmt::format("{},{},{}", best.accuracy.top1(), best.hardware.energy_pj,
                          best.hardware.cycles);
        own_plan = to_text(best.plan);
      }
      text += fmt::format("{},{},{},{},{},{},{},{},{},{}\r\n", name(matrix.cost),
                          csv_cell(source.label), csv_cell(target.label), optional_text(cell.ratio),
                          plan.accuracy.top1(), cell.hardware.energy_pj, cell.hardware.cycles, own,
                          csv_cell(to_text(plan.plan)), csv_cell(own_plan));
    });
  }
  return text;
}

}  // namespace hwflow::report
