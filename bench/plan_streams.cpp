#include "plan_streams.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "chip/arch/accelerator.hpp"
#include "formula_accuracy.hpp"
#include "study/layer_bounds_model.hpp"
#include "study/search.hpp"

namespace hwflow::study {
namespace {

class RecordingAccuracy final : public FormulaAccuracy {
 public:
  using FormulaAccuracy::FormulaAccuracy;
  std::optional<train::PlanAccuracy> evaluate(const CompressionPlan& plan,
                                              std::stop_token stop) override {
    plans.push_back(plan);
    return FormulaAccuracy::evaluate(plan, stop);
  }
  std::vector<CompressionPlan> plans;
};

constexpr std::int64_t kUniform = 25;  // every search measures these first

std::vector<CompressionPlan> record(const Network& network, Algorithm algorithm,
                                    std::int64_t evaluations, std::uint64_t seed) {
  const chip::Accelerator accelerator = chip::load_accelerator("bitfusion").value();
  LayerBoundsModel hardware(network, accelerator, {},
                            bounds_of_layers(accelerator, Abstraction::coarse));
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / fmt::format("plan_streams_{}.sqlite", getpid());
  Study study;
  study.search.algorithm = algorithm;
  study.search.weight_bits = study.search.input_bits = {2, 3, 4, 6, 8};
  study.search.crossover = pareto::Crossover::gene_run;
  study.search.mutation = pareto::Mutation::redraw;
  study.search.sensitivity_seeds = false;
  study.search.evaluations = evaluations;
  study.search.seed = seed;
  std::filesystem::remove(file);
  const auto store = RunStore::open(file);
  RecordingAccuracy accuracy(network.compute_nodes().size(), seed);
  (void)search_plans(study, hardware, accuracy, **store, {}).value();
  std::filesystem::remove(file);
  return std::move(accuracy.plans);
}

PlanStream part(std::string name, const std::vector<CompressionPlan>& plans, std::int64_t first,
                std::int64_t count) {
  return {std::move(name), {plans.begin() + first, plans.begin() + first + count}};
}

/// `count` of the plans, evenly spread.
PlanStream spread(const PlanStream& all, std::size_t count) {
  PlanStream some{all.name, {}};
  count = std::min(count, all.plans.size());
  for (std::size_t i = 0; i < count; ++i)
    some.plans.push_back(all.plans[i * all.plans.size() / count]);
  return some;
}

}  // namespace

std::vector<PlanStream> record_streams(const Network& network, std::size_t limit,
                                       std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(limit);
  const std::int64_t steps = 2 * 4 * std::ssize(network.compute_nodes());
  const std::int64_t population = 40;  // of NSGA-II: the uniform plans and random ones
  const auto greedy = record(network, Algorithm::greedy, kUniform + steps + count, seed);
  const auto random = record(network, Algorithm::random, kUniform + count, seed);
  const auto bred = record(network, Algorithm::nsga2, population + count, seed);
  return {part("uniform", greedy, 0, kUniform),
          spread(part("single steps", greedy, kUniform, steps), limit),
          part("greedy paths", greedy, kUniform + steps, count),
          part("random", random, kUniform, count), part("NSGA-II", bred, population, count)};
}

}  // namespace hwflow::study
