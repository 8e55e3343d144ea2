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
  }
  return "";
}

std::vector<Semantics> all_semantics() {
  return {Semantics::exact, Semantics::timeloop, Semantics::timeloop_no_forwarding};
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

Accelerator with_semantics(const Accelerator& accelerator, Semantics semantics) {
  Accelerator::Fields fields = accelerator.fields();
  if (semantics == Semantics::exact) {
    fields.counting = {.count_drain_reads = fields.counting.count_drain_reads};
  } else {
    fields.counting = {.fetch_stride_gaps = true,
                       .fetch_padding = true,
                       .count_drain_reads = false,
                       .box_tiles = true,
                       .read_back_to_all = true,
                       .hide_transfers = true};
    for (MemoryLevel& level : fields.levels) {
      level.fanout.multicast = level.fanout.spatial_reduction = true;
      level.fanout.forwarding = semantics == Semantics::timeloop;
    }
  }
  auto made = Accelerator::make(std::move(fields));
  HWFLOW_CHECK(made.has_value(), "counting rules do not make an accelerator invalid");
  return std::move(*made);
}

}  // namespace hwflow::chip
