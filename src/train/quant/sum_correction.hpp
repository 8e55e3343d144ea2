#pragma once

#include <span>
#include <vector>

#include "train/quant/integer_plan.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// What correct_sums() does to one compute node.
struct SumCorrection {
  std::vector<double> gains;  ///< of each weight scale
  std::vector<float> bias;    ///< the new one
};

/// `present`: the node's sums in the plan as it is; `bias`: the float bias that its bias codes were
/// made of; keeps_scales: DoReFa's weights, whose scales follow from them.
[[nodiscard]] SumCorrection correction_of(const integer::Plan& plan, std::size_t node,
                                          const SumStatistics& present, const SumStatistics& target,
                                          std::span<const float> bias, bool keeps_scales);

/// Corrects the node's scales and bias codes in the plan.
void apply(const SumCorrection& correction, integer::Plan& plan, std::size_t node);

/// Float weights that have the codes of `compute`, already corrected, at its scales.
void scale_weights(const SumCorrection& correction, const IntegerCompute& compute,
                   std::span<float> weights);

}  // namespace hwflow::train
