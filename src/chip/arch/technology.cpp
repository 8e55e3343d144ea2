#include "chip/arch/technology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace hwflow::chip {
namespace {

constexpr std::size_t kNodeCount = 10;
constexpr std::array<int, kNodeCount> kNodesNm{130, 90, 65, 45, 32, 20, 16, 14, 10, 7};

/// Energy of a switching event at supply V: a V^2 + b V + c, arbitrary unit.
struct Polynomial {
  double a, b, c;
  [[nodiscard]] constexpr double at(double volt) const { return (a * volt + b) * volt + c; }
};
constexpr std::array<Polynomial, kNodeCount> kEnergy{{{7.171, -6.709, 2.904},
                                                      {4.762, -4.781, 2.092},
                                                      {3.755, -4.398, 1.975},
                                                      {1.103, -0.362, 0.2767},
                                                      {0.9559, -0.7823, 0.471},
                                                      {0.373, -0.1582, 0.04104},
                                                      {0.2958, -0.1241, 0.03024},
                                                      {0.2363, -0.09675, 0.02239},
                                                      {0.2068, -0.09311, 0.02375},
                                                      {0.1776, -0.09097, 0.02447}}};

using Row = std::array<double, kNodeCount>;
/// Area on the column's node of what takes 1 on the row's node.
constexpr std::array<Row, kNodeCount> kArea{
    {{1, 0.44, 0.23, 0.16, 0.072, 0.033, 0.03, 0.027, 0.016, 0.0092},
     {2.3, 1, 0.53, 0.35, 0.16, 0.075, 0.067, 0.061, 0.036, 0.021},
     {4.3, 1.9, 1, 0.66, 0.31, 0.14, 0.13, 0.12, 0.068, 0.039},
     {6.4, 2.8, 1.5, 1, 0.46, 0.21, 0.19, 0.17, 0.1, 0.059},
     {14, 6.1, 3.3, 2.2, 1, 0.46, 0.41, 0.38, 0.22, 0.13},
     {30, 13, 7.1, 4.7, 2.2, 1, 0.89, 0.82, 0.48, 0.28},
     {34, 15, 7.9, 5.3, 2.4, 1.1, 1, 0.91, 0.54, 0.31},
     {37, 16, 8.7, 5.8, 2.7, 1.2, 1.1, 1, 0.59, 0.34},
     {63, 28, 15, 9.8, 4.5, 2.1, 1.9, 1.7, 1, 0.58},
     {110, 48, 25, 17, 7.8, 3.6, 3.2, 2.9, 1.7, 1}}};

// Below 0.6 V some of the polynomials rise again; 1.2 V is the nominal supply of the oldest node.
constexpr double kLeastVolt = 0.6;
constexpr double kMostVolt = 1.2;

std::optional<std::size_t> row_of(int nm) {
  const auto place = std::find(kNodesNm.begin(), kNodesNm.end(), nm);
  if (place == kNodesNm.end()) return std::nullopt;
  return static_cast<std::size_t>(place - kNodesNm.begin());
}

}  // namespace

std::span<const int> scaling_nodes_nm() { return kNodesNm; }

Expected<NodeScaling> node_scaling(int from_nm, int to_nm, double supply_volt) {
  Diagnostics problems;
  const auto from = row_of(from_nm);
  const auto to = row_of(to_nm);
  for (const auto& [row, nm] : {std::pair{from, from_nm}, std::pair{to, to_nm}}) {
    if (row) continue;
    problems.push_back({"", fmt::format("no scaling factors for {} nm", nm),
                        fmt::format("known nodes in nm: {}", fmt::join(kNodesNm, " "))});
  }
  if (!(supply_volt >= kLeastVolt && supply_volt <= kMostVolt)) {
    problems.push_back({"",
                        fmt::format("the scaling supply must be {} to {} V, got {}", kLeastVolt,
                                    kMostVolt, supply_volt),
                        {}});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return NodeScaling{kEnergy[*to].at(supply_volt) / kEnergy[*from].at(supply_volt),
                     kArea[*from][*to]};
}

}  // namespace hwflow::chip
