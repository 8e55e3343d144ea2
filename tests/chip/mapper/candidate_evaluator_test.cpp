// Witness: evaluate(), which is itself checked against a walk of the nest.
#include "chip/mapper/candidate_evaluator.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <optional>

#include "chip/cost/semantics.hpp"
#include "chip/mapper/loop_moves.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using testing::SmallProblem;

bool chance(Rng& rng, std::int64_t one_in) { return rng.between(1, one_in) == 1; }

/// Any mixture of counting rules, or those of a tool.
Accelerator with_any_counting(const Accelerator& accelerator, Rng& rng) {
  const auto all = all_semantics();
  if (!chance(rng, 3)) return with_semantics(accelerator, all[rng.below(all.size())]);
  Accelerator::Fields fields = accelerator.fields();
  CountingRules& rules = fields.counting;
  for (bool CountingRules::*rule :
       {&CountingRules::box_tiles, &CountingRules::fetch_stride_gaps, &CountingRules::fetch_padding,
        &CountingRules::read_back_to_all, &CountingRules::hide_transfers}) {
    if (chance(rng, 2)) rules.*rule = !(rules.*rule);
  }
  for (bool CountingRules::*rule :
       {&CountingRules::halo_reuse, &CountingRules::skip_first_partial_sum_read,
        &CountingRules::skip_only_update_read, &CountingRules::move_every_turn,
        &CountingRules::whole_transfers}) {
    if (chance(rng, 6)) rules.*rule = !(rules.*rule);
  }
  for (MemoryLevel& level : fields.levels) {
    if (chance(rng, 2)) level.fanout.forwarding = !level.fanout.forwarding;
    if (chance(rng, 2)) level.fanout.hop_energy_pj_per_bit = 0.0;
  }
  auto made = Accelerator::make(fields);
  return made ? *made : accelerator;
}

/// The small machines of the neighbours, some with larger meshes and room.
SmallProblem draw_problem(Rng& rng) {
  SmallProblem problem = testing::make_small_problem(rng);
  problem.accelerator = with_any_counting(problem.accelerator, rng);
  if (chance(rng, 2)) return problem;
  Accelerator::Fields fields = problem.accelerator.fields();
  for (MemoryLevel& level : fields.levels) {
    level.capacity_bits.reset();
    level.partition_bits = {};
    if (chance(rng, 2)) level.fanout.x = rng.between(1, 6);
    if (chance(rng, 2)) level.fanout.y = rng.between(1, 6);
  }
  problem.accelerator = *Accelerator::make(fields);
  return problem;
}

/// Bounds and orders that no search makes.
void spoil(Candidate& candidate, const MapSpace& space, Rng& rng) {
  const auto any_dim = [&] { return kDims[rng.below(kDimCount)]; };
  if (chance(rng, 3)) candidate.orders[rng.below(space.level_count())][rng.below(8)] = any_dim();
  std::int32_t& bound = candidate.chains[rng.below(kDimCount)][rng.below(space.slot_count())];
  bound = static_cast<std::int32_t>(rng.between(-1, 5));
}

struct Walk {
  const MapSpace& space;
  const LoopMoves& moves;
  Candidate at;
  Candidate start;
  bool spoilt = false;

  void step(Rng& rng) {
    switch (rng.below(16)) {
      case 0:
        at = start = moves.sample(rng);
        spoilt = false;
        break;
      case 1:
        spoil(at, space, rng);
        spoilt = true;
        break;
      case 2:
      case 3:
        at = start;
        spoilt = false;
        break;
      case 4:
      case 5: at.adjacent = {kDims[rng.below(kDimCount)], kDims[rng.below(kDimCount)]}; break;
      default: {
        if (spoilt) at = start;  // moves want loops that close
        spoilt = false;
        (void)moves.change(at, rng);
      }
    }
  }
};

