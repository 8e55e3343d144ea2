#pragma once

#include <string>
#include <string_view>

namespace hwflow::cli {

/// What results were computed on: "AMD EPYC 7B13, 2 cores; Linux 6.1.0 x86_64; GCC 12.2.0;
/// libtorch 2.0.1". Times and float sums depend on it.
[[nodiscard]] std::string machine_text();

/// The processor that the text of /proc/cpuinfo names; "unknown processor" without one.
[[nodiscard]] std::string processor_name(std::string_view cpuinfo);

}  // namespace hwflow::cli
