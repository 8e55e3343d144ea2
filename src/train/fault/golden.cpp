#include "train/fault/golden.hpp"

#include "train/fault/reading_taps.hpp"

namespace hwflow::train::fault {
namespace {

using integer::Plan;

std::int64_t sum_stride(const FeatureShape& out) { return round_up(out.channels, kChannelBlock); }

void sum_average(const Plan& plan, std::size_t node, const integer::Workspace& workspace,
                 std::vector<std::int32_t>& sums) {
  const integer::PreparedNode& prepared = plan.nodes[node];
  const integer::Slot& slot = plan.slots[prepared.inputs[0]];
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const ReadingTaps taps(prepared.conv, slot.shape, out);
  const std::int64_t stride = sum_stride(out), channels = slot.shape.channels;
  sums.assign(static_cast<std::size_t>(out.height * out.width * stride), 0);
  const std::uint8_t* codes = workspace.codes[prepared.inputs[0]].narrow.data();
  for (std::int64_t y = 0; y < slot.shape.height; ++y)
    for (std::int64_t x = 0; x < slot.shape.width; ++x, codes += channels)
      taps.for_each(y, x, [&](std::int64_t, std::int64_t pixel) {
        std::int32_t* to = sums.data() + pixel * stride;
        for (std::int64_t c = 0; c < channels; ++c) to[c] += codes[c] - slot.offset;
      });
}

}  // namespace

bool has_narrow_sums(const Plan& plan, std::size_t node) {
  const integer::Kernel kernel = plan.nodes[node].kernel;
  return kernel == integer::Kernel::dense || kernel == integer::Kernel::depthwise;
}

bool is_narrow_average(const Plan& plan, std::size_t node) {
  return plan.network.network.nodes()[node].kind == NodeKind::average_pooling &&
         !plan.slots[plan.nodes[node].inputs[0]].wide;
}

Golden make_golden(const Plan& plan) {
  Golden golden{integer::make_workspace(plan), {}};
  golden.sums.resize(plan.nodes.size());
  for (std::size_t node = 0; node < plan.nodes.size(); ++node)
    if (has_narrow_sums(plan, node)) golden.sums[node].resize(integer::sum_count(plan, node));
  return golden;
}

void run_golden(const Plan& plan, const std::uint8_t* pixels, Golden& golden) {
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    if (has_narrow_sums(plan, node)) {
      integer::compute_sums(plan, node, golden.workspace, golden.sums[node]);
      integer::store_sums(plan, node, golden.sums[node], golden.workspace);
      continue;
    }
    integer::run_node(plan, node, pixels, golden.workspace);
    if (is_narrow_average(plan, node)) sum_average(plan, node, golden.workspace, golden.sums[node]);
  }
}

}  // namespace hwflow::train::fault
