#include "tests/chip/cost/random_case.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hwflow::testing {
namespace {

using chip::Accelerator;
using chip::Loop;
using chip::MemoryLevel;

bool chance(Rng& rng, std::int64_t one_in) { return rng.between(1, one_in) == 1; }

void make_shape(Rng& rng, RandomCase& made) {
  ConvShape& shape = made.shape;
  using Kind = RandomCase::Kind;
  constexpr std::array kKinds{Kind::convolution, Kind::convolution,     Kind::convolution,
                              Kind::convolution, Kind::transposed,      Kind::depthwise,
                              Kind::pooling,     Kind::fully_connected, Kind::matrix_product,
                              Kind::elementwise};
  made.kind = kKinds[rng.below(kKinds.size())];
  shape.groups = chance(rng, 4) ? rng.between(2, 3) : 1;
  shape.n = chance(rng, 3) ? rng.between(2, 3) : 1;
  shape.in_channels = shape.groups * rng.between(1, 4);
  shape.out_channels = shape.groups * rng.between(1, 4);
  if (made.kind == Kind::depthwise) shape.out_channels = shape.groups = shape.in_channels;
  shape.kernel_height = rng.between(1, 3);
  shape.kernel_width = rng.between(1, 3);
  shape.stride_height = rng.between(1, 3);
  shape.stride_width = chance(rng, 2) ? shape.stride_height : rng.between(1, 3);
  shape.dilation_height = chance(rng, 3) ? rng.between(2, 3) : 1;
  shape.dilation_width = chance(rng, 3) ? rng.between(2, 3) : 1;
  shape.in_height = rng.between(1, 9);
  shape.in_width = rng.between(1, 6);
  if (!chance(rng, 2)) return;
  shape.pad_top = rng.between(0, 2);
  shape.pad_bottom = rng.between(0, 2);
  shape.pad_left = rng.between(0, 2);
  shape.pad_right = rng.between(0, 2);
}

chip::RoleSet random_roles(Rng& rng) {
  chip::RoleSet roles;
  if (chance(rng, 2)) roles.has = {true, true, true};
  while (roles == chip::RoleSet{})
    for (const Role role : kRoles) roles.has[index(role)] = chance(rng, 2);
  return roles;
}

chip::EngineKind random_engine(Rng& rng) {
  if (chance(rng, 2)) return chip::BitParallelEngine{};
  if (chance(rng, 2)) return chip::VectorisedEngine{16, {4, 8, 16}, {}};
  return chip::BitSerialEngine{static_cast<int>(rng.between(1, 2)), 1};
}

void make_machine(Rng& rng, RandomCase& made) {
  Accelerator::Fields& machine = made.machine;
  machine.name = "random";
  const std::int64_t levels = rng.between(1, 4);
  for (std::int64_t i = 0; i < levels; ++i) {
    MemoryLevel level;
    level.name = fmt::format("L{}", i);
    level.keeps = i == 0 ? chip::RoleSet{{true, true, true}} : random_roles(rng);
    level.word_bits = rng.between(1, 24);
    level.whole_words = chance(rng, 3);
    level.double_buffered = i > 0 && chance(rng, 2);
    level.read_energy_pj_per_bit = static_cast<double>(rng.between(1, 200));
    level.write_energy_pj_per_bit = static_cast<double>(rng.between(1, 200));
    if (chance(rng, 2))
      level.read_bandwidth_bits_per_cycle = static_cast<double>(rng.between(1, 64));
    level.shared_port = level.read_bandwidth_bits_per_cycle && chance(rng, 3);
    if (!level.shared_port && chance(rng, 2))
      level.write_bandwidth_bits_per_cycle = static_cast<double>(rng.between(1, 64));
    if (chance(rng, 3)) level.leakage_pj_per_cycle = static_cast<double>(rng.between(1, 5));
    level.fanout.multicast = !chance(rng, 4);
    level.fanout.spatial_reduction = !chance(rng, 4);
    level.fanout.forwarding = level.fanout.multicast && chance(rng, 6);
    level.fanout.hop_energy_pj_per_bit =
        chance(rng, 2) ? static_cast<double>(rng.between(1, 9)) : 0;
    machine.levels.push_back(level);
  }
  for (const Role role : kRoles) machine.engine.operand_registers.has[index(role)] = chance(rng, 3);
  machine.engine.kind = random_engine(rng);
  machine.engine.leakage_pj_per_cycle = chance(rng, 3) ? 0.5 : 0.0;
  chip::CountingRules& rules = machine.counting;
  if (chance(rng, 5)) rules.halo_reuse = false;
  if (chance(rng, 5)) rules.fetch_stride_gaps = true;
  if (chance(rng, 5)) rules.fetch_padding = true;
  if (chance(rng, 5)) rules.skip_first_partial_sum_read = false;
  if (chance(rng, 5)) rules.count_drain_reads = false;
  if (chance(rng, 5)) rules.skip_only_update_read = true;
  if (chance(rng, 10)) rules.move_every_turn = true;
  made.bits = {static_cast<int>(rng.between(1, 16)), static_cast<int>(rng.between(1, 16)),
               static_cast<int>(rng.between(1, 16)), static_cast<int>(rng.between(16, 32))};
}

std::vector<Loop>& list_of(chip::LevelLoops& level, std::int64_t which) {
  if (which == 0) return level.spatial_x;
  return which == 1 ? level.spatial_y : level.temporal;
}

/// Elements of each dimension that the loops leave below the innermost level.
DimArray left_over(const RandomCase& made, const Layer& layer) {
  DimArray left = layer.op.bounds();
  const auto divide = [&](const std::vector<Loop>& loops) {
    for (const Loop& loop : loops)
      left[index(loop.dim)] = (left[index(loop.dim)] + loop.bound - 1) / loop.bound;
  };
  for (const chip::LevelLoops& level : made.mapping.levels) {
    divide(level.temporal);
    divide(level.spatial_x);
    divide(level.spatial_y);
  }
  return left;
}

/// Adds what is missing as temporal loops of the innermost level, and fits the mesh to the loops.
bool complete(RandomCase& made) {
  const auto layer = made.layer();
  if (!layer) return false;
  made.mapping.levels.resize(made.machine.levels.size());
  const DimArray left = left_over(made, *layer);
  for (const Dim dim : kDims)
    if (left[index(dim)] > 1)
      made.mapping.levels.back().temporal.push_back({dim, left[index(dim)]});
  for (std::size_t l = 0; l < made.machine.levels.size(); ++l) {
    chip::Fanout& fanout = made.machine.levels[l].fanout;
    fanout.x = fanout.y = 1;
    for (const Loop& loop : made.mapping.levels[l].spatial_x) fanout.x *= loop.bound;
    for (const Loop& loop : made.mapping.levels[l].spatial_y) fanout.y *= loop.bound;
  }
  return made.accelerator().has_value();
}

void make_mapping(Rng& rng, RandomCase& made, const Layer& layer) {
  made.mapping.levels.resize(made.machine.levels.size());
  const std::int64_t loops = rng.between(2, 12);
  for (std::int64_t i = 0; i < loops; ++i) {
    const Dim dim = kDims[rng.below(kDimCount)];
    const std::int64_t size = layer.op.bound(dim);
    if (size == 1) continue;
    chip::LevelLoops& level = made.mapping.levels[rng.below(made.mapping.levels.size())];
    const std::int64_t which = rng.between(0, 4);
    const std::int64_t bound = rng.between(2, which < 2 ? std::min<std::int64_t>(size, 3) : size);
    std::vector<Loop>& list = list_of(level, which);
    list.insert(list.begin() + rng.between(0, static_cast<std::int64_t>(list.size())),
                {dim, bound});
  }
}

std::int64_t visits(const chip::Mapping& mapping) {
  std::int64_t product = 1;
  for (const chip::LevelLoops& level : mapping.levels)
    for (const auto* list : {&level.temporal, &level.spatial_x, &level.spatial_y})
      for (const Loop& loop : *list)
        product = std::min<std::int64_t>(product * loop.bound, 1 << 20);
  return product;
}

constexpr std::int64_t kMostVisits = 20000;

/// Falls with every step of shrinking, so that it ends.
std::int64_t weight(const RandomCase& made) {
  const ConvShape& s = made.shape;
  std::int64_t sum = s.n + s.in_channels + s.out_channels + s.groups + s.in_height + s.in_width +
                     s.kernel_height + s.kernel_width + s.stride_height + s.stride_width +
                     s.dilation_height + s.dilation_width + s.pad_top + s.pad_bottom + s.pad_left +
                     s.pad_right;
  sum += made.machine.counting == chip::CountingRules{} ? 0 : 1;
  for (const chip::LevelLoops& level : made.mapping.levels)
    sum += 10 + static_cast<std::int64_t>(2 * level.temporal.size() + 3 * level.spatial_x.size() +
                                          3 * level.spatial_y.size());
  return sum;
}

/// All cases one step smaller.
std::vector<RandomCase> smaller(const RandomCase& from) {
  std::vector<RandomCase> result;
  const auto with = [&](const auto& change) {
    RandomCase next = from;
    change(next);
    if (complete(next)) result.push_back(std::move(next));
  };
  for (std::size_t l = 0; l < from.mapping.levels.size(); ++l) {
    for (std::int64_t which = 0; which < 3; ++which) {
      const std::size_t count = list_of(RandomCase(from).mapping.levels[l], which).size();
      for (std::size_t i = 0; i < count; ++i)
        with([&](RandomCase& c) {
          auto& list = list_of(c.mapping.levels[l], which);
          list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        });
    }
    if (l + 1 < from.mapping.levels.size() || l == 0) continue;
    with([&](RandomCase& c) {
      c.machine.levels.pop_back();
      c.mapping.levels.pop_back();
    });
  }
  for (const ConvShape& shape : smaller_shapes(from.shape))
    with([&](RandomCase& c) { c.shape = shape; });
  if (from.machine.counting != chip::CountingRules{})
    with([](RandomCase& c) { c.machine.counting = {}; });
  return result;
}

}  // namespace

