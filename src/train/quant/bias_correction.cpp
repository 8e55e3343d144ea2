#include <cmath>

#include "base/check.hpp"
#include "train/quant/integer_plan.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {
namespace {

using integer::Plan;
using integer::Workspace;

/// Mean code of each element of a slot, as (channel, row, column).
std::vector<double> mean_codes(const Plan& plan, std::size_t s,
                               const std::vector<Workspace>& images) {
  const integer::Slot& slot = plan.slots[s];
  std::vector<std::int64_t> sums(static_cast<std::size_t>(slot.shape.elements()), 0);
  for (const Workspace& image : images) {
    const std::vector<std::uint8_t>& codes = image.codes[s].narrow;
    for (std::size_t i = 0; i < codes.size(); ++i) sums[i] += codes[i];
  }
  const std::int64_t area = slot.shape.height * slot.shape.width;
  std::vector<double> means(sums.size());
  for (std::int64_t c = 0; c < slot.shape.channels; ++c)
    for (std::int64_t i = 0; i < area; ++i)
      means[static_cast<std::size_t>(c * area + i)] =
          static_cast<double>(sums[static_cast<std::size_t>(i * slot.shape.channels + c)]) /
              static_cast<double>(images.size()) -
          slot.offset;
  return means;
}

/// Moves the biases of one node; its input slots are filled.
void correct_node(Plan& plan, std::size_t node, const std::vector<Workspace>& images,
                  const std::vector<double>& targets, std::vector<float>& bias) {
  IntegerCompute& compute = *plan.network.nodes[node].compute;
  const std::size_t input = plan.nodes[node].inputs[0];
  const std::vector<double> codes(compute.codes.begin(), compute.codes.end());
  const std::vector<double> means =
      mean_outputs(plan.network.network.nodes()[node], plan.slots[input].shape,
                   mean_codes(plan, input, images), codes);
  for (std::size_t k = 0; k < means.size(); ++k) {
    const double unit = plan.nodes[node].sum_scales[k];
    const double wanted = std::nearbyint(targets[k] / unit - means[k]);
    if (std::abs(wanted) > 16777216.0) continue;  // a float bias would not keep the code
    compute.bias[k] = static_cast<std::int64_t>(wanted);
    bias[k] = static_cast<float>(wanted * unit);
  }
  integer::prepare_bias(plan, node);
}

bool is_narrow(const Plan& plan) {
  for (const integer::Slot& slot : plan.slots)
    if (slot.wide) return false;
  return true;
}

}  // namespace

void correct_biases(QuantizedNetwork& network, std::span<const std::uint8_t> pixels,
                    std::int64_t count, const std::vector<std::vector<double>>& target_means) {
  auto integers = to_integer_network(network);
  if (!integers || count == 0) return;
  auto compiled = integer::compile(std::move(*integers), KernelSet::best);
  HWFLOW_CHECK(compiled.has_value(), "a checked integer network does not compile");
  Plan& plan = *compiled;
  if (!is_narrow(plan)) return;
  const auto image = pixels.size() / static_cast<std::size_t>(count);
  std::vector<Workspace> images(static_cast<std::size_t>(count), integer::make_workspace(plan));
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    if (plan.network.nodes[node].compute)
      correct_node(plan, node, images, target_means.at(node),
                   network.weights.at(plan.network.network.nodes()[node].name + ".bias").values);
    for (std::size_t i = 0; i < images.size(); ++i)
      integer::run_node(plan, node, pixels.data() + i * image, images[i]);
  }
}

}  // namespace hwflow::train
