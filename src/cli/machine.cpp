#include "cli/machine.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/parallel.hpp"
#include "train/nn/libtorch_version.hpp"

namespace hwflow::cli {
namespace {

std::string compiler_text() {
#if defined(__clang__)
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  return fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  return "unknown compiler";
#endif
}

std::string system_text() {
  utsname system{};
  if (uname(&system) != 0) return "unknown system";
  return fmt::format("{} {} {}", system.sysname, system.release, system.machine);
}

}  // namespace

std::string processor_name(std::string_view cpuinfo) {
  constexpr std::string_view kKey = "model name";
  const std::size_t line = cpuinfo.find(kKey);
  if (line == std::string_view::npos) return "unknown processor";
  const std::size_t colon = cpuinfo.find(':', line);
  const std::size_t end = std::min(cpuinfo.find('\n', line), cpuinfo.size());
  if (colon == std::string_view::npos || colon > end) return "unknown processor";
  const std::size_t first = std::min(cpuinfo.find_first_not_of(" \t", colon + 1), end);
  return first == end ? "unknown processor" : std::string(cpuinfo.substr(first, end - first));
}

std::string machine_text() {
  std::stringstream cpuinfo;
  cpuinfo << std::ifstream("/proc/cpuinfo").rdbuf();
  const int cores = available_threads();
  return fmt::format("{}, {} core{}; {}; {}; libtorch {}", processor_name(cpuinfo.str()), cores,
                     cores == 1 ? "" : "s", system_text(), compiler_text(),
                     train::libtorch_version());
}

}  // namespace hwflow::cli
