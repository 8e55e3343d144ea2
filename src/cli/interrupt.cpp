#include "cli/interrupt.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <ctime>

namespace hwflow::cli {
namespace {

constexpr timespec kPatience{0, 200'000'000};  // between two looks at whether the work is done

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

InterruptWatch::InterruptWatch() {
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::jthread([this, set](const std::stop_token& done) {
    while (!done.stop_requested()) {
      if (sigtimedwait(&set, nullptr, &kPatience) < 0) continue;
      if (source_.stop_requested()) {
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        std::raise(SIGINT);
      }
      fmt::print(stderr, "\nhwflow: stopping after the work in flight; once more to end at once\n");
      source_.request_stop();
    }
  });
}

InterruptWatch::~InterruptWatch() {
  thread_.request_stop();
  thread_.join();
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace hwflow::cli
