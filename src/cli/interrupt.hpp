#pragma once

#include <stop_token>
#include <thread>

namespace hwflow::cli {

/// While it lives, the first SIGINT or SIGTERM asks for a stop; the second ends the program as
/// usual. Make it before other threads are started: they inherit its signal mask.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace hwflow::cli
