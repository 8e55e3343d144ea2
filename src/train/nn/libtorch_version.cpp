#include "train/nn/libtorch_version.hpp"

#include <torch/version.h>

namespace hwflow::train {

std::string_view libtorch_version() { return TORCH_VERSION; }

}  // namespace hwflow::train
