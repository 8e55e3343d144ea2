#include "report/write_report.hpp"

#include <fstream>
#include <ios>
#include <string>

#include "report/budget_tables.hpp"
#include "report/csv.hpp"
#include "report/design_tables.hpp"
#include "report/html_report.hpp"
#include "report/json.hpp"
#include "report/resilience_tables.hpp"

namespace hwflow::report {

void replace_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::path part = file;
  part += ".part";
  std::ofstream stream;
  stream.exceptions(std::ios::failbit | std::ios::badbit);
  stream.open(part, std::ios::binary);
  stream << text;
  stream.close();
  std::filesystem::rename(part, file);
}

void write_report(const study::CodesignResult& result, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  replace_file(folder / "report.html", html_report(result));
  replace_file(folder / "result.json", result_json(result, "report.html"));
  replace_file(folder / "evaluations.csv", evaluations_csv(result));
  replace_file(folder / "front.csv", front_csv(result));
  replace_file(folder / "layers.csv", layers_csv(result));
  if (result.schedule == "fused") replace_file(folder / "groups.csv", groups_csv(result));
  replace_file(folder / "plans.csv", plans_csv(result));
  replace_file(folder / "generations.csv", generations_csv(result));
  if (!result.budget_winners.empty()) replace_file(folder / "budgets.csv", budgets_csv(result));
  if (result.resilience) {
    replace_file(folder / "failures.csv", failures_csv(result));
    replace_file(folder / "flips.csv", flips_csv(result));
  }
  if (result.levels.size() > 1) {
    replace_file(folder / "levels.csv", levels_csv(result));
    replace_file(folder / "level_fronts.csv", level_fronts_csv(result));
  }
  if (result.hardware_search) {
    replace_file(folder / "designs.csv", designs_csv(result));
    replace_file(folder / "pairs.csv", pairs_csv(result));
    replace_file(folder / "strategies.csv", strategies_csv(result));
  }
  replace_file(folder / "config.yaml", result.config_yaml);
}

}  // namespace hwflow::report
