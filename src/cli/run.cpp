#include "cli/run.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
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

using Words = std::vector<std::string>;

/// What was wrong with a command line that the parser refused, and how to read on.
struct Refused {
  Diagnostic problem;
  std::optional<Words> mended;  ///< without the problem, to find the others; none: give up
};

bool is_option(const std::string& word) { return word.rfind("--", 0) == 0; }
std::string name_in(const std::string& word) { return word.substr(0, word.find('=')); }

/// Whether a sentence has the name, and not one that begins with it (--against-mode: --against).
bool names_option(const std::string& sentence, const std::string& name) {
  const auto goes_on = [](char c) {
    return c == '-' || std::isalnum(static_cast<unsigned char>(c));
  };
  for (std::size_t at = sentence.find(name); at != std::string::npos;
       at = sentence.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (end == sentence.size() || !goes_on(sentence[end])) return true;
  }
  return false;
}

/// Without the option that the parser's words name first, and its value.
std::optional<Words> without_option(const Words& words, const std::string& reason) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_option(words[i]) || !names_option(reason, name_in(words[i]))) continue;
    const bool has_value =
        name_in(words[i]) == words[i] && i + 1 < words.size() && !is_option(words[i + 1]);
    Words rest = words;
    const auto at = rest.begin() + static_cast<std::ptrdiff_t>(i);
    rest.erase(at, at + (has_value ? 2 : 1));
    return rest;
  }
  return std::nullopt;
}

/// An unknown option is taken for the nearest known one, else left out.
Words read_as(const Words& words, std::size_t unknown, const std::string& nearest) {
  Words rest = words;
  std::string& word = rest[unknown];
  if (nearest.empty())
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(unknown));
  else
    word.replace(0, name_in(word).size(), nearest);
  return rest;
}

Refused explain_refusal(const CLI::App& app, const Words& words, std::string reason) {
  const CLI::App* command = &app;
  std::string path = "hwflow";
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = name_in(words[i]);
    const std::vector<std::string> commands = subcommand_names(*command);
    if (std::find(commands.begin(), commands.end(), word) != commands.end()) {
      command = command->get_subcommand(word);
      path += " " + word;
      continue;
    }
    if (!commands.empty() && word.rfind('-', 0) != 0) {
      std::string hint = nearest_name_hint(word, commands);
      if (hint.empty()) hint = fmt::format("see '{} --help'", path);
      return {{path, fmt::format("unknown command '{}'", word), hint}, {}};
    }
    const std::vector<std::string> known = option_names(*command);
    if (is_option(word) && std::find(known.begin(), known.end(), word) == known.end()) {
      return {{path, fmt::format("unknown option '{}'", word), nearest_name_hint(word, known)},
              read_as(words, i, nearest_name(word, known))};
    }
  }
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  return {{path, reason, fmt::format("see '{} --help'", path)}, without_option(words, reason)};
}

bool is_unknown_option(const Diagnostic& problem) {
  return problem.reason.find("unknown option") == 0 && problem.hint.empty();
}

/// Without the words that no option and no argument takes.
Words without_extras(Words words, const CLI::App& app) {
  for (const std::string& extra : app.remaining(true)) {
    const auto at = std::find(words.rbegin(), words.rend(), extra);
    if (at != words.rend()) words.erase(std::next(at).base());
  }
  return words;
}

/// Parses the words, which runs their command unless something is wrong with them. Where the parser
/// stops, the problem joins the others and what is left is read, to find all that is wrong.
int parse(Words words, Diagnostics problems) {
  CLI::App app{"Hardware/CNN co-design: compression, hardware and schedule searched together",
               "hwflow"};
  app.set_version_flag("--version", std::string(version()));
  app.require_subcommand(1);
  app.fallthrough(false);
  GlobalOptions options;
  options.problems = problems;
  int exit_code = kDone;
  add_commands(app, options, exit_code);
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    Refused refused = explain_refusal(app, words, error.what());
    const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    if (extras && !refused.mended) refused.mended = without_extras(words, app);
    // A word too many may be the value of an unknown option that was left out.
    if (!extras || problems.empty() || !is_unknown_option(problems.back()))
      problems.push_back(std::move(refused.problem));
    if (!refused.mended || refused.mended == words) return report_wrong_input(problems);
    return parse(std::move(*refused.mended), std::move(problems));
  } catch (const WrongOptions& wrong) {
    return report_wrong_input(wrong.problems);
  }
  return exit_code;
}

}  // namespace

int run(int argc, const char* const* argv) {
  int exit_code = kDone;
  try {
    exit_code = parse(Words(argv + 1, argv + argc), {});
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
