#include "train/quant/integer_executor.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train {
namespace {

std::int64_t image_elements(const Network& network) {
  for (const Node& node : network.nodes())
    if (node.kind == NodeKind::input) return node.shape.elements();
  return 0;
}

}  // namespace

Expected<IntegerExecutor> IntegerExecutor::make(IntegerNetwork network, KernelSet kernels) {
  auto plan = integer::compile(std::move(network), kernels);
  if (!plan) return Unexpected{plan.error()};
  return IntegerExecutor(std::make_shared<const integer::Plan>(std::move(*plan)));
}

IntegerExecutor IntegerExecutor::of(std::shared_ptr<const integer::Plan> plan) {
  return IntegerExecutor(std::move(plan));
}

std::vector<std::int64_t> IntegerExecutor::logits(std::span<const std::uint8_t> pixels,
                                                  std::int64_t count, int threads) const {
  const std::int64_t image = image_elements(plan_->network.network);
  HWFLOW_CHECK(static_cast<std::int64_t>(pixels.size()) == count * image,
               "pixels do not fit the count of images");
  const std::int64_t classes = plan_->network.network.nodes()[plan_->output].shape.elements();
  std::vector<std::int64_t> all(static_cast<std::size_t>(count * classes));
  // Chunks of fixed size: one workspace each, whatever the number of threads.
  constexpr std::int64_t kChunk = 32;
  const auto chunks = static_cast<std::size_t>((count + kChunk - 1) / kChunk);
  parallel_for(chunks, threads, [&](std::size_t chunk) {
    integer::Workspace workspace = integer::make_workspace(*plan_);
    const std::int64_t first = static_cast<std::int64_t>(chunk) * kChunk;
    for (std::int64_t i = first; i < std::min(count, first + kChunk); ++i) {
      for (std::size_t node = 0; node < plan_->nodes.size(); ++node)
        integer::run_node(*plan_, node, pixels.data() + i * image, workspace);
      std::copy(workspace.logits.begin(), workspace.logits.end(), all.begin() + i * classes);
    }
  });
  return all;
}

std::vector<std::int32_t> IntegerExecutor::predict(std::span<const std::uint8_t> pixels,
                                                   std::int64_t count, int threads) const {
  const std::vector<std::int64_t> all = logits(pixels, count, threads);
  std::vector<std::int32_t> classes(static_cast<std::size_t>(count));
  if (count == 0) return classes;
  const std::size_t width = all.size() / classes.size();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(i * width);
    const auto last = first + static_cast<std::ptrdiff_t>(width);
    classes[i] = static_cast<std::int32_t>(std::max_element(first, last) - first);
  }
  return classes;
}

double IntegerExecutor::logit_unit() const { return plan_->logit_unit; }

std::vector<std::int32_t> IntegerExecutor::input_codes(std::span<const std::uint8_t> image,
                                                       std::size_t node, std::size_t edge) const {
  HWFLOW_CHECK(node < plan_->nodes.size() && edge < plan_->nodes[node].inputs.size(),
               "no such input edge");
  integer::Workspace workspace = integer::make_workspace(*plan_);
  for (std::size_t i = 0; i < node; ++i) integer::run_node(*plan_, i, image.data(), workspace);
  const std::size_t s = plan_->nodes[node].inputs[edge];
  const FeatureShape shape = plan_->slots[s].shape;
  const std::int64_t area = shape.height * shape.width;
  std::vector<std::int32_t> codes(static_cast<std::size_t>(shape.elements()));
  for (std::int64_t c = 0; c < shape.channels; ++c)
    for (std::int64_t i = 0; i < area; ++i)
      codes[static_cast<std::size_t>(c * area + i)] =
          integer::code_at(plan_->slots[s], workspace.codes[s], i * shape.channels + c);
  return codes;
}

const IntegerNetwork& IntegerExecutor::network() const { return plan_->network; }

std::int64_t count_correct(std::span<const std::int32_t> predictions,
                           std::span<const std::uint8_t> labels) {
  HWFLOW_CHECK(predictions.size() == labels.size(), "one prediction per label");
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) correct += predictions[i] == labels[i] ? 1 : 0;
  return correct;
}

}  // namespace hwflow::train
