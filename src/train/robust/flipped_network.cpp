#include "train/robust/flipped_network.hpp"

#include <utility>

#include "base/check.hpp"
#include "train/fault/changed_network.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train::robust {

FlippedNetwork::FlippedNetwork(const IntegerNetwork& network) {
  auto plan = integer::compile(network, KernelSet::best);
  HWFLOW_CHECK(plan.has_value(), to_text(plan.error()));
  fault_free_ = now_ = std::make_shared<const integer::Plan>(std::move(*plan));
}

FlippedNetwork::SharedPlan FlippedNetwork::with(std::span<const fault::Upset> more) const {
  std::vector<integer::SharedWeights> weights;
  for (const integer::PreparedNode& node : now_->nodes) weights.push_back(node.weights);
  for (const fault::Upset& upset : more) weights[upset.node] = nullptr;
  return std::make_shared<const integer::Plan>(fault::compile_changed(
      *fault_free_, fault::changed_network(now_->network, *fault_free_, more), weights));
}

double objective(const FlippedNetwork::SharedPlan& plan, const FlipBatch& batch, int threads) {
  const std::vector<std::int64_t> logits =
      IntegerExecutor::of(plan).logits(batch.images.pixels, batch.images.count(), threads);
  return objective(batch, logits, plan->logit_unit);
}

FlipScore score(const FlippedNetwork::SharedPlan& plan, const ImageSet& images,
                const BitFlipOptions& options) {
  const std::vector<std::int32_t> classes =
      IntegerExecutor::of(plan).predict(images.pixels, images.count(), options.threads);
  FlipScore score{.total = images.count()};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::int64_t label = images.labels[i], told = classes[i];
    const bool is_right = told == label;
    score.correct += is_right ? 1 : 0;
    if (!options.target) continue;
    const bool is_attacked = options.source ? label == *options.source : label != *options.target;
    score.attacked += is_attacked ? 1 : 0;
    score.moved += is_attacked && told == *options.target ? 1 : 0;
    if (!options.source) continue;
    score.others += is_attacked ? 0 : 1;
    score.others_correct += !is_attacked && is_right ? 1 : 0;
  }
  return score;
}

}  // namespace hwflow::train::robust
