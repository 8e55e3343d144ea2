#pragma once

#include <string>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/network_mapper.hpp"

namespace hwflow::cli {

/// What was mapped, for the head of the output.
struct MappingTitle {
  std::string network;
  chip::Objective objective = chip::Objective::edp;
  int threads = 1;
};

/// The keys of docs/design.md, "JSON that other tools read".
[[nodiscard]] std::string to_json(const chip::NetworkMapping& mapping,
                                  const chip::Accelerator& accelerator, const MappingTitle& title);

/// One row a layer and the totals.
void print_table(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                 const MappingTitle& title);

/// Mappings by layer name from such a JSON file.
[[nodiscard]] Expected<std::map<std::string, chip::Mapping>> read_mappings(
    const std::string& file, const chip::Accelerator& accelerator);

}  // namespace hwflow::cli
