#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workload/network.hpp"

namespace hwflow::study {

/// Plans whose accuracy a search asks for, in its order.
struct PlanStream {
  std::string name;
  std::vector<CompressionPlan> plans;
};

/// What searches over the widths 2, 3, 4, 6, 8 measure one after another: the uniform plans with
/// which all begin; single steps of the widest plan and the paths that go on from them (greedy);
/// random plans; and the offspring of NSGA-II. At most `limit` plans of each; single steps are
/// spread over all layers. The searches are
/// those of examples/02_resnet20_cifar10.yaml, on the coarse model of the accelerator and
/// accuracies made by a formula: only what they learn is not real.
[[nodiscard]] std::vector<PlanStream> record_streams(const Network& network, std::size_t limit,
                                                     std::uint64_t seed);

}  // namespace hwflow::study
