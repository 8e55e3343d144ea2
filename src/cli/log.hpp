#pragma once

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace hwflow::cli {

/// Lines on standard error with date and time, for long runs that are read afterwards (--verbose):
/// "2026-11-25 23:34:56.120 search 120/340, 30 s: generation 2 of 10".
class Log {
 public:
  /// `on` false: writes nothing.
  explicit Log(bool on = false);
  void write(const std::string& line) const;
  [[nodiscard]] bool is_on() const { return logger_ != nullptr; }

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace hwflow::cli