/// What the two say; empty where they agree.
std::string difference(const SmallProblem& problem, const MapSpace& space,
                       CandidateEvaluator& evaluator, const Candidate& candidate) {
  const Mapping mapping = space.to_mapping(candidate);
  const Evaluation wanted = evaluate(problem.layer, problem.accelerator, mapping);
  const auto said = evaluator.evaluate(candidate);
  const auto describe = [&](const std::string& what) {
    return fmt::format("{}\n{}\n{}, adjacent {} {}\n", what, testing::describe(problem),
                       to_text(mapping, problem.accelerator), name(candidate.adjacent[0]),
                       name(candidate.adjacent[1]));
  };
  if (const auto* infeasible = std::get_if<Infeasible>(&wanted)) {
    const auto* own = std::get_if<Infeasible>(&said);
    const std::string text = to_text(*infeasible, problem.accelerator);
    if (own == nullptr) return describe("feasible, not " + text);
    if (*own == *infeasible) return "";
    return describe(to_text(*own, problem.accelerator) + ", not " + text);
  }
  if (const auto* own = std::get_if<Infeasible>(&said))
    return describe(to_text(*own, problem.accelerator) + ", but feasible");
  const Cost& cost = std::get<Cost>(wanted);
  const Totals& totals = std::get<Totals>(said);
  if (totals.cycles == cost.cycles && totals.dram_bits == cost.dram_bits &&
      std::abs(totals.energy_pj - cost.energy_pj) <= 1e-12 * cost.energy_pj)
    return "";
  return describe(fmt::format("cycles {} not {}, DRAM bits {} not {}, energy {:.17g} not {:.17g}",
                              totals.cycles, cost.cycles, totals.dram_bits, cost.dram_bits,
                              totals.energy_pj, cost.energy_pj));
}

/// How many cases of each kind were met.
struct Met {
  int feasible = 0, infeasible = 0, ragged = 0, fast = 0, boxes = 0;
};

/// Walks one random problem by one step for each number; the first difference.
std::string walk(std::uint64_t seed, const std::vector<std::uint64_t>& steps, Met& met) {
  Rng rng(seed);
  const SmallProblem problem = draw_problem(rng);
  const auto factors =
      chance(rng, 4) ? MapperOptions::Factors::ceiling : MapperOptions::Factors::perfect;
  const MapSpace space(problem.layer, problem.accelerator, factors);
  const LoopMoves moves(space);
  // Tables that are soon full must not change an answer.
  const std::size_t room = chance(rng, 4) ? 6 : CandidateEvaluator::kMostRecords;
  CandidateEvaluator evaluator(problem.layer, problem.accelerator, space, room);
  const Candidate start = moves.sample(rng);
  Walk on{space, moves, start, start};
  for (const std::uint64_t step : steps) {
    Rng own(step);
    on.step(own);
    const std::string found = difference(problem, space, evaluator, on.at);
    if (!found.empty()) return found;
    const auto said = evaluator.evaluate(on.at);
    const bool is_feasible = std::holds_alternative<Totals>(said);
    (is_feasible ? met.feasible : met.infeasible) += 1;
    met.fast += is_feasible && evaluator.is_fast() ? 1 : 0;
    met.ragged += is_feasible && !space.perfect() ? 1 : 0;
    met.boxes += is_feasible && problem.accelerator.fields().counting.box_tiles ? 1 : 0;
  }
  return "";
}

