#include "chip/mapper/product_search.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> kTable{
      {"products", "Exhaustive by classes of loop orders and products of factors", run_products,
       Countings::bounded_or_boxes},
      {"branch_and_bound", "Proves the optimum, or a gap when cut short", run_branch_and_bound},
      {"annealing", "Simulated annealing; no proof beyond the root bound", run_annealing,
       Countings::all},
      {"genetic", "Genetic algorithm; no proof beyond the root bound", run_genetic, Countings::all},
      {"random", "Uniform samples; the yardstick for the others", run_random, Countings::all},
  };
  return kTable;
}

}  // namespace hwflow::chip
