#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"

namespace hwflow::study {

/// Name of the lock file in an output folder, beside the store.
inline constexpr std::string_view kLockFile = "runs.lock";

/// The right to run in an output folder: one process at a time. The system takes it back when the
/// process ends, however it ends; the file stays and means nothing by itself. (An open file
/// description lock of Linux.)
class RunLock {
 public:
  /// Makes the folder if there is none. `place` names it in messages: "--out DIR".
  /// Errors  the folder cannot be made or written to; another process runs in it: which one.
  [[nodiscard]] static Expected<RunLock> take(const std::filesystem::path& folder,
                                              const std::string& place);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  /// For a run that cannot start: removes the folders that take() made; keeps those that were
  /// there.
  void leave_no_trace();
  RunLock& operator=(RunLock&&) = delete;
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  RunLock(int file, std::vector<std::filesystem::path> made)
      : file_(file), made_(std::move(made)) {}
  int file_;
  std::vector<std::filesystem::path> made_;  ///< innermost first; empty: the folder was there
};

/// The process that runs in a folder, as "process 1234"; none when nobody does. Takes nothing and
/// creates nothing.
[[nodiscard]] std::optional<std::string> running_in(const std::filesystem::path& folder);

}  // namespace hwflow::study
