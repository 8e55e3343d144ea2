#pragma once

#include <gtest/gtest.h>

#include "chip/mapper/mapper.hpp"

namespace hwflow::testing {

/// Maps again and again, on 1, 2 and 4 threads: everything but the time must be the same.
inline void expect_the_same_on_any_threads(const Layer& layer, const chip::Accelerator& machine,
                                           chip::MapperOptions options) {
  const auto one = map_layer(layer, machine, options);
  ASSERT_TRUE(one);
  for (const int threads : {1, 2, 4}) {
    options.threads = threads;
    const auto again = map_layer(layer, machine, options);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->mapping, one->mapping);
    EXPECT_EQ(again->value, one->value);
    EXPECT_EQ(again->lower_bound, one->lower_bound);
    EXPECT_EQ(again->evaluations, one->evaluations);
    EXPECT_EQ(again->nodes, one->nodes);
  }
}

}  // namespace hwflow::testing
