#include "chip/fusion/least_dram.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

#include "chip/mapper/search.hpp"

namespace hwflow::chip {
namespace {

/// What the mapping of one tile may cost.
constexpr std::int64_t kTileEvaluations = 100'000;

bool is_decided_above(const Accelerator& accelerator, LevelIndex buffer) {
  const auto& levels = accelerator.levels();
  if (!has_bounds(accelerator) || accelerator.instances(buffer) != 1) return false;
  return std::all_of(kRoles.begin(), kRoles.end(), [&](Role role) {
    return std::any_of(levels.begin() + 1, levels.begin() + static_cast<std::ptrdiff_t>(buffer) + 1,
                       [&](const MemoryLevel& level) { return level.keeps.contains(role); });
  });
}

/// The levels down to the buffer, with one unit that holds an output: whatever stands below the
/// buffer, its loops can run there with no more traffic and room above.
Expected<Accelerator> outer_part(const Accelerator& accelerator, LevelIndex buffer) {
  Accelerator::Fields fields = accelerator.fields();
  fields.levels.resize(buffer + 1);
  fields.levels.back().fanout = {};
  fields.levels.back().temporal_dims.clear();
  fields.engine.operand_registers.has[index(Role::outputs)] = true;
  return Accelerator::make(std::move(fields));
}

/// From the buffer inward; the buffer holds all that it is given.
Expected<Accelerator> inner_part(const Accelerator& accelerator, LevelIndex buffer) {
  Accelerator::Fields fields = accelerator.fields();
  fields.levels.erase(fields.levels.begin(),
                      fields.levels.begin() + static_cast<std::ptrdiff_t>(buffer));
  MemoryLevel& level = fields.levels.front();
  level.keeps = {{true, true, true}};
  level.capacity_bits.reset();
  level.partition_bits = {};
  level.double_buffered = false;
  return Accelerator::make(std::move(fields));
}

/// A tile in the middle of the map as a layer of its own.
Expected<Operator> tile_operator(const Operator& op, const DimArray& tile) {
  std::vector<Operand> operands = op.operands();
  for (Operand& operand : operands) {
    for (Rank& rank : operand.ranks) {
      rank.offset = 0;
      rank.extent = 1;
      for (const AffineTerm& term : rank.terms)
        rank.extent += term.coefficient * (tile[index(term.dim)] - 1);
    }
  }
  return Operator::make(tile, std::move(operands), op.arithmetic());
}

DimArray tile_of(const LevelLoops& loops) {
  DimArray tile;
  tile.fill(1);
  for (const Loop& loop : loops.temporal) tile[index(loop.dim)] *= loop.bound;
  return tile;
}

}  // namespace

std::optional<MappingResult> map_least_dram(const Layer& layer, const Accelerator& accelerator,
                                            LevelIndex buffer, const MapperOptions& options,
                                            const MapLayer& map) {
  if (!is_decided_above(accelerator, buffer)) return std::nullopt;
  const auto outer_machine = outer_part(accelerator, buffer);
  const auto inner_machine = inner_part(accelerator, buffer);
  if (!outer_machine || !inner_machine) return std::nullopt;
  MapperOptions limits = options;
  limits.objective = Objective::dram;
  // Levels further in may hold sums until they are finished: then the buffer never sees wide ones.
  Layer narrow = layer;
  narrow.bits.partial_sums = std::min(layer.bits.partial_sums, layer.bits.outputs);
  auto outer = map(narrow, *outer_machine, limits);
  if (!outer || !outer->mapping.level_order.empty()) return std::nullopt;
  auto op = tile_operator(layer.op, tile_of(outer->mapping.levels.back()));
  if (!op) return std::nullopt;
  limits.objective = Objective::edp;
  limits.max_evaluations =
      std::min(options.max_evaluations.value_or(kTileEvaluations), kTileEvaluations);
  const auto inner = map({layer.name, std::move(*op), layer.bits}, *inner_machine, limits);
  if (!inner || !inner->mapping.level_order.empty()) return std::nullopt;

  MappingResult result = std::move(*outer);
  result.mapping.levels.pop_back();
  result.mapping.levels.insert(result.mapping.levels.end(), inner->mapping.levels.begin(),
                               inner->mapping.levels.end());
  result.evaluations += inner->evaluations;
  result.nodes += inner->nodes;
  result.seconds += inner->seconds;
  if (!check(result.mapping, layer, accelerator).empty()) return std::nullopt;
  Evaluation evaluation = evaluate(layer, accelerator, result.mapping);
  auto* cost = std::get_if<Cost>(&evaluation);
  if (cost == nullptr) return std::nullopt;
  result.cost = std::move(*cost);
  result.value = value_of(result.cost, Objective::dram);
  result.optimal = result.lower_bound >= result.value * (1.0 - 1e-12);
  return result;
}

Expected<MappingResult> map_by_itself(const Layer& layer, const Accelerator& accelerator,
                                      LevelIndex buffer, const MapperOptions& options,
                                      const MapLayer& map) {
  if (options.objective != Objective::dram) return map(layer, accelerator, options);
  auto found = map_least_dram(layer, accelerator, buffer, options, map);
  if (found && found->optimal) return std::move(*found);
  auto whole = map(layer, accelerator, options);
  if (!found) return whole;
  if (!whole) return std::move(*found);
  const double bound = std::max(found->lower_bound, whole->lower_bound);
  MappingResult best = found->value <= whole->value ? std::move(*found) : std::move(*whole);
  best.lower_bound = std::min(bound, best.value);
  best.optimal = best.lower_bound >= best.value * (1.0 - 1e-12);
  return best;
}

}  // namespace hwflow::chip
