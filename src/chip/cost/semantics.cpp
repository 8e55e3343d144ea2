#include "chip/cost/semantics.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/diagnostics.hpp"

namespace hwflow::chip {

std::string_view name(Semantics semantics) {
  switch (semantics) {
    case Semantics::exact: return "exact";
    case Semantics::timeloop: return "timeloop";
    case Semantics::timeloop_no_forwarding: return "timeloop-no-forwarding";
    case Semantics::zigzag: return "zigzag";
    case Semantics::accelforge: return "accelforge";
  }
  return "";
}

std::vector<Semantics> all_semantics() {
  return {Semantics::exact, Semantics::timeloop, Semantics::timeloop_no_forwarding,
          Semantics::zigzag, Semantics::accelforge};
}

Expected<Semantics> semantics_from_name(std::string_view text) {
  std::vector<std::string> names;
  for (const Semantics semantics : all_semantics()) {
    if (name(semantics) == text) return semantics;
    names.emplace_back(name(semantics));
  }
  std::string hint = nearest_name_hint(std::string(text), names);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(names, ", "));
  return Unexpected{
      Diagnostics{{"--semantics", fmt::format("no semantics '{}'", text), std::move(hint)}}};
}

namespace {

void share_words(Accelerator::Fields& fields, bool forwarding) {
  for (MemoryLevel& level : fields.levels) {
    level.fanout.multicast = level.fanout.spatial_reduction = true;
    level.fanout.forwarding = forwarding;
  }
}

void count_as_timeloop(Accelerator::Fields& fields, bool forwarding) {
  fields.counting = {.fetch_stride_gaps = true,
                     .fetch_padding = true,
                     .count_drain_reads = false,
                     .box_tiles = true,
                     .read_back_to_all = true,
                     .hide_transfers = true};
  share_words(fields, forwarding);
}

/// A tile is replaced as a whole, only equal tiles are multicast, the same word is used again by
/// the MAC that holds it, and every partial sum is read before it is added to.
void count_as_zigzag(Accelerator::Fields& fields) {
  fields.counting = {.halo_reuse = false,
                     .fetch_padding = true,
                     .skip_first_partial_sum_read = false,
                     .count_drain_reads = true,
                     .box_tiles = true,
                     .read_back_to_all = true,
                     .hide_transfers = true,
                     .whole_transfers = true,
                     .skip_only_update_read = true};
  fields.engine.operand_registers = {{true, true, false}};
  share_words(fields, false);
}

/// Loops above a tile move it, whatever they are; overlap is kept by loops inside.
void count_as_accelforge(Accelerator::Fields& fields) {
  fields.counting = {.fetch_stride_gaps = true,
                     .fetch_padding = true,
                     .count_drain_reads = true,
                     .hide_transfers = true,
                     .move_every_turn = true};
  fields.engine.operand_registers = {};
}

}  // namespace

Accelerator with_semantics(const Accelerator& accelerator, Semantics semantics) {
  Accelerator::Fields fields = accelerator.fields();
  switch (semantics) {
    case Semantics::exact: return accelerator;
    case Semantics::timeloop: count_as_timeloop(fields, true); break;
    case Semantics::timeloop_no_forwarding: count_as_timeloop(fields, false); break;
    case Semantics::zigzag: count_as_zigzag(fields); break;
    case Semantics::accelforge: count_as_accelforge(fields); break;
  }
  auto made = Accelerator::make(std::move(fields));
  HWFLOW_CHECK(made.has_value(), "counting rules do not make an accelerator invalid");
  return std::move(*made);
}

}  // namespace hwflow::chip
