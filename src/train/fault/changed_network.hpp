#pragma once

#include <span>

#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// The network as a faulty memory gives its stored weights and biases, upset after upset; upsets of
/// other sites change nothing here. `plan`: of the network without faults, whose words these are.
/// Codes that a layer's quantizer never uses are in its range afterwards, if one of its weights was
/// disturbed.
[[nodiscard]] IntegerNetwork changed_network(IntegerNetwork network, const integer::Plan& plan,
                                             std::span<const Upset> upsets);

/// Compiles it. Logits keep the unit of `fault_free`, whatever kernel the changed weights have:
/// they can be compared. `weights`: as for integer::compile(), of layers that are as they were.
[[nodiscard]] integer::Plan compile_changed(const integer::Plan& fault_free, IntegerNetwork changed,
                                            std::span<const integer::SharedWeights> weights = {});

}  // namespace hwflow::train::fault
