#include "cli/commands.hpp"

#include <array>

#include "cli/explain_command.hpp"
#include "cli/list_command.hpp"
#include "cli/mapping_commands.hpp"
#include "cli/runs_command.hpp"
#ifdef HWFLOW_WITH_TORCH
#include "cli/attack_command.hpp"
#include "cli/codesign_command.hpp"
#include "cli/export_command.hpp"
#include "cli/harden_command.hpp"
#include "cli/inject_command.hpp"
#include "cli/prune_command.hpp"
#include "cli/quantize_command.hpp"
#include "cli/report_command.hpp"
#include "cli/test_command.hpp"
#include "cli/train_command.hpp"
#endif

namespace hwflow::cli {
namespace {

constexpr std::array kCommands{
#ifdef HWFLOW_WITH_TORCH
    &add_codesign_command, &add_quantize_command, &add_prune_command,  &add_train_command,
    &add_test_command,     &add_attack_command,   &add_inject_command, &add_harden_command,
    &add_export_command,   &add_report_command,
#endif
    &add_mapping_commands, &add_runs_command,     &add_list_command,   &add_explain_command};

}  // namespace

void add_commands(CLI::App& app, GlobalOptions& options, int& exit_code) {
  for (const AddCommand add : kCommands) add(app, options, exit_code);
}

}  // namespace hwflow::cli
