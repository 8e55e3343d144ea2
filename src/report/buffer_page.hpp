#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chip/fusion/buffer_front.hpp"

namespace hwflow::report {

/// What the page of a sweep of buffer sizes tells. What is pointed to must outlive it.
struct BufferReport {
  const chip::BufferFront& front;
  std::string network, accelerator;
  chip::Objective objective = chip::Objective::dram;
  double clock_mhz = 0.0;
  std::vector<std::string> notes{};
};

/// Of the objective, every layer by itself, in its unit (bits, pJ, cycles, pJ x cycles). None: some
/// layer has no mapping.
[[nodiscard]] std::optional<double> single_layer_value(const chip::NetworkFusion& fusion,
                                                       chip::Objective objective);

/// The objective against the size of the buffer, fused and by single layers.
[[nodiscard]] std::string buffer_chart(const BufferReport& report);

/// Chart and table as one HTML page that needs nothing else; what comes from outside is escaped.
[[nodiscard]] std::string buffer_page(const BufferReport& report);

/// Writes buffers.html into `folder`, which is made when it is absent; the file is replaced whole.
/// Errors  exceptions of the file system.
void write_buffer_page(const BufferReport& report, const std::filesystem::path& folder);

}  // namespace hwflow::report
