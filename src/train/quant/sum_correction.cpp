#include "train/quant/sum_correction.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.hpp"
#include "train/quant/integer_plan.hpp"
#include "train/quant/quantized_network.hpp"
#include "train/quant/weight_rounding.hpp"

namespace hwflow::train {
namespace {

using integer::Plan;
using integer::Workspace;

constexpr double kLargestGain = 8.0;         // beyond it a channel is dead, not shrunk
constexpr double kLargestBias = 16777216.0;  // 2^24: a float bias would not keep a larger code

double mean(const SumStatistics& s, std::size_t k) {
  return s.sum[k] / static_cast<double>(s.count);
}

double variance(const SumStatistics& s, std::size_t k) {
  return std::max(0.0, s.squares[k] / static_cast<double>(s.count) - mean(s, k) * mean(s, k));
}

/// The factor of each scale that gives sums the deviation of the target.
std::vector<double> gains_of(const std::vector<double>& units, std::size_t scales,
                             const SumStatistics& present, const SumStatistics& target) {
  std::vector<double> gains(scales, 1.0);
  const std::size_t per_scale = units.size() / scales;
  for (std::size_t g = 0; g < scales; ++g) {
    double wanted = 0.0, got = 0.0;
    for (std::size_t k = g * per_scale; k < (g + 1) * per_scale; ++k) {
      wanted += variance(target, k);
      got += variance(present, k) * units[k] * units[k];
    }
    if (wanted > 0.0 && got > 0.0)
      gains[g] = std::clamp(std::sqrt(wanted / got), 1.0 / kLargestGain, kLargestGain);
  }
  return gains;
}

}  // namespace

SumCorrection correction_of(const Plan& plan, std::size_t node, const SumStatistics& present,
                            const SumStatistics& target, std::span<const float> bias,
                            bool keeps_scales) {
  const IntegerCompute& compute = *plan.network.nodes[node].compute;
  SumCorrection result{std::vector<double>(compute.scales.size(), 1.0), {bias.begin(), bias.end()}};
  if (!keeps_scales)
    result.gains = gains_of(plan.nodes[node].sum_scales, compute.scales.size(), present, target);
  const double input_scale = plan.network.nodes[node].inputs[0].scale;
  for (std::size_t k = 0; k < bias.size(); ++k) {
    const std::size_t g = compute.scales.size() == 1 ? 0 : k;
    const double unit = compute.scales[g] * result.gains[g] * input_scale;
    const double without_bias = mean(present, k) - static_cast<double>(compute.bias[k]);
    const double wanted = std::nearbyint(mean(target, k) / unit - without_bias);
    if (std::abs(wanted) <= kLargestBias) result.bias[k] = static_cast<float>(wanted * unit);
  }
  return result;
}

void apply(const SumCorrection& correction, Plan& plan, std::size_t node) {
  IntegerCompute& compute = *plan.network.nodes[node].compute;
  for (std::size_t g = 0; g < compute.scales.size(); ++g) compute.scales[g] *= correction.gains[g];
  compute.bias =
      bias_codes(correction.bias, compute.scales, plan.network.nodes[node].inputs[0].scale);
  integer::prepare_again(plan, node);
}

void scale_weights(const SumCorrection& correction, const IntegerCompute& compute,
                   std::span<float> weights) {
  const std::size_t per_scale = weights.size() / correction.gains.size();
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(weights[i] * correction.gains[i / per_scale]);
  keep_codes(compute, weights);
}

namespace {

/// Moves scales and biases of one node; its input slots are filled.
void correct_node(Plan& plan, std::size_t node, std::vector<Workspace>& images,
                  const SumStatistics& target, QuantizedNetwork& network) {
  IntegerCompute& compute = *plan.network.nodes[node].compute;
  const std::string& name = plan.network.network.nodes()[node].name;
  std::vector<float>& weight = network.weights.at(name + ".weight").values;
  std::vector<float>& bias = network.weights.at(name + ".bias").values;
  SumStatistics present;
  for (Workspace& image : images) integer::add_moments(plan, node, image, present);
  const bool keeps_scales = network.nodes[node].weights.dorefa;
  const SumCorrection correction = correction_of(plan, node, present, target, bias, keeps_scales);
  apply(correction, plan, node);
  bias = correction.bias;
  if (!keeps_scales) {
    scale_weights(correction, compute, weight);
    network.nodes[node].weights.scales = compute.scales;
  }
}

bool is_narrow(const Plan& plan) {
  for (const integer::Slot& slot : plan.slots)
    if (slot.wide) return false;
  return true;
}

/// Integers that the narrow kernels run; none: float or wide widths.
std::optional<Plan> narrow_plan(const QuantizedNetwork& network) {
  auto integers = to_integer_network(network);
  if (!integers) return std::nullopt;
  auto compiled = integer::compile(std::move(*integers), KernelSet::best);
  HWFLOW_CHECK(compiled.has_value(), "a checked integer network does not compile");
  if (!is_narrow(*compiled)) return std::nullopt;
  return std::move(*compiled);
}

/// Runs all images node by node; calls before(node, images) for every compute node whose inputs are
/// there.
template <class Before>
void run_by_nodes(Plan& plan, std::span<const std::uint8_t> pixels, std::int64_t count,
                  const Before& before) {
  const auto image = pixels.size() / static_cast<std::size_t>(count);
  std::vector<Workspace> images;
  for (std::int64_t i = 0; i < count; ++i) images.push_back(integer::make_workspace(plan));
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    if (plan.network.nodes[node].compute) before(node, images);
    for (std::size_t i = 0; i < images.size(); ++i)
      integer::run_node(plan, node, pixels.data() + i * image, images[i]);
  }
}

/// From units of the sum to real numbers.
SumStatistics in_real_numbers(SumStatistics moments, const std::vector<double>& units) {
  for (std::size_t k = 0; k < units.size(); ++k) {
    moments.sum[k] *= units[k];
    moments.squares[k] *= units[k] * units[k];
  }
  return moments;
}

}  // namespace

std::vector<SumStatistics> sums_of_integers(const QuantizedNetwork& network,
                                            std::span<const std::uint8_t> pixels,
                                            std::int64_t count) {
  std::vector<SumStatistics> result(network.nodes.size());
  std::optional<Plan> plan = narrow_plan(network);
  if (!plan || count == 0) return result;
  run_by_nodes(*plan, pixels, count, [&](std::size_t node, std::vector<Workspace>& images) {
    SumStatistics moments;
    for (Workspace& image : images) integer::add_moments(*plan, node, image, moments);
    result[node] = in_real_numbers(std::move(moments), plan->nodes[node].sum_scales);
  });
  return result;
}

void correct_sums(QuantizedNetwork& network, std::span<const std::uint8_t> pixels,
                  std::int64_t count, const std::vector<SumStatistics>& targets) {
  std::optional<Plan> plan = narrow_plan(network);
  if (!plan || count == 0) return;
  run_by_nodes(*plan, pixels, count, [&](std::size_t node, std::vector<Workspace>& images) {
    if (targets.at(node).count > 0) correct_node(*plan, node, images, targets.at(node), network);
  });
}

}  // namespace hwflow::train
