// Law: for every mapping there is a class whose sums count no more than evaluate() does, in energy,
// cycles and DRAM bits, and whose limits the mapping keeps.
#include "chip/mapper/term_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "chip/cost/cost.hpp"
#include "chip/cost/semantics.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using testing::SmallProblem;

struct Least {
  double energy_pj = std::numeric_limits<double>::infinity();
  double cycles = energy_pj, dram_bits = energy_pj;
};

double total(const TermSum& sum, const std::vector<double>& products) {
  double value = 0.0;
  for (const TermShare& share : sum) value += share.coefficient * products[share.term];
  return value;
}

std::optional<std::vector<double>> products_of(const TermModel& model, const LoopClass& loop_class,
                                               const Candidate& candidate) {
  std::vector<double> products(model.term_count(), 1.0);
  for (std::size_t c = 0; c < model.compounds().size(); ++c) {
    FactorChoice choice;
    for (std::size_t d = 0; d < model.compounds()[c].size(); ++d)
      choice.loops[d] = candidate.chains[index(model.compounds()[c][d])];
    if (!model.allows(loop_class, c, choice)) return std::nullopt;
    FactorChoices alone({choice.loops[0]}, {choice.loops[1]});
    alone.add(0, 0);
    for (std::size_t t = 0; t < products.size(); ++t)
      products[t] *= model.column(t, loop_class, c, alone).values[0];
  }
  return products;
}

Least least_of(const TermModel& model, const std::vector<LoopClass>& classes,
               const Candidate& candidate) {
  Least least;
  const CostSums& sums = model.sums();
  for (const LoopClass& loop_class : classes) {
    const auto products = products_of(model, loop_class, candidate);
    if (!products) continue;
    const bool fits = std::all_of(sums.limits.begin(), sums.limits.end(), [&](const auto& limit) {
      return total(limit.sum, *products) <= limit.room * (1.0 + 1e-12);
    });
    if (!fits) continue;
    double cycles = 0.0;
    for (const auto& group : sums.cycles) {
      double longest = 0.0;
      for (const TermSum& sum : group) longest = std::max(longest, total(sum, *products));
      cycles += longest;
    }
    least.cycles = std::min(least.cycles, cycles);
    least.energy_pj =
        std::min(least.energy_pj, sums.fixed_energy_pj + total(sums.energy, *products) +
                                      sums.leakage_pj_per_cycle * cycles);
    least.dram_bits =
        std::min(least.dram_bits, sums.fixed_dram_bits + total(sums.dram_bits, *products));
  }
  return least;
}

void shuffle(LoopOrder& order, Rng& rng) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
}

void check_law(Semantics semantics) {
  constexpr int kProblems = 300, kMappings = 40;
  int compared = 0;
  for (std::uint64_t i = 0; i < kProblems; ++i) {
    Rng rng = Rng::derive(41, i);
    SmallProblem problem = testing::make_small_problem(rng);
    // Without operand registers a unit of Timeloop's reads no word twice in a row: not in the
    // terms.
    if (semantics != Semantics::exact &&
        problem.accelerator.engine().operand_registers.contains(Role::inputs))
      problem.accelerator = with_semantics(problem.accelerator, semantics);
    const TermModel model(problem.layer, problem.accelerator);
    if (!model.is_exact()) continue;
    const MapSpace space(problem.layer, problem.accelerator, MapperOptions::Factors::perfect);
    const std::vector<LoopClass> classes = model.classes().all();
    for (int m = 0; m < kMappings; ++m) {
      Candidate candidate = space.empty();
      bool possible = true;
      for (const Dim dim : space.dims()) {
        const auto chains = space.chains(dim);
        possible = possible && !chains.empty();
        if (possible) candidate.chains[index(dim)] = chains[rng.below(chains.size())];
      }
      if (!possible) break;
      for (LoopOrder& order : candidate.orders) shuffle(order, rng);
      for (Dim& first : candidate.adjacent) first = kDims[rng.below(kDimCount)];
      const auto result = evaluate(problem.layer, problem.accelerator, space.to_mapping(candidate));
      const auto* cost = std::get_if<Cost>(&result);
      if (cost == nullptr) continue;
      ++compared;
      const Least least = least_of(model, classes, candidate);
      ASSERT_LE(least.energy_pj, cost->energy_pj * (1 + 1e-9)) << testing::describe(problem);
      ASSERT_LE(least.cycles, static_cast<double>(cost->cycles) * (1 + 1e-9))
          << testing::describe(problem);
      ASSERT_LE(least.dram_bits, static_cast<double>(cost->dram_bits) * (1 + 1e-9))
          << testing::describe(problem);
    }
  }
  EXPECT_GT(compared, 2'000);
}

TEST(TermModel, SomeClassCountsNoMoreThanEvaluate) { check_law(Semantics::exact); }

TEST(TermModel, SomeClassCountsNoMoreThanEvaluateWithBoxes) {
  check_law(Semantics::timeloop_no_forwarding);
}

TEST(TermModel, LeavesOverlappingOutputsToOtherStrategies) {
  ConvShape shape;
  shape.in_channels = shape.out_channels = 2;
  shape.in_height = shape.in_width = 4;
  shape.kernel_height = shape.kernel_width = 3;
  const auto op = make_transposed_convolution(shape);
  ASSERT_TRUE(op);
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  EXPECT_FALSE(TermModel({"up", *op, {}}, machine).is_exact());
  EXPECT_TRUE(TermModel(testing::make_conv_layer(4, 4, 6, 3), machine).is_exact());
}

}  // namespace
}  // namespace hwflow::chip
