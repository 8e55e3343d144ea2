#include <gtest/gtest.h>

#include <fmt/format.h>

#include "chip/cost/boundary.hpp"
#include "chip/cost/cost.hpp"
#include "chip/cost/nest.hpp"
#include "tests/chip/cost/random_case.hpp"
#include "tests/support/nest_simulator.hpp"

namespace hwflow::chip {
namespace {

using testing::RandomCase;
using testing::SimulatedBoundary;
using testing::Simulation;

std::string differ(const char* what, std::int64_t counted, std::int64_t simulated) {
  if (counted == simulated) return {};
  return fmt::format("  {}: counted {}, simulated {}\n", what, counted, simulated);
}

std::string compare(const SimulatedBoundary& seen, const Layer& layer,
                    const Accelerator& accelerator, const Nest& nest) {
  const Operand& operand = layer.op.operands()[seen.operand];
  const OperandNest place{layer.op, operand, nest, accelerator};
  const bool unheld = seen.child == accelerator.levels().size() &&
                      !accelerator.engine().operand_registers.contains(operand.role);
  const Boundary boundary{seen.parent, seen.child, unheld};
  const BoundaryTraffic counted = boundary_traffic(place, boundary);
  std::string text;
  text += differ("reads", counted.reads, seen.reads);
  text += differ("fills", counted.fills, seen.fills);
  text += differ("updates", counted.updates, seen.updates);
  text += differ("drains", counted.drains, seen.drains);
  text += differ("final updates", counted.final_updates, seen.final_updates);
  text += differ("final drains", counted.final_drains, seen.final_drains);
  text += differ("forwarded", counted.forwarded, seen.forwarded);
  if (!unheld) {
    text += differ("first reads", counted.first_reads, seen.first_reads);
    text += differ("first fills", counted.first_fills, seen.first_fills);
    text += differ("last updates", counted.last_updates, seen.last_updates);
    text += differ("last drains", counted.last_drains, seen.last_drains);
  }
  text += differ("tile words", tile_words(place, seen.child), seen.child_tile_words);
  text += differ("instances", used_instances(nest, seen.child), seen.child_instances);
  for (LevelIndex f = seen.parent; f < seen.child; ++f)
    text += differ("link words", link_words(place, boundary, f).words,
                   seen.link_words[f - seen.parent]);
  if (text.empty()) return text;
  return fmt::format("{} from level {} to {}:\n{}", operand.name, seen.parent, seen.child, text);
}

std::string mismatches(const RandomCase& random_case) {
  const Layer layer = *random_case.layer();
  const Accelerator accelerator = *random_case.accelerator();
  const Simulation seen = testing::simulate(layer, accelerator, random_case.mapping);
  const Nest nest = std::get<Nest>(make_nest(layer, accelerator, random_case.mapping));
  std::string text = differ("steps", temporal_steps(nest), seen.steps) +
                     differ("iterations", layer.op.iterations(), seen.iterations);
  for (const SimulatedBoundary& boundary : seen.boundaries)
    text += compare(boundary, layer, accelerator, nest);
  return text;
}

TEST(Evaluate, TrafficEqualsTheElementByElementWalk) {
  constexpr std::uint64_t kSeed = 20261123;
  const char* many = std::getenv("CASES");
  const std::uint64_t cases = many ? std::strtoull(many, nullptr, 10) : 20000;
  for (std::uint64_t i = 0; i < cases; ++i) {
    Rng rng = Rng::derive(kSeed, i);
    const RandomCase random_case = testing::make_case(rng);
    if (mismatches(random_case).empty()) continue;
    const RandomCase small = testing::shrink(
        random_case, [](const RandomCase& c) { return !mismatches(c).empty(); });
    FAIL() << "seed " << kSeed << ", case " << i << "\n" << describe(small) << mismatches(small);
  }
}

}  // namespace
}  // namespace hwflow::chip
