#include "cli/commands.hpp"

#include <array>

#include "cli/convert_command.hpp"
#include "cli/evaluate_command.hpp"
#include "cli/explain_command.hpp"
#include "cli/fuse_command.hpp"
#include "cli/list_command.hpp"
#include "cli/map_command.hpp"
#include "cli/runs_command.hpp"
#include "cli/validate_command.hpp"
#ifdef HWFLOW_WITH_TORCH
#include "cli/codesign_command.hpp"
#include "cli/export_command.hpp"
#include "cli/report_command.hpp"
#include "cli/test_command.hpp"
#include "cli/train_command.hpp"
#endif

namespace hwflow::cli {
namespace {

constexpr std::array kCommands{
#ifdef HWFLOW_WITH_TORCH
    &add_codesign_command, &add_train_command, &add_test_command,     &add_export_command,
    &add_report_command,
#endif
    &add_map_command,      &add_fuse_command,  &add_evaluate_command, &add_convert_command,
    &add_validate_command, &add_runs_command,  &add_list_command,     &add_explain_command};

}  // namespace

void add_commands(CLI::App& app, GlobalOptions& options, int& exit_code) {
  for (const AddCommand add : kCommands) add(app, options, exit_code);
}

}  // namespace hwflow::cli
