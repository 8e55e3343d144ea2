#include "study/decisions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

int width_gene(double action, std::vector<int> widths) {
  const int least = widths.front(), greatest = widths.back();
  return gene_of_action(action,
                        {Decision::Kind::weights, 0, 0, std::move(widths), least, greatest, 16});
}

/// "0w0 0i1 0c8": layer, kind, gene.
std::string text_of(const std::vector<Decision>& decisions) {
  std::vector<std::string> texts;
  for (const Decision& decision : decisions) {
    const char kind = "wic"[static_cast<std::size_t>(decision.kind)];
    texts.push_back(fmt::format("{}{}{}", decision.layer, kind, decision.gene));
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

// Bits 2..8 share 0..1 in seven equal parts: 0.5 of a bit on either side of each, (bits - 1.5) / 7.
TEST(GeneOfAction, EveryBitHasTheSameShareOfActions) {
  const std::vector<int> all{2, 3, 4, 5, 6, 7, 8};
  for (int bits = 2; bits <= 8; ++bits) {
    EXPECT_EQ(width_gene((bits - 1.99) / 7.0, all), bits - 2) << bits;
    EXPECT_EQ(width_gene((bits - 1.01) / 7.0, all), bits - 2) << bits;
  }
  EXPECT_EQ(width_gene(0.0, all), 0);
  EXPECT_EQ(width_gene(1.0, all), 6);
  EXPECT_EQ(width_gene(1.0, std::vector<int>{1, 2, 3}), 2);  // 3.5 rounds to 4: too wide
  EXPECT_EQ(width_gene(0.7, std::vector<int>{4}), 0);
}

// 2, 4, 8: bits 2, 3 give 2; 4, 5, 6 give 4; 7, 8 give 8. So 2/7, 3/7, 2/7 of the actions.
TEST(GeneOfAction, TakesTheNearestAllowedWidthTheNarrowerOfTwo) {
  const std::vector<int> widths{2, 4, 8};
  const std::vector<int> expected{0, 0, 1, 1, 1, 2, 2};  // of 2..8 bits
  for (int bits = 2; bits <= 8; ++bits) {
    EXPECT_EQ(width_gene((bits - 1.5) / 7.0, widths), expected[static_cast<std::size_t>(bits - 2)])
        << bits;
  }
}

// Of 16 channels 4, 8, 12 or 16: an action of 0.7 means 11.2; 0.625 means 10, the fewer of two.
TEST(GeneOfAction, OfChannelsIsTheShareThatStays) {
  const Decision decision{Decision::Kind::channels, 0, 0, {4, 8, 12, 16}, 4, 16, 16};
  EXPECT_EQ(gene_of_action(0.0, decision), 0);
  EXPECT_EQ(gene_of_action(0.3, decision), 0);
  EXPECT_EQ(gene_of_action(0.7, decision), 2);
  EXPECT_EQ(gene_of_action(0.625, decision), 1);
  EXPECT_EQ(gene_of_action(1.0, decision), 3);
}

// Of 2 to 8 bits an action of 0.1 means 2, of 0.5 means 5, of 0.9 means 8, whatever is left of
// them.
TEST(GeneOfAction, MeansTheSameBitsInANarrowedSpace) {
  const auto bits = [](double action, std::vector<int> left) {
    const Decision decision{Decision::Kind::weights, 0, 0, std::move(left), 2, 8, 8};
    return decision.values[static_cast<std::size_t>(gene_of_action(action, decision))];
  };
  EXPECT_EQ(bits(0.1, {4, 8}), 4);
  EXPECT_EQ(bits(0.5, {4, 8}), 4);
  EXPECT_EQ(bits(0.5, {2, 8}), 2);  // 5: as near to 2 as to 8
  EXPECT_EQ(bits(0.9, {2, 4}), 4);
  EXPECT_EQ(bits(0.9, {2}), 2);
}

TEST(DecisionsOf, AreTheSameInANarrowedSpace) {
  const Network network = small_network();
  SearchOptions options = small_study().search;
  options.channels.emplace();
  const PlanSpace space(options, network);
  CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  plan.channels = {1, 2, 8};
  const PlanSpace narrowed = space.narrowed(std::vector{plan}, 0, 0.0);
  const std::vector<Decision> all = decisions_of(space, network);
  const std::vector<Decision> left = decisions_of(narrowed, network);
  ASSERT_EQ(text_of(left), text_of(all));
  EXPECT_EQ(left[0].values, (std::vector<int>{8}));
  EXPECT_EQ(left[0].least, 2);
  EXPECT_EQ(left[2].values, (std::vector<int>{1}));
  EXPECT_EQ(left[2].greatest, 4);
}

// Three convolutions and a fully connected layer: the channels of each convolution are a group.
TEST(DecisionsOf, GoLayerByLayerChannelsLast) {
  const Network network = small_network();
  SearchOptions options = small_study().search;
  EXPECT_EQ(text_of(decisions_of(PlanSpace(options, network), network)),
            "0w0 0i1 1w2 1i3 2w4 2i5 3w6 3i7");
  options.channels.emplace();
  EXPECT_EQ(text_of(decisions_of(PlanSpace(options, network), network)),
            "0w0 0i1 0c8 1w2 1i3 1c9 2w4 2i5 2c10 3w6 3i7");
}

// Widths of conv1 are pinned, its channels are not; no input has a choice; conv2 keeps its
// channels.
TEST(DecisionsOf, WhatHasOneValueIsNobodysDecision) {
  const Network network = small_network();
  SearchOptions options = small_study().search;
  options.pinned = {{"conv1", 8, 8}};
  options.input_bits = {8};
  options.channels.emplace();
  options.channels->keep = {"conv2"};
  const std::vector<Decision> decisions = decisions_of(PlanSpace(options, network), network);
  EXPECT_EQ(text_of(decisions), "0c6 1w0 2w2 2c7 3w4");
  EXPECT_EQ(decisions[0].values, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(decisions[0].full, 4);
  EXPECT_EQ(decisions[1].values, (std::vector<int>{2, 4, 8}));
  EXPECT_EQ(decisions[1].full, 8);
  EXPECT_EQ(decisions[3].full, 8);
}

}  // namespace
}  // namespace hwflow::study
