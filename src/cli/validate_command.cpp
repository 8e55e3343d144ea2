#include "cli/validate_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chip/validation/comparison.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ValidateArguments {
  std::vector<std::string> sets;
  bool list = false;
};

struct RunSet {
  chip::ValidationSet set;
  chip::SetResult result;
};

/// Numbers as people read them: four digits, whole where they are.
std::string number(double value) {
  const double size = std::abs(value);
  if (size == std::floor(size) && size < 1e9) return fmt::format("{:.0f}", value);
  if (size >= 1e6) return fmt::format("{:.4g}", value);
  return fmt::format("{:.{}f}", value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4);
}

std::string cell(const chip::Comparison& row) {
  if (!row.published) return number(row.ours);
  const auto ratio = row.ratio();
  return fmt::format("{} / {}{}{}", number(row.ours), number(*row.published),
                     ratio ? fmt::format(" = {:.3f}", *ratio) : "", row.within() ? "" : " !");
}

/// One block for each quantity would be long: a line for each layer, a column for each quantity.
class Table {
 public:
  explicit Table(const std::vector<chip::Comparison>& rows) {
    for (const chip::Comparison& row : rows) {
      if (lines_.empty() || lines_.back().layer != row.layer) lines_.push_back({row.layer, {}});
      lines_.back().cells[row.quantity] = cell(row);
      if (std::find(columns_.begin(), columns_.end(), row.quantity) == columns_.end())
        columns_.push_back(row.quantity);
    }
  }

  void print() const {
    std::size_t first = 5;
    for (const Line& line : lines_) first = std::max(first, line.layer.size());
    for (std::size_t at = 0; at < columns_.size();) {
      std::size_t end = at, width = first;
      while (end < columns_.size() && (end == at || width + width_of(end) + 2 <= kMostWidth))
        width += width_of(end++) + 2;
      print_columns(first, at, end);
      at = end;
    }
  }

 private:
  static constexpr std::size_t kMostWidth = 118;
  struct Line {
    std::string layer;
    std::map<std::string, std::string> cells;
  };

  [[nodiscard]] std::size_t width_of(std::size_t column) const {
    std::size_t width = columns_[column].size();
    for (const Line& line : lines_) {
      const auto found = line.cells.find(columns_[column]);
      if (found != line.cells.end()) width = std::max(width, found->second.size());
    }
    return width;
  }

  void print_columns(std::size_t first, std::size_t begin, std::size_t end) const {
    fmt::print("  {:<{}}", "layer", first);
    for (std::size_t c = begin; c < end; ++c) fmt::print("  {:>{}}", columns_[c], width_of(c));
    fmt::print("\n");
    for (const Line& line : lines_) {
      const bool empty = std::none_of(columns_.begin() + static_cast<std::ptrdiff_t>(begin),
                                      columns_.begin() + static_cast<std::ptrdiff_t>(end),
                                      [&](const auto& name) { return line.cells.contains(name); });
      if (empty) continue;
      fmt::print("  {:<{}}", line.layer, first);
      for (std::size_t c = begin; c < end; ++c) {
        const auto found = line.cells.find(columns_[c]);
        fmt::print("  {:>{}}", found == line.cells.end() ? "" : found->second, width_of(c));
      }
      fmt::print("\n");
    }
  }

  std::vector<std::string> columns_;
  std::vector<Line> lines_;
};

void print_set(const RunSet& run) {
  fmt::print("{}: {}\n  ours / published = ratio; a number alone is ours, nothing is published\n",
             run.set.set, run.set.title);
  Table(run.result.rows).print();
  if (run.set.method == chip::ValidationMethod::row_stationary) {
    fmt::print("  mappings\n");
    for (const std::string& choice : run.result.choices) fmt::print("    {}\n", choice);
  }
  for (const std::string& text : run.set.differs) fmt::print("  differs: {}\n", text);
  fmt::print("\n");
}

Json to_json(const RunSet& run) {
  Json rows = Json::array();
  for (const chip::Comparison& row : run.result.rows) {
    Json entry{{"layer", row.layer}, {"quantity", row.quantity}, {"ours", row.ours}};
    if (row.published) entry["published"] = *row.published;
    if (const auto ratio = row.ratio()) entry["ratio"] = *ratio;
    if (row.bounds) {
      entry["least"] = row.bounds->least;
      entry["most"] = row.bounds->most;
      entry["within"] = row.within();
    }
    rows.push_back(std::move(entry));
  }
  return {{"set", run.set.set},
          {"title", run.set.title},
          {"source", run.set.source},
          {"machine", run.set.machine},
          {"batch", run.set.batch},
          {"rows", std::move(rows)},
          {"mappings", run.result.choices},
          {"differs", run.set.differs}};
}

int list_sets(const GlobalOptions& global) {
  Json rows = Json::array();
  std::size_t width = 0;
  for (const chip::BuiltinSet& set : chip::builtin_validation_sets()) {
    rows.push_back({{"name", set.name}, {"title", set.title}});
    width = std::max(width, set.name.size());
  }
  write_json_tree(global, Json({{"sets", rows}}));
  if (global.quiet || global.json == "-") return kDone;
  for (const Json& row : rows)
    fmt::print("{:<{}}  {}\n", row["name"].get<std::string>(), width,
               row["title"].get<std::string>());
  return kDone;
}

int run_validate(const ValidateArguments& arguments, const GlobalOptions& global) {
  if (arguments.list) return list_sets(global);
  std::vector<std::string> names = arguments.sets;
  if (names.empty())
    for (const chip::BuiltinSet& set : chip::builtin_validation_sets()) names.push_back(set.name);
  Diagnostics problems;
  std::vector<chip::ValidationSet> sets;
  for (const std::string& name : names) {
    auto set = chip::load_validation_set(name);
    if (set)
      sets.push_back(std::move(*set));
    else
      problems.insert(problems.end(), set.error().begin(), set.error().end());
  }
  if (!problems.empty()) return report_wrong_input(problems);
  std::vector<RunSet> runs;
  for (chip::ValidationSet& set : sets) {
    auto result = chip::run_validation(set);
    if (result)
      runs.push_back({std::move(set), std::move(*result)});
    else
      problems.insert(problems.end(), result.error().begin(), result.error().end());
  }
  if (!problems.empty()) return report_unmapped(problems);
  Json list = Json::array();
  for (const RunSet& run : runs) {
    list.push_back(to_json(run));
    if (!global.quiet && global.json != "-") print_set(run);
  }
  write_json_tree(global, Json({{"sets", std::move(list)}}));
  return kDone;
}

}  // namespace

void add_validate_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("validate", "Our numbers beside published ones");
  auto arguments = std::make_shared<ValidateArguments>();
  CLI::Option* sets = command->add_option(
      "set", arguments->sets, "Built-in sets or YAML files; none = all that are built in");
  command->add_flag("--list", arguments->list, "Names of the built-in sets")->excludes(sets);
  add_global_options(*command, options);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_validate(*arguments, options); });
}

}  // namespace hwflow::cli
