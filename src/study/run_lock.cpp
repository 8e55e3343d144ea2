#include "study/run_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hwflow::study {
namespace {

namespace fs = std::filesystem;

/// The whole file, for writing.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

/// What the holder wrote into the file; it may be about to.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  return "process " + std::string(text.data(), static_cast<std::size_t>(size));
}

Unexpected<Diagnostics> refuse(const std::string& place, std::string reason, std::string hint) {
  return {Diagnostics{{place, std::move(reason), std::move(hint)}}};
}

Unexpected<Diagnostics> refuse_folder(const std::string& place, const std::string& what,
                                      const std::error_code& why) {
  return refuse(place, fmt::format("{}: {}", what, why.message()),
                "name a folder that you may write to");
}

}  // namespace

Expected<RunLock> RunLock::take(const fs::path& folder, const std::string& place) {
  std::error_code problem;
  std::vector<fs::path> made;  // innermost first
  for (fs::path missing = folder; !missing.empty() && !fs::exists(missing, problem);
       missing = missing.parent_path()) {
    made.push_back(missing);
  }
  fs::create_directories(folder, problem);
  if (problem) return refuse_folder(place, "cannot be made a folder", problem);
  if (!fs::is_directory(folder)) return refuse(place, "is not a folder", "name a folder");
  const int file = open((folder / kLockFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    return refuse_folder(place, "cannot be written to", {errno, std::generic_category()});
  }
  RunLock lock(file, std::move(made));
  struct flock wanted = whole_file();
  if (fcntl(file, F_OFD_SETLK, &wanted) != 0) {
    if (errno != EAGAIN && errno != EACCES) {
      return refuse_folder(place, "cannot be locked", {errno, std::generic_category()});
    }
    return refuse(place, fmt::format("{} runs a study in this folder", holder_of(file)),
                  "wait for its end or stop it, or name another folder");
  }
  const std::string id = std::to_string(getpid());
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return refuse_folder(place, "cannot be written to", {errno, std::generic_category()});
  }
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)), made_(std::move(other.made_)) {}

void RunLock::leave_no_trace() {
  if (made_.empty()) return;
  std::error_code ignored;
  fs::remove(made_.front() / kLockFile, ignored);
  for (const fs::path& folder : made_) fs::remove(folder, ignored);  // not when it holds more
}

RunLock::~RunLock() {
  if (file_ >= 0) close(file_);
}

std::optional<std::string> running_in(const fs::path& folder) {
  const int file = open((folder / kLockFile).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::optional<std::string> holder;
  struct flock wanted = whole_file();
  if (fcntl(file, F_OFD_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK) holder = holder_of(file);
  close(file);
  return holder;
}

}  // namespace hwflow::study
