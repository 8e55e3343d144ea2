#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hwflow::cli {

/// The real program in a process of its own, with its output in files of `folder`.
class Process {
 public:
  Process(const std::filesystem::path& folder, const std::vector<std::string>& words);
  /// Kills it if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }
  void send(int signal) const;
  [[nodiscard]] bool runs();
  /// As waitpid() gives it.
  int wait();
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

 private:
  std::filesystem::path folder_;
  pid_t id_ = 0;
  bool over_ = false;
  int status_ = 0;
};

}  // namespace hwflow::cli
