#include "cli/run.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/version.hpp"
#include "cli/commands.hpp"

namespace hwflow::cli {
namespace {

std::vector<std::string> subcommand_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(sub->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What was wrong with a command line that the parser refused, and what may have been meant.
Diagnostic explain_refusal(const CLI::App& app, int argc, const char* const* argv,
                           std::string reason) {
  const CLI::App* command = &app;
  std::string path = "hwflow";
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    const std::vector<std::string> commands = subcommand_names(*command);
    if (std::find(commands.begin(), commands.end(), word) != commands.end()) {
      command = command->get_subcommand(word);
      path += " " + word;
      continue;
    }
    if (!commands.empty() && word.rfind('-', 0) != 0) {
      std::string hint = nearest_name_hint(word, commands);
      if (hint.empty()) hint = fmt::format("see '{} --help'", path);
      return {path, fmt::format("unknown command '{}'", word), hint};
    }
    const std::vector<std::string> known = option_names(*command);
    if (word.rfind("--", 0) == 0 && std::find(known.begin(), known.end(), word) == known.end()) {
      return {path, fmt::format("unknown option '{}'", word), nearest_name_hint(word, known)};
    }
  }
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  return {path, reason, fmt::format("see '{} --help'", path)};
}

}  // namespace

int run(int argc, const char* const* argv) {
  CLI::App app{"Hardware/CNN co-design: compression, hardware and schedule searched together",
               "hwflow"};
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  app.fallthrough(false);
  GlobalOptions options;
  int exit_code = kDone;
  add_commands(app, options, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return report_wrong_input({explain_refusal(app, argc, argv, error.what())});
  } catch (const WrongOptions& wrong) {
    return report_wrong_input(wrong.problems);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "hwflow: there is not enough memory\n");
    return kWorldFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "hwflow: {}\n", error.what());
    return kWorldFailed;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "hwflow: cannot write to standard output: {}\n",
               std::generic_category().message(errno));
    return kWorldFailed;
  }
  return exit_code;
}

}  // namespace hwflow::cli