TEST(CandidateEvaluator, GivesTheTotalsOfEvaluateWhateverCameBefore) {
  Met met;
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    std::vector<std::uint64_t> steps(20);
    for (std::size_t s = 0; s < steps.size(); ++s) steps[s] = 1'000 * i + s;
    const std::string found = walk(20261126 + i, steps, met);
    ASSERT_EQ(found, "") << "case " << i;
  }
  EXPECT_GT(met.feasible, 20'000);
  EXPECT_GT(met.infeasible, 5'000);
  EXPECT_GT(met.ragged, 2'000);
  EXPECT_GT(met.fast, 10'000);
  EXPECT_GT(met.boxes, 5'000);
}

/// As above, with walks that are made smaller when they fail.
RC_GTEST_PROP(CandidateEvaluator, AgreesOnAnyWalk,
              (std::uint64_t seed, const std::vector<std::uint64_t>& steps)) {
  Met met;
  const std::string found = walk(seed, steps, met);
  if (!found.empty()) RC_FAIL(found);
}

/// Layers and machines as they are, where numbers are large and dimensions have many factors.
TEST(CandidateEvaluator, AgreesOnLayersOfNetworks) {
  int feasible = 0;
  for (const char* machine : {"e168", "eyeriss", "e168bw", "nvdla", "ws16x16"}) {
    for (const Semantics semantics : all_semantics()) {
      const SmallProblem problem{testing::make_conv_layer(12, 16, 28, 3),
                                 with_semantics(*load_accelerator(machine), semantics)};
      const MapSpace space(problem.layer, problem.accelerator, MapperOptions::Factors::perfect);
      const LoopMoves moves(space);
      CandidateEvaluator evaluator(problem.layer, problem.accelerator, space);
      Rng rng(7);
      Candidate at = moves.sample(rng);
      for (int step = 0; step < 4'000; ++step) {
        Candidate next = at;
        if (chance(rng, 8)) next = moves.sample(rng);
        if (!moves.change(next, rng)) continue;
        const std::string found = difference(problem, space, evaluator, next);
        ASSERT_EQ(found, "") << machine << ", " << name(semantics) << ", step " << step;
        const auto said = evaluator.evaluate(next);
        if (std::holds_alternative<Totals>(said)) ++feasible;
        // Stays where tiles are small enough, once it is there.
        const auto before = evaluator.evaluate(at);
        if (std::holds_alternative<Totals>(said) || !std::holds_alternative<Totals>(before))
          at = next;
      }
    }
  }
  EXPECT_GT(feasible, 6'000);
}

/// Which tiles lie beside each other decides what neighbours hand on.
TEST(CandidateEvaluator, AgreesOnMeshesThatForward) {
  Accelerator::Fields fields = testing::make_tiny_accelerator(1 << 20, 1 << 20).fields();
  fields.levels[1].fanout.x = 12;
  fields.levels[1].fanout.y = 6;
  fields.levels[0].fanout.x = fields.levels[0].fanout.y = 2;
  const auto accelerator = Accelerator::make(fields);
  ASSERT_TRUE(accelerator.has_value());
  const SmallProblem problem{testing::make_conv_layer(2, 3, 12, 3),
                             with_semantics(*accelerator, Semantics::timeloop)};
  const MapSpace space(problem.layer, problem.accelerator, MapperOptions::Factors::perfect);
  const LoopMoves moves(space);
  CandidateEvaluator evaluator(problem.layer, problem.accelerator, space);
  Rng rng(11);
  Candidate at = moves.sample(rng);
  int told_apart = 0;
  for (int step = 0; step < 5'000; ++step) {
    while (!moves.change(at, rng) || !space.fits_mesh(at)) at = moves.sample(rng);
    std::optional<double> before;
    for (const Dim column : {Dim::n, Dim::q, Dim::s}) {
      at.adjacent = {column, chance(rng, 2) ? Dim::p : Dim::r};
      ASSERT_EQ(difference(problem, space, evaluator, at), "") << "step " << step;
      const auto said = evaluator.evaluate(at);
      const auto* totals = std::get_if<Totals>(&said);
      if (totals == nullptr) break;
      if (before && *before != totals->energy_pj) ++told_apart;
      before = totals->energy_pj;
    }
  }
  EXPECT_GT(told_apart, 50);
}

TEST(CandidateEvaluator, LeavesZigzagsCountingToEvaluate) {
  const SmallProblem problem{testing::make_conv_layer(4, 4, 8, 3),
                             testing::make_tiny_accelerator(4'000, 400)};
  const MapSpace space(problem.layer, problem.accelerator, MapperOptions::Factors::perfect);
  const auto is_fast = [&](Semantics semantics) {
    return CandidateEvaluator(problem.layer, with_semantics(problem.accelerator, semantics), space)
        .is_fast();
  };
  EXPECT_TRUE(is_fast(Semantics::exact));
  EXPECT_TRUE(is_fast(Semantics::timeloop));
  EXPECT_TRUE(is_fast(Semantics::timeloop_no_forwarding));
  EXPECT_TRUE(is_fast(Semantics::accelforge));
  EXPECT_FALSE(is_fast(Semantics::zigzag));
}

}  // namespace
}  // namespace hwflow::chip
