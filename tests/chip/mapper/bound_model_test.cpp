// Witness: evaluate(), which is itself checked against a walk of the nest. A bound may never be
// above the cost of a mapping that completes what is decided.
#include "chip/mapper/bound_model.hpp"

#include <gtest/gtest.h>

#include "chip/mapper/loop_moves.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using testing::SmallProblem;

Candidate undecide(const MapSpace& space, Candidate candidate, std::size_t dims) {
  for (std::size_t i = dims; i < space.dims().size(); ++i) {
    candidate.chains[index(space.dims()[i])] = kNoLoops;
  }
  return candidate;
}

void expect_below(const Bound& bound, const Cost& cost, const std::string& what) {
  const double slack = 1 + 1e-9;
  EXPECT_LE(bound.energy_pj, cost.energy_pj * slack) << what;
  EXPECT_LE(bound.cycles, static_cast<double>(cost.cycles) * slack) << what;
  EXPECT_LE(bound.dram_bits, static_cast<double>(cost.dram_bits) * slack) << what;
}

/// Checks all prefixes of the decisions the branch and bound takes; true for feasible mappings.
bool check_candidate(const SmallProblem& problem, const MapSpace& space, const BoundModel& model,
                     const Candidate& candidate) {
  const Mapping mapping = space.to_mapping(candidate);
  const auto evaluation = evaluate(problem.layer, problem.accelerator, mapping);
  const auto* cost = std::get_if<Cost>(&evaluation);
  if (cost == nullptr) return false;
  const std::string what =
      testing::describe(problem) + "\n" + to_text(mapping, problem.accelerator);
  Decided decided;
  for (std::size_t dims = 0; dims <= space.dims().size(); ++dims) {
    const Candidate partial = undecide(space, candidate, dims);
    EXPECT_FALSE(model.overflow(partial)) << what;
    expect_below(model.bound(partial, decided), *cost, what);
    if (dims < space.dims().size()) decided.dims |= 1U << index(space.dims()[dims]);
  }
  decided.dims = BoundModel::kAllDims;
  for (std::size_t level = 0; level < space.level_count(); ++level) {
    decided.levels |= 1U << level;
    expect_below(model.bound(candidate, decided), *cost, what);
  }
  return true;
}

void check_factors(MapperOptions::Factors factors, std::uint64_t seed) {
  int feasible = 0;
  for (std::uint64_t i = 0; i < 1'500; ++i) {
    Rng rng = Rng::derive(seed, i);
    const SmallProblem problem = testing::make_small_problem(rng);
    const MapSpace space(problem.layer, problem.accelerator, factors);
    const BoundModel model(problem.layer, problem.accelerator, space);
    const LoopMoves moves(space);
    for (int sample = 0; sample < 6; ++sample) {
      const Candidate candidate = moves.sample(rng);
      if (!space.from_mapping(space.to_mapping(candidate))) continue;
      if (check_candidate(problem, space, model, candidate)) ++feasible;
    }
    if (::testing::Test::HasFailure()) {
      FAIL() << "seed " << seed << ", case " << i;
    }
  }
  EXPECT_GT(feasible, 500);
}

TEST(BoundModel, IsNeverAboveTheCostWithPerfectFactors) {
  check_factors(MapperOptions::Factors::perfect, 20261123);
}

TEST(BoundModel, IsNeverAboveTheCostWithCeilingFactors) {
  check_factors(MapperOptions::Factors::ceiling, 20261124);
}

/// One fully connected layer of 4 x 6, nothing decided. By hand: DRAM moves 24 weights, 6 inputs
/// and 4 outputs of 16 bits; 24 MACs on 6 units take 4 cycles.
TEST(BoundModel, RootIsCompulsoryTrafficAndPeakCompute) {
  const auto op = make_fully_connected(1, 6, 4);
  ASSERT_TRUE(op);
  const SmallProblem problem{{"fc", *op, {}}, testing::make_tiny_accelerator(1 << 16, 1 << 12)};
  const MapSpace space(problem.layer, problem.accelerator, MapperOptions::Factors::perfect);
  const BoundModel model(problem.layer, problem.accelerator, space);
  const Bound root = model.bound(space.empty(), {});
  EXPECT_DOUBLE_EQ(root.dram_bits, (24 + 6 + 4) * 16);
  EXPECT_DOUBLE_EQ(root.cycles, 4);
}

}  // namespace
}  // namespace hwflow::chip
