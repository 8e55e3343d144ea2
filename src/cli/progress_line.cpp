#include "cli/progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace hwflow::cli {
namespace {

constexpr double kSecondsBetweenLines = 5.0;     // in a log file
constexpr double kSecondsBetweenRewrites = 0.1;  // on a terminal

}  // namespace

std::string progress_text(const study::Progress& progress, double seconds) {
  std::string text = progress.phase;
  if (progress.total > 0) text += fmt::format(" {}/{}", progress.done, progress.total);
  text += fmt::format(", {:.0f} s", seconds);
  if (progress.seconds_left) {
    text += fmt::format(", about {:.0f} s left", *progress.seconds_left);
  } else if (progress.done > 0 && progress.total > progress.done && progress.phase == "search") {
    const double left = seconds * static_cast<double>(progress.total - progress.done) /
                        static_cast<double>(progress.done);
    text += fmt::format(", about {:.0f} s left", left);
  }
  if (!progress.note.empty()) text += ": " + progress.note;
  return text;
}

ProgressLine::ProgressLine(bool quiet, Log log)
    : quiet_(quiet),
      terminal_(!log.is_on() && isatty(fileno(stderr)) != 0),
      log_(std::move(log)),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

void ProgressLine::show(const study::Progress& progress) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  const double pause = terminal_ ? kSecondsBetweenRewrites : kSecondsBetweenLines;
  const bool begins = log_.is_on() && progress.phase != phase_;
  if (!begins && std::chrono::duration<double>(now - last_).count() < pause) return;
  last_ = now;
  phase_ = progress.phase;
  const std::string text =
      progress_text(progress, std::chrono::duration<double>(now - start_).count());
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
    open_ = true;
  } else if (log_.is_on()) {
    log_.write(text);
  } else {
    fmt::print(stderr, "{}\n", text);
  }
}

void ProgressLine::close() {
  if (open_) fmt::print(stderr, "\r\033[K");
  open_ = false;
}

}  // namespace hwflow::cli
