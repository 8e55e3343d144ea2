#include "cli/mapping_commands.hpp"

#include <array>

#include "cli/convert_command.hpp"
#include "cli/evaluate_command.hpp"
#include "cli/fuse_command.hpp"
#include "cli/map_command.hpp"
#include "cli/validate_command.hpp"

namespace hwflow::cli {

void add_mapping_commands(CLI::App& app, GlobalOptions& options, int& exit_code) {
  constexpr std::array kCommands{&add_map_command, &add_fuse_command, &add_evaluate_command,
                                 &add_convert_command, &add_validate_command};
  for (const auto add : kCommands) add(app, options, exit_code);
}

}  // namespace hwflow::cli
