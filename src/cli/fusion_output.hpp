#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::cli {

/// What was fused, for the head of the output.
struct FusionTitle {
  std::string network, accelerator;
  chip::Objective objective = chip::Objective::dram;
  int threads = 1;
  std::vector<std::string> notes;
  chip::GroupSpaceOptions space;  ///< that groups were chosen from
  bool one_group = false;
};

/// The keys of docs/design.md, "JSON that other tools read", and what each phase passed over.
[[nodiscard]] nlohmann::ordered_json to_json(const chip::NetworkFusion& fusion,
                                             const chip::FusionGraph& graph,
                                             const chip::FusionMachine& machine,
                                             const FusionTitle& title);

/// One row a group, the totals before and after, and the certificate.
void print_table(const chip::NetworkFusion& fusion, const chip::FusionGraph& graph,
                 const chip::FusionMachine& machine, const FusionTitle& title);

}  // namespace hwflow::cli
