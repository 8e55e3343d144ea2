#include "cli/commands.hpp"

#include <array>

#include "cli/list_command.hpp"

namespace hwflow::cli {
namespace {

constexpr std::array kCommands{&add_list_command};

}  // namespace

void add_commands(CLI::App& app, GlobalOptions& options, int& exit_code) {
  for (const AddCommand add : kCommands) add(app, options, exit_code);
}

}  // namespace hwflow::cli
