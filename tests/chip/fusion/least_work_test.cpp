#include "chip/fusion/least_work.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"

namespace hwflow::chip {
namespace {

/// Every way to hand out factors of the dimensions to the axes of the meshes, one axis after the
/// other, each dimension's factors together dividing it.
std::int64_t busy_by_enumeration(const Operator& op, const Accelerator& machine) {
  struct AxisOf {
    std::int64_t length = 1;
    std::vector<Dim> dims;
  };
  std::vector<AxisOf> axes;
  for (const MemoryLevel& level : machine.levels()) {
    axes.push_back({level.fanout.x, level.fanout.x_dims});
    axes.push_back({level.fanout.y, level.fanout.y_dims});
  }
  DimArray rest = op.bounds();
  std::function<std::int64_t(std::size_t, std::size_t, std::int64_t)> from =
      [&](std::size_t axis, std::size_t dim, std::int64_t room) -> std::int64_t {
    if (axis == axes.size()) return 1;
    if (dim == kDims.size())
      return from(axis + 1, 0, axis + 1 < axes.size() ? axes[axis + 1].length : 1);
    const auto& dims = axes[axis].dims;
    const bool is_allowed =
        dims.empty() || std::find(dims.begin(), dims.end(), kDims[dim]) != dims.end();
    std::int64_t best = from(axis, dim + 1, room);
    std::int64_t& left = rest[index(kDims[dim])];
    for (std::int64_t factor = 2; is_allowed && factor <= std::min(room, left); ++factor) {
      if (left % factor != 0) continue;
      left /= factor;
      best = std::max(best, factor * from(axis, dim + 1, room / factor));
      left *= factor;
    }
    return best;
  };
  return from(0, 0, axes.front().length);
}

/// Dimensions that two axes share may make the bound loose, never too low.
TEST(MostBusyUnits, NoHandingOutOfFactorsKeepsMoreBusy) {
  int equal = 0, compared = 0;
  for (const char* name : {"defines-meta", "eyeriss-isca", "ws16x16"}) {
    const Accelerator machine = *load_accelerator(name);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      Rng rng = Rng::derive(5, seed);
      const Network network = testing::random_network(rng, 3);
      const FusionGraph graph =
          make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 16});
      for (const FusionLayer& layer : graph.layers) {
        const std::int64_t most = most_busy_units(layer.layer.op, machine);
        const std::int64_t found = busy_by_enumeration(layer.layer.op, machine);
        EXPECT_LE(found, most) << layer.layer.name;
        EXPECT_LE(most, machine.compute_units());
        equal += found == most ? 1 : 0;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 60);
  EXPECT_GT(equal, compared / 2);
}

}  // namespace
}  // namespace hwflow::chip
