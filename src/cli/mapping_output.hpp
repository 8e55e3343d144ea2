#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/network_mapper.hpp"

namespace hwflow::cli {

/// Where the mappings come from: only those of a search have a lower bound.
enum class MappingSource : std::uint8_t { search, file };

/// What was mapped, for the head of the output.
struct MappingTitle {
  std::string network;
  chip::Objective objective = chip::Objective::edp;
  int threads = 1;
  MappingSource source = MappingSource::search;
  std::vector<std::string> notes{};  ///< what the reader of the network simplified
  /// What a certificate holds for: counting, map space, strategy and seed, by name.
  std::vector<std::pair<std::string, std::string>> space{};
};

/// What every layer of the output begins with: name, names, shape, bits, count.
[[nodiscard]] nlohmann::ordered_json layer_head(const Layer& layer,
                                                const std::vector<std::string>& names);

/// The keys of docs/design.md, "JSON that other tools read". Mappings of a file have no certificate
/// (lower_bound, gap, optimal, evaluations, nodes, seconds) but the traffic of every level.
[[nodiscard]] std::string to_json(const chip::NetworkMapping& mapping,
                                  const chip::Accelerator& accelerator, const MappingTitle& title);

/// One row a layer and the totals.
void print_table(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                 const MappingTitle& title);

}  // namespace hwflow::cli
