#include "chip/arch/accelerator_file.hpp"
#include "chip/arch/accelerator_format.hpp"
#include "chip/arch/energy_table.hpp"
#include "schema/schema.hpp"

namespace hwflow::chip {
namespace {

constexpr std::string_view kRules = R"(# Accelerator files

This page is generated from the tables that read the files; the test of `src/chip/arch` compares it.

An accelerator is a YAML file with `schema: 1` at its top, or one of the built-ins of
`accelerators/`. Levels stand from DRAM inward; the mesh of a level (`fanout`) spreads the tiles of
the next level, or of the MACs below the last one. A role that a level does not keep bypasses it.
The first level is the memory outside the chip: it keeps everything and has no limit.

**Energies come from one table.** `energy_table` names a table of `accelerators/energy/`, and each
level and the engine name one of its entries. An entry of another table, or a number beside an
entry, is refused: energies of two sources cannot be compared. `energy_table: inline` takes numbers
from the file itself and asks for their `energy_source`. The node of a table is the node of the
accelerator; `scale_to_nm` scales on-chip energies and areas to another one and says so in the
technology of every report.

**Engines.** `bit_parallel`: one MAC a cycle at any width up to `width_bits`. `vectorised`: operands
round up to a supported width and share a unit, (width/w)(width/a) MACs a cycle when `fusion` is
`spatial`, width/max(w,a) when it is `lanes`; an operand of more than `width_bits` takes one pass
for each part of that width (16 x 16 bit on an 8-bit unit: four cycles). `bit_serial`:
ceil(w/digit_weights) ceil(a/digit_inputs) cycles a MAC. MAC energy follows the product of the
widths that the engine switches, or stays constant, as its entry says.

Every problem of a file is told at once, with its line and the nearest known name.

)";

}  // namespace

std::string accelerator_json_schema() {
  return schema::json_schema<file::AcceleratorKeys>("hwflow accelerator");
}

std::string energy_table_json_schema() {
  return schema::json_schema<EnergyTable>("hwflow energy table");
}

Expected<std::string> explain_accelerator_key(std::string_view key) {
  return schema::explain<file::AcceleratorKeys>(key);
}

Expected<std::string> explain_energy_table_key(std::string_view key) {
  return schema::explain<EnergyTable>(key);
}

std::string accelerator_manual() {
  std::string page(kRules);
  page += "## Keys of an accelerator\n\n" + schema::markdown_table<file::AcceleratorKeys>();
  page += "\n## Keys of an energy table\n\n" + schema::markdown_table<EnergyTable>();
  return page;
}

}  // namespace hwflow::chip
