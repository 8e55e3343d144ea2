#include "cli/run.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
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

/// What the user may have meant by the first word that the parser did not understand.
std::string hint_for(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2) return {};
  const std::string first = argv[1];
  const std::vector<std::string> commands = subcommand_names(app);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() != first) continue;
    const std::vector<std::string> known = option_names(*sub);
    for (int i = 2; i < argc; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (word.rfind("--", 0) != 0) continue;
      if (std::find(known.begin(), known.end(), word) == known.end()) {
        return nearest_name_hint(word, known);
      }
    }
    return fmt::format("see 'hwflow {} --help'", first);
  }
  return nearest_name_hint(first, commands);
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
    std::string reason = error.what();
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    return report_wrong_input({{"command line", reason, hint_for(app, argc, argv)}});
  } catch (const std::exception& error) {
    fmt::print(stderr, "hwflow: {}\n", error.what());
    return kWorldFailed;
  }
  return exit_code;
}

}  // namespace hwflow::cli
