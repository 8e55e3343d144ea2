#include "chip/mapper/class_mirror.hpp"

#include <gtest/gtest.h>

#include "chip/mapper/mapper.hpp"
#include "tests/chip/mapper/small_problem.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

std::size_t count_kept(const Layer& layer, const Accelerator& machine, std::size_t& all) {
  const MapSpace space(layer, machine, MapperOptions::Factors::perfect);
  std::vector<LoopClass> classes = LoopClasses(layer, machine).all();
  all = classes.size();
  return without_mirror_images(std::move(classes), layer, space).size();
}

/// A map space whose mesh takes the rows but not the columns.
Accelerator with_rows_on_the_mesh(const Accelerator& machine) {
  Accelerator::Fields fields = machine.fields();
  fields.levels[1].fanout.x_dims = fields.levels[1].fanout.y_dims = {Dim::p, Dim::k};
  return *Accelerator::make(fields);
}

TEST(ClassMirror, HalvesTheClassesOfASquareLayer) {
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  const Layer layer = testing::make_conv_layer(8, 4, 6, 3);
  std::size_t all = 0;
  const std::size_t kept = count_kept(layer, machine, all);
  EXPECT_GE(2 * kept, all);
  EXPECT_LT(kept, all);
}

TEST(ClassMirror, LeavesWhatHasNoMirrorImage) {
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  ConvShape shape;
  shape.in_channels = shape.out_channels = 4;
  shape.in_height = shape.in_width = 7;
  shape.kernel_height = shape.kernel_width = 3;
  shape.pad_top = 1;
  shape.pad_bottom = 1;
  const auto padded = make_convolution(shape);  // 7x5
  ASSERT_TRUE(padded);
  shape.pad_top = shape.pad_bottom = 0;
  shape.stride_height = 2;
  shape.in_height = 11;
  const auto strided = make_convolution(shape);  // 5x5 rows and columns, other strides
  ASSERT_TRUE(strided);
  ASSERT_EQ(strided->bound(Dim::p), strided->bound(Dim::q));
  for (const Operator& op : {*padded, *strided}) {
    std::size_t all = 0;
    const std::size_t kept = count_kept({"conv", op, {}}, machine, all);
    EXPECT_EQ(kept, all);
  }
  std::size_t all = 0;
  const std::size_t kept =
      count_kept(testing::make_conv_layer(8, 4, 6, 3), with_rows_on_the_mesh(machine), all);
  EXPECT_EQ(kept, all);
}

/// Square layers: the search that leaves images out still finds the best of all mappings.
TEST(ClassMirror, LosesNoOptimum) {
  int compared = 0;
  for (const std::int64_t filters : {1, 2}) {
    ConvShape shape;
    shape.out_channels = filters;
    shape.in_height = shape.in_width = 3;
    shape.kernel_height = shape.kernel_width = 2;
    const auto op = make_convolution(shape);
    ASSERT_TRUE(op);
    const Layer layer{"conv", *op, {}};
    for (const std::int64_t buffer : {1 << 7, 1 << 9}) {
      const Accelerator machine = testing::make_tiny_accelerator(buffer, 1 << 6);
      const auto truth =
          testing::map_exhaustively(layer, machine, MapperOptions::Factors::perfect, 1'000'000);
      ASSERT_TRUE(truth);
      for (const Objective objective : {Objective::energy, Objective::edp, Objective::dram}) {
        MapperOptions options;
        options.objective = objective;
        options.strategy = "products";
        const auto found = map_layer(layer, machine, options);
        const auto& best = truth->best[static_cast<std::size_t>(objective)];
        ASSERT_EQ(found.has_value(), best.has_value());
        if (!found) continue;
        ++compared;
        EXPECT_NEAR(found->value, *best, 1e-9 * *best) << filters << " " << buffer;
      }
    }
  }
  EXPECT_GE(compared, 6);
}

}  // namespace
}  // namespace hwflow::chip
