#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "cli/run.hpp"

/// Runs the commands that need no libtorch; starts the program beside it, which has all commands,
/// for the others.
int main(int argc, char** argv) {
  constexpr std::array<std::string_view, 5> kWithoutTorch{"map", "fuse", "evaluate", "convert",
                                                          "validate"};
  if (argc > 1 && std::find(kWithoutTorch.begin(), kWithoutTorch.end(),
                            std::string_view(argv[1])) != kWithoutTorch.end())
    return hwflow::cli::run(argc, argv);
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto whole = self.parent_path() / "hwflow-training";
  execv(whole.c_str(), argv);
  std::perror(whole.c_str());
  return 1;
}