std::vector<ConvShape> smaller_shapes(const ConvShape& from) {
  std::vector<ConvShape> result;
  const auto shrink_to = [&](std::int64_t least, std::int64_t ConvShape::*field) {
    if (from.*field <= least) return;
    result.push_back(from);
    result.back().*field -= 1;
  };
  for (const auto field :
       {&ConvShape::n, &ConvShape::in_channels, &ConvShape::out_channels, &ConvShape::groups,
        &ConvShape::in_height, &ConvShape::in_width, &ConvShape::kernel_height,
        &ConvShape::kernel_width, &ConvShape::stride_height, &ConvShape::stride_width,
        &ConvShape::dilation_height, &ConvShape::dilation_width})
    shrink_to(1, field);
  for (const auto field :
       {&ConvShape::pad_top, &ConvShape::pad_bottom, &ConvShape::pad_left, &ConvShape::pad_right})
    shrink_to(0, field);
  return result;
}

std::optional<Layer> RandomCase::layer() const {
  const auto make = [&]() -> Expected<Operator> {
    switch (kind) {
      case Kind::transposed: return make_transposed_convolution(shape);
      case Kind::pooling: return make_pooling(shape, Arithmetic::compare);
      case Kind::fully_connected:
        return make_fully_connected(shape.n, shape.in_channels * shape.in_height,
                                    shape.out_channels);
      case Kind::matrix_product:
        return make_matrix_product(shape.n, shape.in_height, shape.in_channels, shape.out_channels,
                                   shape.stride_height == 1);
      case Kind::elementwise:
        return make_elementwise(shape.n, shape.out_channels, shape.in_height, shape.in_width,
                                shape.stride_height == 1 ? 1 : 2, Arithmetic::add);
      default: return make_convolution(shape);
    }
  };
  auto op = make();
  if (!op) return std::nullopt;
  return Layer{"random", *op, bits};
}

