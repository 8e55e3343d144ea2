#pragma once

#include <span>

#include "base/expected.hpp"

namespace hwflow::chip {

/// How numbers of one process node carry over to another.
struct NodeScaling {
  double energy = 1.0;  ///< multiplies dynamic and leakage energy
  double area = 1.0;    ///< multiplies area
  bool operator==(const NodeScaling&) const = default;
};

/// Nodes that node_scaling() knows, in nm, falling.
[[nodiscard]] std::span<const int> scaling_nodes_nm();

/// Supply at which nodes are compared when nothing else is said.
inline constexpr double kScalingSupplyVolt = 0.8;

/// Factors from one node to another, both at `supply_volt`.
/// Source  Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device
///         performance from 180 nm to 7 nm", Integration 58, 2017 (energy polynomials in the supply
///         voltage and area table, as transcribed in Accelergy-Project/hwcomponents@e67d7f1).
/// Errors  unknown nodes, a supply outside 0.6 V to 1.2 V.
[[nodiscard]] Expected<NodeScaling> node_scaling(int from_nm, int to_nm,
                                                 double supply_volt = kScalingSupplyVolt);

}  // namespace hwflow::chip
