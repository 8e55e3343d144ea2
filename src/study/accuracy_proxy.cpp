#include "study/accuracy_proxy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.hpp"
#include "base/random.hpp"
#include "study/hardware_model.hpp"
#include "workload/network_yaml.hpp"
#include "workload/shrunk_networks.hpp"

namespace hwflow::study {
namespace {

constexpr std::int64_t kWhole = 1'000'000'000;

}  // namespace

struct CapacityProxy::State {
  explicit State(const LoadedStudy& study)
      : networks(study.network),
        weights(layer_weights(study.network)),
        widest{std::ranges::max(study.options.search.weight_bits),
               std::ranges::max(study.options.search.input_bits)} {}

  ShrunkNetworks networks;
  std::vector<std::int64_t> weights;  ///< of every compute layer
  WidthPair widest;
};

CapacityProxy::CapacityProxy(const LoadedStudy& study)
    : state_(std::make_unique<const State>(study)),
      key_(fmt::format("proxy capacity-1 network {:016x} widest {}/{}",
                       stable_hash(to_yaml(study.network)), state_->widest.weights,
                       state_->widest.inputs)) {}

CapacityProxy::~CapacityProxy() = default;

std::optional<train::PlanAccuracy> CapacityProxy::evaluate(const CompressionPlan& plan,
                                                           std::stop_token /*stop*/) {
  const std::vector<std::int64_t> left = layer_weights(*state_->networks.of(plan));
  HWFLOW_CHECK(left.size() == plan.layers.size(), "plan of another network");
  double logarithms = 0.0;
  int layers = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (state_->weights[i] == 0) continue;  // a product of two results
    ++layers;
    const double weights = static_cast<double>(left[i]) / static_cast<double>(state_->weights[i]);
    const double bits = static_cast<double>(plan.layers[i].weights * plan.layers[i].inputs) /
                        (state_->widest.weights * state_->widest.inputs);
    logarithms += std::log(weights * bits);
  }
  const double capacity = std::exp(logarithms / std::max(1, layers));
  return train::PlanAccuracy{{std::llround(capacity * static_cast<double>(kWhole)), kWhole}, {}};
}

std::optional<train::AccuracyEstimate> CapacityProxy::confirm(const CompressionPlan& /*plan*/,
                                                              std::stop_token /*stop*/) {
  return train::AccuracyEstimate{};
}

train::AccuracyEstimate CapacityProxy::float_search_accuracy() { return {kWhole, kWhole}; }

std::optional<train::FinishedPlan> CapacityProxy::finish(const CompressionPlan& /*plan*/,
                                                         const train::FinetuneOptions& /*options*/,
                                                         const train::ReportFinish& /*progress*/,
                                                         std::stop_token /*stop*/) {
  return std::nullopt;
}

}  // namespace hwflow::study
