// What a search finds with other operators, algorithms or oversampling at equal numbers of accuracy
// evaluations, on accuracies made by a formula:
//   search_quality [NETWORK ARCH EVALUATIONS SEEDS [BLOCK]]   (resnet20 eyeriss 600 10)
// BLOCK: operators, algorithms or surrogate alone.
// One line per variant: mean hypervolume over seeds; against the first line of its block, seed by
// seed, the mean gain with its standard error and how often it is better. Costs are those of
// evaluate_mid(), so that this takes seconds; every seed is another set of sensitivities.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "formula_accuracy.hpp"
#include "study/layer_bounds_model.hpp"
#include "study/search.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::study {
namespace {

struct Variant {
  std::string name;
  SearchOptions search;
};

SearchOptions base_options(std::int64_t evaluations) {
  SearchOptions search;
  search.weight_bits = search.input_bits = {2, 3, 4, 6, 8};
  search.pinned = {{"first", 8, 8}, {"last", 8, 8}};
  search.evaluations = evaluations;
  search.compare_levels = false;
  search.crossover = pareto::Crossover::gene_run;
  search.mutation = pareto::Mutation::redraw;
  return search;
}

std::vector<Variant> operator_variants(std::int64_t evaluations, bool seeds) {
  std::vector<Variant> variants;
  for (const auto& [cross_name, crossover] : enum_names(pareto::Crossover{})) {
    for (const auto& [mutation_name, mutation] : enum_names(pareto::Mutation{})) {
      SearchOptions search = base_options(evaluations);
      search.sensitivity_seeds = seeds;
      search.crossover = crossover;
      search.mutation = mutation;
      variants.push_back({fmt::format("{}, {}", cross_name, mutation_name), search});
    }
  }
  return variants;
}

std::vector<Variant> algorithm_variants(std::int64_t evaluations, bool seeds) {
  std::vector<Variant> variants;
  for (const auto& [name, algorithm] : enum_names(Algorithm{})) {
    SearchOptions search = base_options(evaluations);
    search.sensitivity_seeds = seeds;
    search.algorithm = algorithm;
    variants.push_back({std::string(name), search});
  }
  return variants;
}

/// NSGA-II as it is by default, with so many offspring predicted for each one that is measured.
std::vector<Variant> surrogate_variants(std::int64_t evaluations, bool seeds) {
  std::vector<Variant> variants;
  for (const int oversample : {1, 2, 4, 8, 16, 32}) {
    SearchOptions search = base_options(evaluations);
    search.sensitivity_seeds = seeds;
    search.crossover = SearchOptions{}.crossover;
    search.mutation = SearchOptions{}.mutation;
    search.surrogate.oversample = oversample;
    variants.push_back({fmt::format("oversample {}", oversample), search});
  }
  return variants;
}

double hypervolume_of(const Study& study, HardwareModel& hardware, const std::string& file) {
  std::filesystem::remove(file);
  const auto store = RunStore::open(file);
  FormulaAccuracy accuracy(hardware.network().compute_nodes().size(), study.search.seed);
  const auto result = search_plans(study, hardware, accuracy, **store, {});
  return result->generations.back().hypervolume;
}

struct Mean {
  double value = 0.0, error = 0.0;
};

Mean mean_of(const std::vector<double>& values) {
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) squares += (value - sum / count) * (value - sum / count);
  return {sum / count, count < 2.0 ? 0.0 : std::sqrt(squares / (count - 1.0) / count)};
}

void compare(const std::string& title, const std::vector<Variant>& variants,
             HardwareModel& hardware, int seeds, const std::string& file) {
  fmt::print("{}\n", title);
  std::vector<double> first;
  for (const Variant& variant : variants) {
    std::vector<double> volumes, gains;
    for (int seed = 1; seed <= seeds; ++seed) {
      Study study;
      study.search = variant.search;
      study.search.seed = static_cast<std::uint64_t>(seed);
      study.baselines = {{8, 8}, {6, 6}, {4, 4}, {3, 3}, {2, 2}};
      volumes.push_back(hypervolume_of(study, hardware, file));
      if (&variant == &variants.front()) first = volumes;
      gains.push_back(100.0 * (volumes.back() / first[volumes.size() - 1] - 1.0));
    }
    const auto better = std::count_if(gains.begin(), gains.end(), [](double x) { return x > 0; });
    const Mean gain = mean_of(gains);
    fmt::print("  {:28} {:.5f}   {:+.2f} % +- {:.2f}   better in {} of {}\n", variant.name,
               mean_of(volumes).value, gain.value, gain.error, better, seeds);
    std::fflush(stdout);
  }
}

int run(const std::vector<std::string>& arguments) {
  const auto argument = [&](std::size_t i, const char* other) {
    return arguments.size() > i ? arguments[i] : std::string(other);
  };
  const Expected<OnnxModel> model = load_network(argument(0, "resnet20"));
  const Expected<chip::Accelerator> accelerator = chip::load_accelerator(argument(1, "eyeriss"));
  if (!model || !accelerator) {
    fmt::print(stderr, "{}", to_text(model ? accelerator.error() : model.error()));
    return 2;
  }
  const std::int64_t evaluations = std::strtoll(argument(2, "600").c_str(), nullptr, 10);
  const int seeds = std::atoi(argument(3, "10").c_str());
  const std::string block = argument(4, "");
  const auto is_wanted = [&](const char* name) { return block.empty() || block == name; };
  LayerBoundsModel hardware(model->network, *accelerator, {},
                            bounds_of_layers(*accelerator, Abstraction::mid));
  const std::string file =
      (std::filesystem::temp_directory_path() / fmt::format("search_quality_{}.sqlite", getpid()))
          .string();
  for (const bool sensitivities : {false, true}) {
    const std::string with = sensitivities ? "with" : "without";
    if (is_wanted("operators"))
      compare(fmt::format("operators, {} sensitivity seeds, {} evaluations", with, evaluations),
              operator_variants(evaluations, sensitivities), hardware, seeds, file);
    if (is_wanted("algorithms"))
      compare(fmt::format("algorithms, {} sensitivity seeds, {} evaluations", with, evaluations),
              algorithm_variants(evaluations, sensitivities), hardware, seeds, file);
    if (is_wanted("surrogate"))
      compare(fmt::format("surrogate, {} sensitivity seeds, {} evaluations", with, evaluations),
              surrogate_variants(evaluations, sensitivities), hardware, seeds, file);
  }
  std::filesystem::remove(file);
  return 0;
}

}  // namespace
}  // namespace hwflow::study

int main(int count, char** arguments) {
  return hwflow::study::run({arguments + 1, arguments + count});
}
