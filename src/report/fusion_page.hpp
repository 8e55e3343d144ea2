#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::report {

/// What the page of a fused network tells. What is pointed to must outlive it.
struct FusionReport {
  const chip::NetworkFusion& fusion;
  const chip::FusionGraph& graph;
  const chip::FusionMachine& machine;
  std::string accelerator;
  chip::Objective objective = chip::Objective::dram;
  std::vector<std::string> notes{};
};

/// The partition of a network into fused groups as one HTML page that needs nothing else; what
/// comes from outside is escaped.
[[nodiscard]] std::string fusion_page(const FusionReport& report);

/// Writes fusion.html into `folder`, which is made when it is absent; the file is replaced whole.
/// Errors  exceptions of the file system.
void write_fusion_page(const FusionReport& report, const std::filesystem::path& folder);

}  // namespace hwflow::report
