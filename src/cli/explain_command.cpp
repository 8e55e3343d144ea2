#include "cli/explain_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "chip/arch/accelerator_format.hpp"
#include "chip/mapping/mapping_file.hpp"
#include "chip/validation/validation_set.hpp"
#include "schema/schema.hpp"
#include "study/study.hpp"
#include "workload/network_yaml.hpp"

namespace hwflow::cli {
namespace {

/// One kind of file that hwflow reads.
struct Format {
  std::string_view name;
  Expected<std::string> (*explain)(std::string_view key);
  std::string (*json_schema)();
};

Expected<std::string> explain_study_key(std::string_view key) {
  return schema::explain<study::Study>(key);
}

std::string study_json_schema() { return schema::json_schema<study::Study>("hwflow study"); }

constexpr std::array kFormats{
    Format{"study", &explain_study_key, &study_json_schema},
    Format{"accelerator", &chip::explain_accelerator_key, &chip::accelerator_json_schema},
    Format{"energy-table", &chip::explain_energy_table_key, &chip::energy_table_json_schema},
    Format{"network", &explain_network_key, &network_json_schema},
    Format{"mapping", &chip::explain_mapping_key, &chip::mapping_json_schema},
    Format{"validation", &chip::explain_validation_key, &chip::validation_json_schema}};

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

/// Of the answers of all formats those that know a near key; one for all when none does.
Diagnostics nearest_of(const std::string& key, Diagnostics problems) {
  std::erase_if(problems, [](const Diagnostic& problem) { return problem.hint.empty(); });
  if (problems.empty())
    problems.push_back({key, "no file that hwflow reads has this key",
                        "'hwflow explain --json-schema study' shows all keys of a study"});
  return problems;
}

Diagnostics check_format(const std::string& name) {
  const std::vector<std::string> names = format_names();
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return {};
  std::string hint = nearest_name_hint(name, names);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(names, ", "));
  return {{"--json-schema", fmt::format("unknown kind of file '{}'", name), std::move(hint)}};
}

int explain(const std::string& key, const GlobalOptions& options) {
  Diagnostics problems;
  nlohmann::ordered_json found;
  for (const Format& format : kFormats) {
    const Expected<std::string> text = format.explain(key);
    if (text) {
      found.push_back({{"file", format.name}, {"text", *text}});
    } else {
      for (Diagnostic problem : text.error()) {
        problem.place = fmt::format("{} file: {}", format.name, problem.place);
        problems.push_back(problem);
      }
    }
  }
  if (found.empty()) return report_wrong_input(nearest_of(key, problems));
  write_json_tree(options, nlohmann::ordered_json({{"key", key}, {"explanations", found}}));
  if (options.json == "-" || options.quiet) return kDone;
  for (std::size_t i = 0; i < found.size(); ++i) {
    fmt::print("{}{} file\n{}\n", i == 0 ? "" : "\n", found[i]["file"].get<std::string>(),
               found[i]["text"].get<std::string>());
  }
  return kDone;
}

/// A schema is JSON already: --json only says where it goes.
int print_schema(const std::string& name, const GlobalOptions& options) {
  for (const Format& format : kFormats) {
    if (format.name != name) continue;
    if (options.json) {
      write_json(options, format.json_schema());
    } else {
      fmt::print("{}\n", format.json_schema());
    }
  }
  return kDone;
}

}  // namespace

void add_explain_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "explain", "Type, range, default and meaning of a key of the files that hwflow reads");
  struct Arguments {
    std::string key, schema;
  };
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("key", arguments->key,
                      "Dotted key: search.population, levels.fanout.x, nodes.kernel");
  command
      ->add_option("--json-schema", arguments->schema,
                   fmt::format("Print the JSON Schema of a kind of file: {}",
                               fmt::join(format_names(), ", ")))
      ->excludes("key");
  add_global_options(*command, options);
  command->callback([arguments, &options, &exit_code] {
    if (arguments->key.empty() && arguments->schema.empty()) {
      exit_code = report_wrong_input(
          {{"command line", "explain needs a key or --json-schema", "try 'explain search'"}});
      return;
    }
    if (const Diagnostics wrong = check_format(arguments->schema); !wrong.empty()) {
      exit_code = report_wrong_input(wrong);
      return;
    }
    exit_code = arguments->schema.empty() ? explain(arguments->key, options)
                                          : print_schema(arguments->schema, options);
  });
}

}  // namespace hwflow::cli
