#pragma once

#include <string>

#include "chip/arch/accelerator.hpp"
#include "study/codesign_result.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// What reports tell of a network; `source` is what the user called it.
[[nodiscard]] NetworkSummary summarise(const Network& network, const std::string& source);
/// And of a machine.
[[nodiscard]] AcceleratorSummary summarise(const chip::Accelerator& accelerator);

}  // namespace hwflow::study
