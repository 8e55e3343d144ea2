#include "chip/fusion/group_evaluation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/walked_accesses.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// Two 1x1 convolutions in one step on a machine without array: all by hand.
TEST(GroupEvaluator, AddsUpTransfersAndBlocks) {
  NetworkBuilder builder;
  const NodeId x = builder.input({4, 4, 4});
  const NodeId a = builder.conv_bias("a", x, 8, {}, Activation::relu);
  builder.conv_bias("b", a, 2, {}, Activation::none);
  const Network network = std::move(builder).finish("two");
  const FusionGraph graph =
      make_fusion_graph(network, CompressionPlan::uniform(2, 16, 16), {.partial_sum_bits = 16});
  const auto machine = make_fusion_machine(*load_accelerator("eyeriss-isca"));
  ASSERT_TRUE(machine.has_value());
  GroupSpace space(graph, {0, 2}, machine->room, {});
  const auto plan = least_traffic(space, 0);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->steps, 1);
  MapperOptions options;
  options.objective = Objective::energy;
  options.strategy = "products";
  GroupEvaluator evaluator(graph, *machine, options);
  const auto cost = evaluator.evaluate({0, 2}, *plan);
  ASSERT_TRUE(cost.has_value());
  // In 4*4*4 + weights 4*8 + 8*2, out 4*4*2 words of 16 bit; 200 and 6 a word.
  const std::int64_t read = 16 * (64 + 32 + 16), written = 16 * 32;
  EXPECT_EQ(plan->traffic.read_bits(), read);
  EXPECT_EQ(plan->traffic.written_bits, written);
  EXPECT_NEAR(cost->dram_energy_pj, evaluator.transfer_energy_pj(read, written), 1e-9);
  EXPECT_EQ(cost->macs, 16 * (4 * 8 + 8 * 2));
  // The blocks are whole layers: their cost is what the mapper says of them.
  double blocks = 0.0;
  std::int64_t cycles = 0;
  for (const FusionLayer& layer : graph.layers) {
    const auto mapped = map_layer(layer.layer, machine->inner, options);
    ASSERT_TRUE(mapped.has_value());
    blocks += mapped->cost.energy_pj;
    cycles += mapped->cost.cycles;
  }
  EXPECT_NEAR(cost->energy_pj, cost->dram_energy_pj + blocks, 1e-6 * blocks);
  EXPECT_EQ(cost->compute_cycles, cycles);
  const LevelTraffic& buffer = cost->level_traffic.front();
  EXPECT_EQ(buffer.of(Role::inputs).fills, (Moved{64, 64 * 16}));
  EXPECT_EQ(buffer.of(Role::weights).fills, (Moved{32 + 16, 48 * 16}));
  EXPECT_EQ(buffer.of(Role::outputs).drains, (Moved{32, 32 * 16}));
  EXPECT_EQ(buffer.of(Role::inputs).drains, Moved{});
  // Each word of a feature map enters the array at least once, and what comes out went in.
  EXPECT_GE(buffer.of(Role::inputs).reads.words, 64 + 128);
  EXPECT_GE(buffer.of(Role::outputs).updates.words, 128 + 32);
  const auto bound = evaluator.lower_bound({0, 2}, plan->traffic);
  EXPECT_LE(bound.energy_pj, cost->energy_pj);
  EXPECT_LE(bound.cycles, cost->cycles);
}

bool chance(Rng& rng, std::int64_t one_in) { return rng.between(1, one_in) == 1; }

MemoryLevel random_level(Rng& rng, std::string name) {
  MemoryLevel level;
  level.name = std::move(name);
  level.keeps = {{true, true, true}};
  level.whole_words = chance(rng, 4);
  level.read_energy_pj_per_bit = static_cast<double>(rng.between(1, 200));
  level.write_energy_pj_per_bit = static_cast<double>(rng.between(1, 200));
  if (chance(rng, 2)) level.read_bandwidth_bits_per_cycle = static_cast<double>(rng.between(8, 64));
  if (chance(rng, 2)) level.fanout.hop_energy_pj_per_bit = static_cast<double>(rng.between(1, 9));
  return level;
}

