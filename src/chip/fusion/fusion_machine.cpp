#include "chip/fusion/fusion_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

std::optional<LevelIndex> first_keeping(const Accelerator::Fields& fields, Role role) {
  for (LevelIndex l = 1; l < fields.levels.size(); ++l)
    if (fields.levels[l].keeps.contains(role)) return l;
  return std::nullopt;
}

Unexpected<Diagnostics> refuse(const Accelerator& accelerator, std::string reason,
                               std::string hint) {
  return {Diagnostics{{accelerator.name(), std::move(reason), std::move(hint)}}};
}

Accelerator made(Accelerator::Fields fields) {
  auto accelerator = Accelerator::make(std::move(fields));
  HWFLOW_CHECK(accelerator.has_value(),
               "a valid accelerator became invalid: " + to_text(accelerator.error()));
  return std::move(*accelerator);
}

/// Room of the level for inputs and outputs, and for weights when they have their own.
BufferRoom room_of(const Accelerator::Fields& fields, LevelIndex features,
                   std::optional<LevelIndex> weights) {
  BufferRoom room;
  const MemoryLevel& level = fields.levels[features];
  room.double_buffered = level.double_buffered;
  room.feature_bits = level.capacity_bits.value_or(0);
  const auto& inputs = level.partition_bits[index(Role::inputs)];
  const auto& outputs = level.partition_bits[index(Role::outputs)];
  if (inputs && outputs) room.feature_bits = *inputs + *outputs;
  if (weights && *weights != features) {
    const MemoryLevel& own = fields.levels[*weights];
    room.weight_bits = own.partition_bits[index(Role::weights)]
                           ? own.partition_bits[index(Role::weights)]
                           : own.capacity_bits;
  } else if (level.partition_bits[index(Role::weights)]) {
    room.weight_bits = level.partition_bits[index(Role::weights)];
  }
  return room;
}

void make_outermost(MemoryLevel& level) {
  level.keeps = {{true, true, true}};
  level.capacity_bits.reset();
  level.partition_bits = {};
  level.double_buffered = false;
  level.temporal_dims.clear();
}

}  // namespace

Expected<FusionMachine> make_fusion_machine(const Accelerator& accelerator,
                                            const FusionMachineOptions& options) {
  Accelerator::Fields fields = accelerator.fields();
  const auto features = first_keeping(fields, Role::inputs);
  if (!features || !fields.levels[*features].keeps.contains(Role::outputs)) {
    return refuse(accelerator, "no on-chip level keeps both inputs and outputs",
                  "fused groups need one buffer that holds feature maps");
  }
  if (accelerator.instances(*features) != 1) {
    return refuse(accelerator,
                  fmt::format("'{}' has {} instances", fields.levels[*features].name,
                              accelerator.instances(*features)),
                  "fused groups need one buffer in front of the array");
  }
  if (options.buffer_bits) {
    fields.levels[*features].capacity_bits = options.buffer_bits;
    fields.levels[*features].partition_bits = {};
  }
  if (options.double_buffered) fields.levels[*features].double_buffered = *options.double_buffered;
  std::optional<LevelIndex> weights = first_keeping(fields, Role::weights);
  if (weights && accelerator.instances(*weights) != 1) weights.reset();
  if (weights && *weights > *features) weights.reset();  // it bypasses the buffer

  std::vector<std::string> notes;
  std::vector<Accelerator> alone{made(fields)};
  Accelerator::Fields inner = fields;
  if (!weights) {
    notes.push_back(fmt::format(
        "weights bypass '{}': fused groups keep theirs in it, layers alone do what is better",
        fields.levels[*features].name));
    Accelerator::Fields kept = fields;
    kept.levels[*features].keeps.has[index(Role::weights)] = true;
    alone.push_back(made(std::move(kept)));
  }
  const BufferRoom room = room_of(fields, *features, weights);
  if (room.feature_bits <= 0) {
    return refuse(accelerator, fmt::format("'{}' has no capacity", fields.levels[*features].name),
                  "state capacity_bits, or --buffer BITS");
  }
  inner.levels.erase(inner.levels.begin(),
                     inner.levels.begin() + static_cast<std::ptrdiff_t>(*features));
  make_outermost(inner.levels.front());
  return FusionMachine{made(fields), std::move(alone), made(std::move(inner)), *features,
                       room,         std::move(notes)};
}

}  // namespace hwflow::chip
