#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/format.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

/// A generation whose offspring were predicted before they were measured.
struct Predicted {
  std::string level;
  study::GenerationSummary generation;
  std::int64_t measured;
};

void collect(std::vector<Predicted>& all, const std::string& level,
             const std::vector<study::GenerationSummary>& generations, std::int64_t& before) {
  for (const auto& generation : generations) {
    if (generation.rank_correlation) {
      all.push_back({level, generation, generation.evaluations - before});
    }
    before = generation.evaluations;
  }
}

std::vector<Predicted> predicted_generations(const study::CodesignResult& result) {
  std::vector<Predicted> all;
  std::int64_t before = 0;
  for (const auto& level : result.levels) {
    collect(all, std::string(name(level.model)), level.generations, before);
  }
  if (result.levels.empty()) collect(all, "fine", result.generations, before);
  return all;
}

}  // namespace

std::string surrogate_section(const study::CodesignResult& result) {
  const std::vector<Predicted> generations = predicted_generations(result);
  if (generations.empty()) return {};
  std::string rows;
  for (const Predicted& row : generations) {
    rows +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.2f}</td><td>{:.4f}</td></tr>\n",
                    row.level, row.generation.generation, count_text(row.measured),
                    *row.generation.rank_correlation, row.generation.hypervolume);
  }
  return "<h2>Predicted accuracies</h2>\n<div class=\"scroll\"><table>\n<tr><th>level</th>"
         "<th>generation</th><th>measured</th><th>rank "
         "correlation</th><th>hypervolume</th></tr>\n" +
         rows +
         "</table></div>\n<p class=\"soft\">More offspring were bred than measured, and predicted "
         "accuracies chose among them. Rank correlation (Spearman): of what was predicted before "
         "measuring with what was measured, over the plans of the generation. All accuracies of "
         "this report are measured ones.</p>\n";
}

std::string surrogate_line(const study::CodesignResult& result) {
  std::vector<double> values;
  for (const Predicted& row : predicted_generations(result)) {
    values.push_back(*row.generation.rank_correlation);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return fmt::format(
      "\nPredicted accuracies chose what was measured: rank correlation {:.2f} (median of {} "
      "generations, {:.2f} to {:.2f})\n",
      values[values.size() / 2], values.size(), values.front(), values.back());
}

}  // namespace hwflow::report
