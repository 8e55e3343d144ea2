#include "cli/list_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "workload/builtin_networks.hpp"
#ifdef HWFLOW_WITH_TORCH
#include "train/nn/dataset.hpp"
#endif

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

Json list_networks() {
  Json rows = Json::array();
  for (const BuiltinNetwork& row : builtin_networks()) {
    const Network network = row.build();
    const FeatureShape& input = network.nodes().front().shape;
    rows.push_back({{"name", row.name},
                    {"input", fmt::format("{}x{}x{}", input.channels, input.height, input.width)},
                    {"layers", network.compute_nodes().size()},
                    {"macs", network.macs()},
                    {"parameters", network.parameters()},
                    {"description", row.description},
                    {"source", row.source}});
  }
  return rows;
}

Json list_accelerators() {
  Json rows = Json::array();
  for (const chip::BuiltinAccelerator& row : chip::builtin_accelerators()) {
    rows.push_back({{"name", row.name}, {"description", row.description}});
  }
  return rows;
}

#ifdef HWFLOW_WITH_TORCH
Json list_data() {
  Json rows = Json::array();
  for (const train::DatasetInfo& row : train::known_datasets()) {
    rows.push_back({{"name", row.name}, {"description", row.description}});
  }
  return rows;
}
#endif

std::string cell(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Columns as wide as their widest cell; numbers to the right; the last column is not padded.
void print_table(const Json& rows) {
  if (rows.empty()) return;
  std::vector<std::string> keys;
  std::vector<std::size_t> widths;
  for (const auto& [key, value] : rows.front().items()) {
    keys.push_back(key);
    std::size_t width = key.size();
    for (const Json& row : rows) width = std::max(width, cell(row[key]).size());
    widths.push_back(width);
  }
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) fmt::print("{:<{}}  ", keys[i], widths[i]);
  fmt::print("{}\n", keys.back());
  for (const Json& row : rows) {
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
      const Json& value = row[keys[i]];
      fmt::print(fmt::runtime(value.is_number() ? "{:>{}}  " : "{:<{}}  "), cell(value), widths[i]);
    }
    fmt::print("{}\n", cell(row[keys.back()]));
  }
}

void add_listing(CLI::App& list, GlobalOptions& options, const std::string& name,
                 const std::string& description, std::function<Json()> rows) {
  CLI::App* command = list.add_subcommand(name, description);
  add_global_options(*command, options);
  command->callback([&options, name, rows = std::move(rows)] {
    const Json table = rows();
    write_json_tree(options, Json({{name, table}}));
    if (options.json != "-" && !options.quiet) print_table(table);
  });
}

}  // namespace

void add_list_command(CLI::App& app, GlobalOptions& options, int& /*exit_code*/) {
  CLI::App* list = app.add_subcommand("list", "Built-in networks, accelerators and data sets");
  list->require_subcommand(1);
  add_listing(*list, options, "networks", "Networks with their MACs and parameters", list_networks);
  add_listing(*list, options, "accelerators", "Accelerators that are compiled in",
              list_accelerators);
#ifdef HWFLOW_WITH_TORCH
  add_listing(*list, options, "data", "Data sets that can be read", list_data);
#endif
}

}  // namespace hwflow::cli
