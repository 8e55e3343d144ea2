#include "base/input_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace hwflow {
namespace {

namespace fs = std::filesystem;

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMebi = std::uint64_t{1} << 20, kGibi = std::uint64_t{1} << 30;
  return bytes >= kGibi ? fmt::format("{} GiB", bytes / kGibi)
                        : fmt::format("{} MiB", bytes / kMebi);
}

}  // namespace

std::optional<Diagnostic> refuse_input_file(const fs::path& file, std::uint64_t most_bytes) {
  const auto refuse = [&file](std::string reason, std::string hint = {}) {
    return Diagnostic{file.string(), std::move(reason), std::move(hint)};
  };
  std::error_code problem;
  const fs::file_status status = fs::status(file, problem);
  if (status.type() == fs::file_type::not_found) return refuse("there is no such file");
  if (status.type() == fs::file_type::none) return refuse("cannot be read: " + problem.message());
  if (status.type() == fs::file_type::directory) return refuse("is a directory", "name a file");
  if (status.type() != fs::file_type::regular)
    return refuse("is a pipe or a device, not a file", "save its content to a file first");
  const std::uintmax_t size = fs::file_size(file, problem);
  if (problem) return refuse("cannot be read: " + problem.message());
  if (size > most_bytes) return refuse("is larger than " + size_text(most_bytes));
  return std::nullopt;
}

Expected<std::string> read_input_file(const fs::path& file, std::uint64_t most_bytes) {
  if (auto refusal = refuse_input_file(file, most_bytes))
    return Unexpected{Diagnostics{std::move(*refusal)}};
  std::error_code ignored;
  const std::uintmax_t size = fs::file_size(file, ignored);
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(ignored ? 0 : size, '\0');
  if (!stream || !stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    const std::string why =
        errno != 0 ? std::generic_category().message(errno) : "it was cut short";
    return Unexpected{Diagnostics{{file.string(), "cannot be read: " + why, ""}}};
  }
  return bytes;
}

}  // namespace hwflow
