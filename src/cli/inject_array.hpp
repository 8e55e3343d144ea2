#pragma once

#include <string>
#include <vector>

#include "cli/inject_run.hpp"
#include "train/fault/array_fault.hpp"

namespace hwflow::cli {

/// `hwflow inject --array`: permanent faults of an accelerator's array. The exit code.
int run_array_inject(const InjectArguments& arguments, const GlobalOptions& options,
                     const train::ImageSet& images, IntegerModel model);

}  // namespace hwflow::cli