/// DRAM, a buffer, perhaps scratchpads in front of some units, perhaps registers in the units.
FusionMachine random_machine(Rng& rng, bool double_buffered) {
  Accelerator::Fields fields;
  fields.name = "random";
  for (const char* name : {"DRAM", "buffer", "scratchpad", "registers"})
    fields.levels.push_back(random_level(rng, name));
  fields.levels[1].capacity_bits = 1 << 20;
  fields.levels[1].double_buffered = double_buffered;
  if (chance(rng, 3)) fields.levels[1].keeps.has[index(Role::weights)] = false;
  for (std::size_t l = 1; l < 4; ++l) {
    Fanout& fanout = fields.levels[l].fanout;
    fanout.x = rng.between(1, 2);
    fanout.y = rng.between(1, 3);
    fanout.multicast = !chance(rng, 4);
    fanout.spatial_reduction = !chance(rng, 4);
    fanout.forwarding = fanout.multicast && chance(rng, 6);
    if (l > 1) fields.levels[l].capacity_bits = rng.between(1, 8) * 256;
    if (l > 1 && chance(rng, 3)) fields.levels[l].keeps.has[rng.below(kRoleCount)] = false;
  }
  for (const Role role : kRoles) fields.engine.operand_registers.has[index(role)] = chance(rng, 3);
  fields.levels.resize(static_cast<std::size_t>(rng.between(2, 4)));
  fields.counting.count_drain_reads = !chance(rng, 4);
  fields.counting.halo_reuse = !chance(rng, 5);
  fields.counting.fetch_padding = chance(rng, 6);
  return *make_fusion_machine(*Accelerator::make(fields));
}

GroupPlan plan_of(const testing::RandomSchedule& drawn) {
  const GroupSchedule& schedule = drawn.schedule;
  const TileScans scans(drawn.group, schedule);
  const TiledGroup tiled(drawn.group, scans, schedule.outer);
  return {schedule, tiled.traffic(schedule), tiled.room(schedule, drawn.double_buffered),
          tiled.steps()};
}

void expect_near(double a, double b, const char* what) {
  EXPECT_NEAR(a, b, 1e-9 * (1.0 + std::abs(b))) << what;
}

/// Energy by level is counts times energies per bit, and the wires.
void expect_energies(const GroupCost& cost, const FusionMachine& machine,
                     const GroupTraffic& traffic) {
  const bool drains = machine.whole.fields().counting.count_drain_reads;
  const MemoryLevel& dram = machine.whole.levels().front();
  const double hops = dram.fanout.hop_energy_pj_per_bit;
  for (std::size_t l = 0; l < cost.level_traffic.size(); ++l) {
    const MemoryLevel& level = machine.inner.levels()[l];
    double energy = 0.0;
    for (const RoleTraffic& role : cost.level_traffic[l].roles) {
      energy += static_cast<double>(role.reads.bits) * level.read_energy_pj_per_bit +
                static_cast<double>(role.updates.bits) * level.write_energy_pj_per_bit;
      const double outer =
          static_cast<double>(role.fills.bits) * level.write_energy_pj_per_bit +
          static_cast<double>(drains ? role.drains.bits : 0) * level.read_energy_pj_per_bit;
      if (l > 0) energy += outer;
    }
    if (level.fanout.hop_energy_pj_per_bit == 0.0)
      expect_near(cost.level_energy_pj[l], energy, "energy of a level");
    else
      EXPECT_GE(cost.level_energy_pj[l], energy);
  }
  double port = static_cast<double>(traffic.read_bits()) * (dram.read_energy_pj_per_bit + hops) +
                static_cast<double>(traffic.written_bits) * (dram.write_energy_pj_per_bit + hops);
  const MemoryLevel& buffer = machine.inner.levels().front();
  for (const RoleTraffic& role : cost.level_traffic.front().roles)
    port += static_cast<double>(role.fills.bits) * buffer.write_energy_pj_per_bit +
            static_cast<double>(drains ? role.drains.bits : 0) * buffer.read_energy_pj_per_bit;
  expect_near(cost.dram_energy_pj, port, "energy of the DRAM port");
}

