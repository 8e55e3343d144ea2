#pragma once

#include <cstdint>

namespace hwflow {

/// a / b rounded up; a >= 0, b >= 1, a + b representable.
[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace hwflow
