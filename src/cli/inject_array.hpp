#pragma once

#include <string>
#include <vector>

#include "cli/inject_run.hpp"
#include "train/fault/array_fault.hpp"

namespace hwflow::cli {

/// `hwflow inject --array`: permanent faults of an accelerator's array. The exit code.
/// `all_images`: of the test set.
int run_array_inject(const InjectArguments& arguments, const GlobalOptions& options,
                     const train::ImageSet& images, IntegerModel model, bool all_images);

}  // namespace hwflow::cli
