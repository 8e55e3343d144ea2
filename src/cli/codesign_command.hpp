#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow codesign STUDY.yaml [--resume]
void add_codesign_command(CLI::App& app, GlobalOptions& options, int& exit_code);

/// What commands that carry out a study have beside the options of all.
struct StudyArguments {
  std::filesystem::path study;
  bool resume = false;
  std::string data_directory;
};
/// STUDY, --resume and --data-dir.
void add_study_options(CLI::App& command, StudyArguments& arguments);
/// What --set and --seed say.
[[nodiscard]] std::vector<std::string> study_settings(const CLI::App& command,
                                                      const GlobalOptions& options);
/// Carries out a study, of one machine or of several, and shows what it found; returns the exit
/// code. With problems found before it only adds what is wrong with the study.
int run_study(const StudyArguments& arguments, const std::vector<std::string>& settings,
              const GlobalOptions& options, Diagnostics problems = {});

}  // namespace hwflow::cli
