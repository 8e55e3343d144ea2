// Witness: laws (same answer in any order of calls, from any thread, after a reload) and counting.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "chip/mapper/mapper.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using testing::make_conv_layer;
using testing::make_tiny_accelerator;

Layer at_widths(Layer layer, int weights, int inputs) {
  layer.bits.weights = weights;
  layer.bits.inputs = inputs;
  return layer;
}

MapperOptions quick() {
  MapperOptions options = quick_mapper_options(Objective::edp);
  options.max_evaluations = 6'000;
  return options;
}

TEST(MappingCache, MapsEqualLayersOnce) {
  MappingCache cache;
  const Accelerator accelerator = make_tiny_accelerator(1 << 13, 1 << 9);
  Layer layer = make_conv_layer(8, 4, 8, 3);
  const auto first = cache.map(layer, accelerator, quick());
  layer.name = "another name";
  const auto second = cache.map(layer, accelerator, quick());
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->mapping, second->mapping);
  EXPECT_EQ(cache.misses(), 1);
  EXPECT_EQ(cache.hits(), 1);
}

TEST(MappingCache, DoesNotDependOnTheOrderOfCallsOrOnThreads) {
  const Accelerator accelerator = make_tiny_accelerator(1 << 13, 1 << 9);
  const Layer layer = make_conv_layer(8, 4, 8, 3);
  const std::vector<std::pair<int, int>> widths{{8, 8}, {4, 2}, {2, 8}, {16, 16}};
  MappingCache forward, backward, threaded;
  std::map<std::pair<int, int>, double> expected;
  for (const auto& [w, a] : widths) {
    const auto found = forward.map(at_widths(layer, w, a), accelerator, quick());
    ASSERT_TRUE(found);
    expected[{w, a}] = found->value;
  }
  for (auto width = widths.rbegin(); width != widths.rend(); ++width) {
    const auto found =
        backward.map(at_widths(layer, width->first, width->second), accelerator, quick());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, expected[*width]);
  }
  std::vector<double> values(widths.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto found =
            threaded.map(at_widths(layer, widths[i].first, widths[i].second), accelerator, quick());
        if (found) values[i] = found->value;
      });
    }
  }
  for (std::size_t i = 0; i < widths.size(); ++i) EXPECT_EQ(values[i], expected[widths[i]]);
}

TEST(MappingCache, LoadsWhatItSavedAndRefusesWhatDoesNotFit) {
  const Accelerator accelerator = make_tiny_accelerator(1 << 13, 1 << 9);
  const Layer layer = make_conv_layer(8, 4, 8, 3);
  std::map<std::string, std::string> store;
  int saves = 0;
  const auto load = [&](const std::string& key) -> std::optional<std::string> {
    const auto found = store.find(key);
    if (found == store.end()) return std::nullopt;
    return found->second;
  };
  const auto save = [&](const std::string& key, const std::string& text) {
    store[key] = text;
    ++saves;
  };
  const auto fresh = MappingCache(load, save).map(layer, accelerator, quick());
  ASSERT_TRUE(fresh);
  EXPECT_EQ(saves, 1);
  const auto loaded = MappingCache(load, save).map(layer, accelerator, quick());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(saves, 1);
  EXPECT_EQ(loaded->mapping, fresh->mapping);
  EXPECT_EQ(loaded->value, fresh->value);
  EXPECT_EQ(loaded->lower_bound, fresh->lower_bound);
  EXPECT_EQ(loaded->optimal, fresh->optimal);

  // Not a mapping; a mapping of nothing; a bound above the cost: all are searched anew.
  const std::string mapping = store.begin()->second.substr(0, store.begin()->second.find('\n'));
  for (const std::string& broken :
       {std::string("garbage"), std::string("DRAM: k2 | GLB: | RF:\n0x1p+0 1 1"),
        mapping + "\n0x1p+900 1 1", mapping + "\nnan 1 1", mapping}) {
    store.begin()->second = broken;
    saves = 0;
    const auto again = MappingCache(load, save).map(layer, accelerator, quick());
    ASSERT_TRUE(again);
    EXPECT_EQ(saves, 1) << broken;
    EXPECT_EQ(again->value, fresh->value);
  }
}

}  // namespace
}  // namespace hwflow::chip
