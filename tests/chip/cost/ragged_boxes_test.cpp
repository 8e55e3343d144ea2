// Boxes of different sizes, as Timeloop's counting is carried over to bounds that do not divide.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chip/cost/boundary.hpp"
#include "chip/cost/cost.hpp"
#include "chip/cost/nest.hpp"
#include "tests/chip/cost/random_case.hpp"
#include "tests/support/box_simulator.hpp"

namespace hwflow::chip {
namespace {

using testing::RandomCase;

RandomCase make_boxed_case(Rng& rng) {
  RandomCase made = testing::make_case(rng, {.max_iterations = 600, .max_visits = 6000});
  CountingRules& rules = made.machine.counting;
  rules.box_tiles = true;
  rules.move_every_turn = false;
  rules.read_back_to_all = rng.between(0, 1) == 1;
  for (MemoryLevel& level : made.machine.levels) level.fanout.forwarding = false;
  return made;
}

bool is_ragged_case(const RandomCase& made) {
  const auto nest = make_nest(*made.layer(), *made.accelerator(), made.mapping);
  return std::holds_alternative<Nest>(nest) && is_ragged(std::get<Nest>(nest));
}

bool outputs_overlap(const Layer& layer) {
  const auto& ranks = layer.op.output().ranks;
  return std::any_of(ranks.begin(), ranks.end(),
                     [&](const Rank& rank) { return collides(rank, layer.op.bounds()); });
}

std::string differences(const RandomCase& made) {
  const Layer layer = *made.layer();
  const Accelerator accelerator = *made.accelerator();
  const Nest nest = std::get<Nest>(make_nest(layer, accelerator, made.mapping));
  std::string text;
  for (const auto& walked : testing::simulate_boxes(layer, accelerator, made.mapping)) {
    const Operand& operand = layer.op.operands()[walked.operand];
    const bool unheld = walked.child == accelerator.levels().size() &&
                        !accelerator.engine().operand_registers.contains(operand.role);
    const BoundaryTraffic counted = boundary_traffic({layer.op, operand, nest, accelerator},
                                                     {walked.parent, walked.child, unheld});
    const auto compare = [&](std::string_view count, std::int64_t expected, std::int64_t got) {
      if (expected != got)
        text += fmt::format("{} {} to {}: {} {} counted, {} walked\n", operand.name, walked.parent,
                            walked.child, got, count, expected);
    };
    compare("reads", walked.reads, counted.reads);
    compare("fills", walked.fills, counted.fills);
    compare("updates", walked.updates, counted.updates);
    compare("drains", walked.drains, counted.drains);
  }
  return text;
}

TEST(RaggedBoxes, EqualAWalkOverEveryStepAndInstance) {
  constexpr std::uint64_t kSeed = 20261126;
  int met = 0;
  for (std::uint64_t i = 0; i < 12000; ++i) {
    Rng rng = Rng::derive(kSeed, i);
    const RandomCase made = make_boxed_case(rng);
    if (!is_ragged_case(made) || outputs_overlap(*made.layer())) continue;
    ++met;
    if (differences(made).empty()) continue;
    const RandomCase small = testing::shrink(made, [](const RandomCase& c) {
      return c.machine.counting.box_tiles && is_ragged_case(c) && !outputs_overlap(*c.layer()) &&
             !differences(c).empty();
    });
    FAIL() << "seed " << kSeed << ", case " << i << "\n" << describe(small) << differences(small);
  }
  EXPECT_GT(met, 4000);
}

}  // namespace
}  // namespace hwflow::chip
