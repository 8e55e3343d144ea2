#pragma once

#include <string_view>

namespace hwflow::train {

/// Version of the libtorch that this was compiled against: "2.0.1".
[[nodiscard]] std::string_view libtorch_version();

}  // namespace hwflow::train
