#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/fusion_page.hpp"

/// The figures of the fusion page.
namespace hwflow::report {

/// Something that is busy or full from one cycle to another.
struct Span {
  double begin = 0.0, end = 0.0;  ///< cycles from the start of the network
  double amount = 0.0;            ///< busy cycles, or bits
};

/// Amounts by pixel of [0, cycles): the largest that any span over the pixel has. No peak is lost.
[[nodiscard]] std::vector<double> largest_by_pixel(const std::vector<Span>& spans, double cycles,
                                                   std::size_t pixels);
/// The share of each pixel's time that spans are busy; their amounts are spread evenly.
[[nodiscard]] std::vector<double> share_by_pixel(const std::vector<Span>& spans, double cycles,
                                                 std::size_t pixels);

/// Steps of a group; `start` is its first cycle.
struct GroupSpans {
  std::vector<Span> array, dram;          ///< busy cycles
  std::vector<Span> room;                 ///< bits of the buffer
  std::vector<std::vector<Span>> layers;  ///< the array by layer of the group, in order
};
[[nodiscard]] GroupSpans spans_of(const FusionReport& report, std::size_t group, double start);

/// Lanes of groups, PE array, DRAM port and layers over time.
[[nodiscard]] std::string fusion_timeline_chart(const FusionReport& report);
/// What the buffer holds over time, against its capacity.
[[nodiscard]] std::string occupancy_chart(const FusionReport& report);
/// DRAM traffic of every tensor: fused, by single layers, compulsory.
[[nodiscard]] std::string tensor_traffic_chart(const FusionReport& report);

}  // namespace hwflow::report
