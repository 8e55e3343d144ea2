#include "chip/cost/reference_check.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/check.hpp"
#include "chip/arch/timeloop_architecture.hpp"
#include "chip/cost/cost.hpp"

namespace hwflow::chip {
namespace {

constexpr double kEnergyTolerance = 1e-9;

class Comparison {
 public:
  Comparison(const ReferenceCase& reference, const Cost& cost)
      : reference_(reference), cost_(cost) {}

  std::vector<CountDifference> run() {
    for (const ReferenceCounts& counts : reference_.result->counts) compare(counts);
    for (const ReferenceAccesses& accesses : reference_.result->accesses) compare(accesses);
    const auto& result = *reference_.result;
    if (result.compute_cycles)
      add("total", "", "compute_cycles", *result.compute_cycles, cost_.compute_cycles);
    if (result.cycles) add("total", "", "cycles", *result.cycles, cost_.cycles);
    if (result.energy_pj &&
        std::abs(*result.energy_pj - cost_.energy_pj) > kEnergyTolerance * *result.energy_pj)
      differences_.push_back({"total", "", "energy_pj", *result.energy_pj, cost_.energy_pj});
    return std::move(differences_);
  }

 private:
  void compare(const ReferenceCounts& counts) {
    const std::string tensor(timeloop::data_space(counts.role));
    const TensorTraffic* const traffic = find(counts.level, counts.role);
    if (traffic == nullptr) return;
    add(counts.level, tensor, "reads", counts.reads, traffic->reads);
    add(counts.level, tensor, "fills", counts.fills, traffic->fills);
    add(counts.level, tensor, "updates", counts.updates, traffic->updates);
    if (counts.drains) add(counts.level, tensor, "drains", *counts.drains, traffic->drains);
    if (counts.tile_words)
      add(counts.level, tensor, "tile_words", *counts.tile_words, traffic->tile_words);
  }

  void compare(const ReferenceAccesses& accesses) {
    const std::string tensor(timeloop::data_space(accesses.role));
    const TensorTraffic* const traffic = find(accesses.level, accesses.role);
    if (traffic == nullptr) return;
    add(accesses.level, tensor, "reads and drains", accesses.reads,
        traffic->reads + traffic->drains);
    add(accesses.level, tensor, "fills and updates", accesses.writes,
        traffic->fills + traffic->updates);
  }

  /// The traffic of a tensor at a level; null pointer, and a difference, when there is no such
  /// level.
  const TensorTraffic* find(const std::string& level, Role role) {
    const auto& levels = reference_.accelerator.levels();
    const auto& operands = reference_.layer.op.operands();
    for (LevelIndex l = 0; l < levels.size(); ++l) {
      if (levels[l].name != level) continue;
      for (std::size_t o = 0; o < operands.size(); ++o)
        if (operands[o].role == role) return &cost_.levels[l].operands[o];
      return nullptr;
    }
    differences_.push_back({level, std::string(timeloop::data_space(role)), "level", 1, 0});
    return nullptr;
  }

  void add(const std::string& level, const std::string& tensor, const std::string& count,
           std::int64_t expected, std::int64_t got) {
    if (expected == got) return;
    differences_.push_back(
        {level, tensor, count, static_cast<double>(expected), static_cast<double>(got)});
  }

  const ReferenceCase& reference_;
  const Cost& cost_;
  std::vector<CountDifference> differences_;
};

}  // namespace

Accelerator reference_machine(const ReferenceCase& reference, Semantics semantics) {
  Accelerator::Fields fields = reference.accelerator.fields();
  fields.counting.count_drain_reads = false;
  auto machine = Accelerator::make(std::move(fields));
  HWFLOW_CHECK(machine.has_value(), "the machine of the case is valid");
  return with_semantics(*machine, semantics);
}

namespace {

Expected<Cost> cost_of(const ReferenceCase& reference, const Mapping& mapping,
                       Semantics semantics) {
  const Evaluation evaluation =
      evaluate(reference.layer, reference_machine(reference, semantics), mapping);
  if (const auto* cost = std::get_if<Cost>(&evaluation)) return *cost;
  return Unexpected{
      Diagnostics{{reference.id,
                   fmt::format("the mapping is not possible: {}",
                               to_text(std::get<Infeasible>(evaluation), reference.accelerator)),
                   ""}}};
}

Semantics counting_of(const ReferenceOptimum& optimum) {
  if (optimum.counting == "TL") return Semantics::timeloop;
  if (optimum.counting == "TL_no_forwarding") return Semantics::timeloop_no_forwarding;
  return Semantics::exact;
}

}  // namespace

Expected<std::vector<CountDifference>> check_reference(const ReferenceCase& reference,
                                                       Semantics semantics) {
  HWFLOW_CHECK(reference.mapping && reference.result, "a case to evaluate has both");
  const auto cost = cost_of(reference, *reference.mapping, semantics);
  if (!cost) return Unexpected{cost.error()};
  return Comparison(reference, *cost).run();
}

Expected<std::vector<CountDifference>> check_optimum(const ReferenceCase& reference,
                                                     const ReferenceOptimum& optimum) {
  HWFLOW_CHECK(optimum.mapping.has_value(), "an optimum to evaluate has a mapping");
  const auto cost = cost_of(reference, *optimum.mapping, counting_of(optimum));
  if (!cost) return Unexpected{cost.error()};
  std::vector<CountDifference> differences;
  const auto compare = [&](const char* count, double expected, double got) {
    if (std::abs(expected - got) > kEnergyTolerance * expected)
      differences.push_back({"total", "", count, expected, got});
  };
  compare("energy_pj", optimum.energy_pj, cost->energy_pj);
  compare("cycles", static_cast<double>(optimum.cycles), static_cast<double>(cost->cycles));
  compare("dram_words", static_cast<double>(optimum.dram_words),
          static_cast<double>(cost->dram_bits) / static_cast<double>(kReferenceWordBits));
  return differences;
}

}  // namespace hwflow::chip