void expect_equal(const GroupCost& cost, const hwflow::testing::WalkedAccesses& walked) {
  constexpr std::array kNames{"fills", "drains", "reads", "updates"};
  constexpr std::array kFlows{&RoleTraffic::fills, &RoleTraffic::drains, &RoleTraffic::reads,
                              &RoleTraffic::updates};
  for (std::size_t l = 0; l < walked.levels.size(); ++l) {
    for (const Role role : kRoles) {
      for (std::size_t f = 0; f < kFlows.size(); ++f) {
        const Moved& counted = cost.level_traffic[l].of(role).*kFlows[f];
        const Moved& seen = walked.levels[l].of(role).*kFlows[f];
        EXPECT_TRUE(counted == seen)
            << kNames[f] << " of " << name(role) << " at level " << l << ": " << counted.words
            << " words, " << counted.bits << " bits; walked " << seen.words << ", " << seen.bits;
      }
    }
    expect_near(cost.level_energy_pj[l], walked.level_energy_pj[l], "walked energy of a level");
  }
  expect_near(cost.mac_energy_pj, walked.mac_energy_pj, "energy of MACs");
  EXPECT_EQ(cost.compute_cycles, walked.compute_cycles);
}

/// A DRAM port that moves whole bits every cycle.
struct Port {
  std::int64_t read_bits = 1, written_bits = 1;  ///< a cycle
  bool is_shared = false;                        ///< `read_bits` for both together
};

/// Moves what it can of both in one cycle.
void move(const Port& port, std::int64_t& read, std::int64_t& written) {
  const std::int64_t in = std::min(read, port.read_bits);
  read -= in;
  written -= std::min(written, port.is_shared ? port.read_bits - in : port.written_bits);
}

/// Counts cycles one by one. Where tiles are double-buffered, what the next step reads comes in and
/// what the last one made leaves while a step computes, and halves change roles when all is done;
/// else a step first moves all it needs, then computes.
class Clock {
 public:
  Clock(const Port& port, bool overlaps) : port_(port), overlaps_(overlaps) {}

  std::int64_t run(std::int64_t resident_bits,
                   const std::vector<hwflow::testing::StepTransfers>& steps,
                   const std::vector<std::int64_t>& compute) {
    std::int64_t leaving = 0;
    tick_until_done(resident_bits, 0, 0);
    if (overlaps_) tick_until_done(steps.front().source_bits, 0, 0);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& step = steps[i];
      if (overlaps_) {
        const std::int64_t next = i + 1 < steps.size() ? steps[i + 1].source_bits : 0;
        tick_until_done(step.weight_bits + next, std::exchange(leaving, step.written_bits),
                        compute[i]);
        tick_until_done(0, step.again_written_bits, 0);
        tick_until_done(step.again_read_bits, 0, 0);
      } else {
        tick_until_done(step.weight_bits + step.again_read_bits + step.source_bits,
                        step.written_bits + step.again_written_bits, 0);
        tick_until_done(0, 0, compute[i]);
      }
    }
    tick_until_done(0, leaving, 0);
    return now_;
  }

 private:
  void tick_until_done(std::int64_t read, std::int64_t written, std::int64_t compute) {
    for (; read > 0 || written > 0 || compute > 0; ++now_) {
      move(port_, read, written);
      --compute;
    }
  }

  Port port_;
  bool overlaps_;
  std::int64_t now_ = 0;
};

