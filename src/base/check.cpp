#include "base/check.hpp"

#include <fmt/format.h>

namespace hwflow {

void fail_check(const char* condition, const char* file, int line, const std::string& message) {
  throw InternalError(fmt::format("{}:{}: {} (check '{}' failed; this is a bug in hwflow)", file,
                                  line, message, condition));
}

}  // namespace hwflow
