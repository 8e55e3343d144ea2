#include "report/fusion_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "chip/fusion/tensor_bits.hpp"
#include "report/format.hpp"
#include "report/fusion_charts.hpp"
#include "tests/report/markup.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Two 3x3 convolutions on a machine where they are fused.
struct Fused {
  explicit Fused(const std::string& name, bool double_buffered = false)
      : machine(*chip::make_fusion_machine(*chip::load_accelerator("eyeriss-isca"),
                                           {300'000, double_buffered})) {
    NetworkBuilder builder;
    NodeId x = builder.input({16, 32, 32});
    x = builder.conv_bias(name + " a", x, 16, {.kernel = 3, .pad = 1}, Activation::relu);
    builder.conv_bias(name + " b", x, 16, {.kernel = 3, .pad = 1}, Activation::none);
    graph = chip::make_fusion_graph(std::move(builder).finish("net"),
                                    CompressionPlan::uniform(2, 16, 16), {.partial_sum_bits = 16});
    graph.name = name;
    chip::FusionOptions options;
    options.mapper.strategy = "products";
    options.mapper.max_evaluations = 500;
    fusion = *chip::fuse_network(graph, machine, options);
  }
  [[nodiscard]] FusionReport report() const {
    return {fusion, graph, machine, graph.name, chip::Objective::dram, {graph.name}};
  }
  chip::FusionGraph graph;
  chip::FusionMachine machine;
  chip::NetworkFusion fusion;
};

TEST(FusionPage, ShowsTheNumbersOfTheResult) {
  const Fused fused("net");
  const std::string page = fusion_page(fused.report());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, HasSubstr(count_text(fused.fusion.total.dram_bits)));
  EXPECT_THAT(page, HasSubstr(count_text(fused.fusion.single_layers->dram_bits)));
  for (const auto& group : fused.fusion.groups) {
    EXPECT_THAT(page, HasSubstr("<td>" + count_text(group.total.dram_bits) + "</td>"));
    EXPECT_THAT(page, HasSubstr("<td>" + count_text(group.total.cycles) + "</td>"));
    EXPECT_THAT(page, HasSubstr("<td>" + count_text(group.peak_buffer_bits) + "</td>"));
  }
  for (const auto& tensor : chip::tensor_bits(fused.fusion, fused.graph))
    EXPECT_THAT(page, HasSubstr("fused " + count_text(tensor.fused_bits) + " bits"));
}

TEST(FusionPage, SaysWhereSingleLayersAreNotProved) {
  Fused fused("net");
  fused.fusion.single_layers_optimal = true;
  EXPECT_THAT(fusion_page(fused.report()), Not(HasSubstr("did not prove every single layer")));
  fused.fusion.single_layers_optimal = false;
  EXPECT_THAT(fusion_page(fused.report()), HasSubstr("did not prove every single layer"));
}

TEST(FusionPage, EscapesEveryTextFromOutside) {
  const Fused fused("<script>alert('1')</script>");
  const std::string page = fusion_page(fused.report());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
}

TEST(FusionPage, DrawsPeaksAndBusyCyclesExactly) {
  for (const bool double_buffered : {false, true}) {
    const Fused fused("net", double_buffered);
    const FusionReport report = fused.report();
    for (std::size_t g = 0; g < fused.fusion.groups.size(); ++g) {
      const auto& group = fused.fusion.groups[g];
      const GroupSpans spans = spans_of(report, g, 0.0);
      double peak = 0.0, end = 0.0, array = 0.0, dram = 0.0;
      for (const Span& span : spans.room) {
        peak = std::max(peak, span.amount);
        end = std::max(end, span.end);
      }
      for (const Span& span : spans.array) array += span.amount;
      for (const Span& span : spans.dram) dram += span.amount;
      EXPECT_EQ(peak, static_cast<double>(group.peak_buffer_bits));
      EXPECT_EQ(end, static_cast<double>(group.total.cycles));
      if (!group.cost) continue;
      EXPECT_EQ(array, static_cast<double>(group.cost->compute_cycles));
      if (!double_buffered) {
        EXPECT_EQ(dram, static_cast<double>(group.cost->dram_cycles));
      }
    }
  }
}

}  // namespace
}  // namespace hwflow::report
