#include "tests/report/fake_comparison.hpp"

#include "tests/report/fake_result.hpp"

namespace hwflow::report_test {
namespace {

study::ComparedAccelerator scaled(const std::string& label, double energy, std::int64_t cycles,
                                  study::CodesignResult result) {
  result.accelerator.name = label;
  for (auto& plan : result.evaluated) {
    plan.hardware.energy_pj *= energy;
    plan.hardware.cycles *= cycles;
  }
  study::ComparedAccelerator machine{label, std::move(result), {}, {}};
  machine.least_energy = machine.result.front[machine.result.front.size() / 2];
  machine.least_latency = machine.result.front[machine.result.front.size() / 3];
  return machine;
}

study::TransferMatrix matrix_of(study::Objective cost,
                                const std::vector<study::ComparedAccelerator>& machines) {
  study::TransferMatrix matrix{cost, {}};
  for (std::size_t from = 0; from < machines.size(); ++from) {
    auto& row = matrix.cells.emplace_back(machines.size());
    if (!machines[from].least_energy) continue;
    for (std::size_t to = 0; to < machines.size(); ++to) {
      const double base = cost == study::Objective::energy ? 1.0 : 2.0;
      row[to] =
          study::Transfer{{1000.0 * static_cast<double>(from + 1), 500, 300, 200},
                          machines[to].result.front.front(),
                          base + 0.1 * static_cast<double>(from) + 0.01 * static_cast<double>(to)};
    }
  }
  matrix.cells[1][2] = study::Transfer{{7.0, 8, 9, 10}, std::nullopt, std::nullopt};
  return matrix;
}

study::ComparisonResult comparison_of(const study::CodesignResult& result) {
  study::ComparisonResult comparison;
  comparison.study_name = result.study_name;
  comparison.version = result.version;
  comparison.started = result.started;
  comparison.network = result.network.name;
  comparison.data = result.data;
  comparison.algorithm = result.algorithm;
  comparison.seed = result.seed;
  comparison.tolerance = result.tolerance;
  comparison.float_search = result.float_search;
  comparison.objectives = result.objectives;
  comparison.evaluations = 999;
  comparison.distinct_plans = 640;
  comparison.accelerators = {scaled("full", 1.0, 1, result), scaled("half", 0.5, 2, result),
                             scaled("none", 1.0, 1, result)};
  comparison.accelerators[2].least_energy = comparison.accelerators[2].least_latency = {};
  for (const auto cost : {study::Objective::energy, study::Objective::latency}) {
    comparison.transfers.push_back(matrix_of(cost, comparison.accelerators));
  }
  return comparison;
}

}  // namespace

study::ComparisonResult fake_comparison() { return comparison_of(fake_result()); }

study::ComparisonResult hostile_comparison() {
  study::ComparisonResult comparison = comparison_of(hostile_result());
  comparison.missing = kHostile;
  comparison.stopped = true;
  return comparison;
}

}  // namespace hwflow::report_test