std::optional<Accelerator> RandomCase::accelerator() const {
  auto made = Accelerator::make(machine);
  if (!made) return std::nullopt;
  return *made;
}

RandomCase make_case(Rng& rng, const CaseLimits& limits) {
  while (true) {
    RandomCase made;
    make_shape(rng, made);
    make_machine(rng, made);
    const auto layer = made.layer();
    if (!layer || layer->op.iterations() > limits.max_iterations) continue;
    make_mapping(rng, made, *layer);
    if (complete(made) && visits(made.mapping) <= limits.max_visits) return made;
  }
}

RandomCase shrink(RandomCase failing, const std::function<bool(const RandomCase&)>& fails) {
  for (bool progress = true; progress;) {
    progress = false;
    for (RandomCase& next : smaller(failing)) {
      if (weight(next) >= weight(failing) || visits(next.mapping) > kMostVisits) continue;
      if (!fails(next)) continue;
      failing = std::move(next);
      progress = true;
      break;
    }
  }
  return failing;
}

std::string describe(const RandomCase& random_case) {
  const auto layer = random_case.layer();
  const auto accelerator = random_case.accelerator();
  if (!layer || !accelerator) return "not a valid case";
  std::string text = fmt::format(
      "kind {}, strides {} {}, dilations {} {}, pads {} {}\n", static_cast<int>(random_case.kind),
      random_case.shape.stride_height, random_case.shape.stride_width,
      random_case.shape.dilation_height, random_case.shape.dilation_width,
      random_case.shape.pad_top, random_case.shape.pad_left);
  return text + shape_key(*layer) + "\n" + accelerator->key() + "\n" +
         to_text(random_case.mapping, *accelerator) + "\n" +
         to_loop_nest(random_case.mapping, *layer, *accelerator);
}

}  // namespace hwflow::testing
