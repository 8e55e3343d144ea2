#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/mapping_commands.hpp"
#include "cli/run.hpp"

namespace hwflow::cli {

/// All that this program has: run() parses by it.
void add_commands(CLI::App& app, GlobalOptions& options, int& exit_code) {
  add_mapping_commands(app, options, exit_code);
}

}  // namespace hwflow::cli

static bool has_command(std::string_view name) {
  CLI::App app;
  hwflow::cli::GlobalOptions options;
  int exit_code = 0;
  hwflow::cli::add_commands(app, options, exit_code);
  return !app.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; })
              .empty();
}

/// Runs the commands that need no libtorch; starts the program beside it, which has all commands,
/// for the others.
int main(int argc, char** argv) try {
  if (argc > 1 && has_command(argv[1])) return hwflow::cli::run(argc, argv);
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto whole = self.parent_path() / "hwflow-training";
  execv(whole.c_str(), argv);
  std::perror(whole.c_str());
  return 1;
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "hwflow: %s\n", error.what());
  return 1;
}
