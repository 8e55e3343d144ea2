#include "tests/chip/mapper/small_problem.hpp"

#include <fmt/format.h>

#include "tests/chip/cost/random_case.hpp"

namespace hwflow::testing {
namespace {

constexpr std::int64_t kMostIterations = 150;

bool chance(Rng& rng, std::int64_t one_in) { return rng.between(1, one_in) == 1; }

chip::MemoryLevel make_level(const std::string& name, chip::RoleSet keeps, double pj_per_word) {
  chip::MemoryLevel level;
  level.name = name;
  level.keeps = keeps;
  level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = pj_per_word / 16;
  return level;
}

/// Random levels of make_case, with capacities that refuse many mappings, and a mesh.
void shape_machine(Rng& rng, chip::Accelerator::Fields& machine) {
  if (machine.levels.size() < 2) {
    machine.levels.push_back(make_level("inner", {{true, true, true}}, 3.0));
  }
  if (machine.levels.size() > 3) machine.levels.resize(3);
  const bool siblings = machine.levels.size() == 3 && chance(rng, 3);
  if (siblings) {
    machine.levels[1].keeps = {{true, false, false}};
    machine.levels[2].keeps = {{false, true, true}};
  }
  for (std::size_t l = 0; l < machine.levels.size(); ++l) {
    chip::MemoryLevel& level = machine.levels[l];
    if (l > 0 && chance(rng, 4)) {
      for (auto& partition : level.partition_bits) partition = rng.between(16, 1500);
    } else if (l > 0 && !chance(rng, 4)) {
      level.capacity_bits = rng.between(60, 2500);
    }
  }
  const std::size_t fanned = rng.below(machine.levels.size());
  machine.levels[fanned].fanout.x = rng.between(1, 3);
  machine.levels[fanned].fanout.y = rng.between(1, 2);
  if (chance(rng, 6)) machine.levels[fanned].fanout.x_dims = {Dim::k, Dim::q, Dim::g};
  if (chance(rng, 6)) machine.levels[0].temporal_dims = {Dim::n, Dim::k, Dim::c, Dim::p, Dim::q};
}

}  // namespace

SmallProblem make_small_problem(Rng& rng) {
  while (true) {
    RandomCase drawn = make_case(rng, {kMostIterations, 4'000});
    const auto layer = drawn.layer();
    if (!layer) continue;
    for (chip::MemoryLevel& level : drawn.machine.levels) level.fanout.x = level.fanout.y = 1;
    shape_machine(rng, drawn.machine);
    // The mapper refuses these, see check_machine().
    drawn.machine.counting.skip_only_update_read = drawn.machine.counting.move_every_turn = false;
    const auto accelerator = drawn.accelerator();
    if (accelerator) return {*layer, *accelerator};
  }
}

std::string describe(const SmallProblem& problem) {
  return fmt::format("{}\n{}", shape_key(problem.layer), problem.accelerator.key());
}

chip::Accelerator make_tiny_accelerator(std::int64_t buffer_bits, std::int64_t register_file_bits) {
  chip::Accelerator::Fields fields;
  fields.name = "tiny";
  const chip::RoleSet all{{true, true, true}};
  fields.levels = {make_level("DRAM", all, 200.0), make_level("GLB", all, 6.0),
                   make_level("RF", all, 1.0)};
  fields.levels[1].capacity_bits = buffer_bits;
  fields.levels[1].fanout.x = 3;
  fields.levels[1].fanout.y = 2;
  fields.levels[2].capacity_bits = register_file_bits;
  auto made = chip::Accelerator::make(fields);
  HWFLOW_CHECK(made.has_value(), to_text(made.has_value() ? Diagnostics{} : made.error()));
  return *made;
}

Layer make_conv_layer(std::int64_t k, std::int64_t c, std::int64_t size, std::int64_t kernel) {
  ConvShape shape;
  shape.out_channels = k;
  shape.in_channels = c;
  shape.in_height = shape.in_width = size;
  shape.kernel_height = shape.kernel_width = kernel;
  shape.pad_top = shape.pad_bottom = shape.pad_left = shape.pad_right = kernel / 2;
  auto op = make_convolution(shape);
  HWFLOW_CHECK(op.has_value(), "a convolution for a test");
  return {"conv", *op, {}};
}

}  // namespace hwflow::testing
