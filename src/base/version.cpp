#include "base/version.hpp"

namespace hwflow {

std::string_view version() { return HWFLOW_VERSION; }

}  // namespace hwflow
