#include "report/buffer_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "report/format.hpp"
#include "tests/report/markup.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Two 3x3 convolutions, with buffers from 2 to 64 KiB.
chip::BufferFront front_of(chip::Objective objective) {
  NetworkBuilder builder;
  NodeId x = builder.input({8, 32, 32});
  x = builder.conv_bias("a", x, 8, {.kernel = 3, .pad = 1}, Activation::relu);
  builder.conv_bias("b", x, 8, {.kernel = 3, .pad = 1}, Activation::none);
  const chip::FusionGraph graph =
      chip::make_fusion_graph(std::move(builder).finish("net"), CompressionPlan::uniform(2, 16, 16),
                              {.partial_sum_bits = 16});
  chip::FusionOptions options;
  options.objective = options.mapper.objective = objective;
  options.mapper.strategy = "products";
  options.mapper.max_evaluations = 300;
  return *chip::fuse_buffers(graph, *chip::load_accelerator("eyeriss-isca"),
                             {chip::BufferRange{16384, 524'288, 0.5}, {}}, options);
}

TEST(BufferPage, ShowsEveryPoint) {
  const chip::BufferFront front = front_of(chip::Objective::dram);
  ASSERT_GT(front.points.size(), 3U);
  const std::string page =
      buffer_page({front, "<net>", "<chip>", chip::Objective::dram, 200.0, {"<note>"}});
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<net>")));
  EXPECT_THAT(page, Not(HasSubstr("<note>")));
  for (const chip::BufferPoint& point : front.points) {
    EXPECT_THAT(page, HasSubstr("<td>" + count_text(point.fusion.total.dram_bits) + "</td>"));
    EXPECT_THAT(page, HasSubstr("<td>" + energy_text(point.fusion.total.energy_pj) + "</td>"));
  }
}

TEST(BufferPage, DrawsOneDotAPointAndOneForItsSingleLayers) {
  const chip::BufferFront front = front_of(chip::Objective::edp);
  const std::string chart = buffer_chart({front, "net", "chip", chip::Objective::edp});
  std::size_t dots = 0, expected = 0;
  for (auto at = chart.find("<circle"); at != std::string::npos; at = chart.find("<circle", at + 1))
    ++dots;
  for (const chip::BufferPoint& point : front.points)
    expected += (point.is_dominated ? 0 : 1) + (point.fusion.single_layers ? 1 : 0);
  EXPECT_EQ(dots, expected);
}

TEST(BufferPage, SingleLayersCostTheSumOfTheirMappings) {
  const chip::BufferFront front = front_of(chip::Objective::energy);
  const chip::NetworkFusion& fusion = front.points.front().fusion;
  double sum = 0.0;
  for (const auto& layer : fusion.single_mappings)
    sum += static_cast<double>(layer.count()) * layer.result.value;
  EXPECT_NEAR(*single_layer_value(fusion, chip::Objective::energy), sum, 1e-9 * sum);
  EXPECT_EQ(*single_layer_value(fusion, chip::Objective::dram),
            static_cast<double>(fusion.single_layers->dram_bits));
}

TEST(BufferPage, IsWrittenIntoANewFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_buffer_page" / "new";
  std::filesystem::remove_all(folder.parent_path());
  const chip::BufferFront front = front_of(chip::Objective::dram);
  const BufferReport report{front, "net", "chip"};
  write_buffer_page(report, folder);
  std::ifstream stream(folder / "buffers.html");
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(stream)), {}), buffer_page(report));
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace hwflow::report
