#include "base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "base/check.hpp"

namespace hwflow {
namespace {

TEST(ParallelFor, CallsEveryIndexOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> calls(1000);
    parallel_for(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (std::size_t i = 0; i < calls.size(); ++i) ASSERT_EQ(calls[i], 1) << i;
  }
}

TEST(ParallelFor, RethrowsWhatABodyThrows) {
  EXPECT_THROW(parallel_for(10, 2,
                            [](std::size_t i) {
                              if (i == 7) throw std::runtime_error("seven");
                            }),
               std::runtime_error);
}

TEST(ParallelFor, NeedsAThread) {
  EXPECT_THROW(parallel_for(1, 0, [](std::size_t) {}), InternalError);
}

TEST(AvailableThreads, IsAtLeastOne) { EXPECT_GE(available_threads(), 1); }

}  // namespace
}  // namespace hwflow
