#pragma once

#include <cstddef>
#include <functional>

namespace hwflow {

/// Calls `body(i)` once for every i in [0, count) on at most `threads` threads (>= 1), in any
/// order. What `body` writes must depend on i alone, so that results do not depend on `threads`.
/// Errors   the first exception thrown by a call is rethrown after the others have stopped.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

/// Cores this process may use (affinity mask respected), at least 1.
[[nodiscard]] int available_threads();

}  // namespace hwflow