/// Transfers are those of the walk over pixels, computing is as long as the mapper says.
TEST(GroupEvaluator, TakesAsManyCyclesAsAClockCounts) {
  int overlapped = 0, bound_by_port = 0, bound_by_array = 0;
  MapperOptions options;
  options.objective = Objective::latency;
  options.strategy = "branch_and_bound";
  options.max_evaluations = 40;
  for (std::uint64_t i = 0; i < 1500 && !HasFailure(); ++i) {
    Rng rng = Rng::derive(31, i);
    const Network network = testing::random_network(rng, 4);
    LoweringOptions lowering;
    lowering.batch = rng.between(1, 3);
    const FusionGraph graph =
        make_fusion_graph(network, testing::random_plan(rng, network), lowering);
    const auto drawn = testing::random_schedule(rng, graph);
    Accelerator::Fields fields = random_machine(rng, drawn.double_buffered).whole.fields();
    const Port port{rng.between(1, 40), rng.between(1, 40), chance(rng, 3)};
    MemoryLevel& dram = fields.levels[0];
    dram.read_bandwidth_bits_per_cycle = static_cast<double>(port.read_bits);
    dram.write_bandwidth_bits_per_cycle = static_cast<double>(port.written_bits);
    dram.shared_port = port.is_shared;
    if (port.is_shared) dram.write_bandwidth_bits_per_cycle.reset();
    fields.levels[1].read_bandwidth_bits_per_cycle.reset();
    fields.levels[1].write_bandwidth_bits_per_cycle.reset();
    const auto machine = make_fusion_machine(*Accelerator::make(std::move(fields)));
    ASSERT_TRUE(machine.has_value());
    SCOPED_TRACE(fmt::format("case {}\n{}", i, testing::describe(network, graph, drawn)));
    GroupEvaluator evaluator(graph, *machine, options);
    const auto cost = evaluator.evaluate(drawn.group.slice, plan_of(drawn));
    ASSERT_TRUE(cost.has_value());

    const auto seen = hwflow::testing::simulate_fused(network, graph, drawn.group, drawn.schedule,
                                                      drawn.double_buffered);
    std::vector<hwflow::testing::StepTransfers> steps;
    std::vector<std::int64_t> compute;
    for (std::int64_t image = 0; image < lowering.batch; ++image) {
      steps.insert(steps.end(), seen.transfers.begin(), seen.transfers.end());
      for (std::int64_t step = 0; step < cost->timeline.steps(); ++step) {
        compute.push_back(0);
        for (const LayerWork& layer : cost->timeline.step(step).layers)
          compute.back() += layer.cycles;
      }
    }
    std::int64_t resident = 0;
    for (std::size_t l = 0; l < drawn.group.layers.size(); ++l)
      if (drawn.schedule.resident_weights[l]) resident += drawn.group.layers[l].weight_bits;
    EXPECT_EQ(cost->cycles,
              Clock(port, machine->room.double_buffered).run(resident, steps, compute));
    if (!machine->room.double_buffered) continue;
    ++overlapped;
    (cost->dram_cycles > cost->compute_cycles ? bound_by_port : bound_by_array) += 1;
  }
  EXPECT_GT(overlapped, 500);
  EXPECT_GT(bound_by_port, 100);
  EXPECT_GT(bound_by_array, 100);
}

/// Every access of every step, word by word, on random groups and machines.
TEST(GroupEvaluator, EqualsTheWalkOverEveryAccess) {
  constexpr std::uint64_t kSeed = 7;
  constexpr std::int64_t kMostIterations = 600;
  const char* asked = std::getenv("HWFLOW_CASES");
  const int cases = asked != nullptr ? std::atoi(asked) : 1000;
  int compared = 0, padded = 0, border_free = 0;
  MapperOptions options;
  options.objective = Objective::energy;
  options.strategy = "branch_and_bound";
  options.max_evaluations = 40;
  for (int i = 0; i < cases && !HasFailure(); ++i) {
    Rng rng = Rng::derive(kSeed, static_cast<std::uint64_t>(i));
    const Network network = testing::random_network(rng, 4);
    LoweringOptions lowering;
    lowering.batch = rng.between(1, 2);
    const FusionGraph graph =
        make_fusion_graph(network, testing::random_plan(rng, network), lowering);
    const auto drawn = testing::random_schedule(rng, graph);
    const FusionMachine machine = random_machine(rng, drawn.double_buffered);
    SCOPED_TRACE(fmt::format("case {}\n{}", i, testing::describe(network, graph, drawn)));
    const auto seen = hwflow::testing::simulate_fused(network, graph, drawn.group, drawn.schedule,
                                                      drawn.double_buffered);
    const auto walked =
        walk_accesses(graph, drawn.group, drawn.schedule, seen, machine, options, kMostIterations);
    if (!walked) continue;  // too large to be walked
    GroupEvaluator evaluator(graph, machine, options);
    const GroupPlan plan = plan_of(drawn);
    const auto cost = evaluator.evaluate(drawn.group.slice, plan);
    ASSERT_TRUE(cost.has_value());
    expect_equal(*cost, *walked);
    expect_energies(*cost, machine, seen.traffic);
    const auto bound = evaluator.lower_bound(drawn.group.slice, plan.traffic);
    EXPECT_LE(bound.energy_pj, cost->energy_pj * (1.0 + 1e-12));
    EXPECT_LE(bound.cycles, cost->cycles);
    ++compared;
    padded += walked->padded_blocks;
    border_free += walked->border_free_blocks;
  }
  EXPECT_GE(2 * compared, cases);  // most of them are small enough
  RecordProperty("compared", compared);
  RecordProperty("padded_blocks", padded);
  RecordProperty("border_free_blocks", border_free);
}

}  // namespace
}  // namespace hwflow::chip
