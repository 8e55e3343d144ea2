#pragma once

#include <string_view>

namespace hwflow {

/// Version of this build, as in the CMake project: "0.1.0".
[[nodiscard]] std::string_view version();

}  // namespace hwflow
