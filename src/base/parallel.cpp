#include "base/parallel.hpp"

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>

#include "base/check.hpp"

namespace hwflow {

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body) {
  HWFLOW_CHECK(threads >= 1, "parallel_for needs at least one thread");
  if (threads == 1) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
  oneapi::tbb::task_arena arena(threads);
  arena.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, count, body); });
}

int available_threads() { return std::max(1, oneapi::tbb::info::default_concurrency()); }

}  // namespace hwflow
