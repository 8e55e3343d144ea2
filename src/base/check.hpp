#pragma once

#include <stdexcept>
#include <string>

namespace hwflow {

/// A broken promise of our own code, never of the user's input.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* condition, const char* file, int line,
                             const std::string& message);

}  // namespace hwflow

/// Always on; throws InternalError with its place. For promises of our own code.
#define HWFLOW_CHECK(condition, message) \
  ((condition) ? void() : ::hwflow::fail_check(#condition, __FILE__, __LINE__, (message)))

/// As HWFLOW_CHECK, but only in builds without NDEBUG: for hot loops.
#ifdef NDEBUG
#define HWFLOW_DCHECK(condition, message) ((void)0)
#else
#define HWFLOW_DCHECK(condition, message) HWFLOW_CHECK(condition, message)
#endif
