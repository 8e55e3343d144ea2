#include "chip/validation/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chip/validation/method.hpp"

namespace hwflow::chip {
namespace {

/// Bounds of a layer's own come before those of all layers.
std::optional<RatioBounds> bounds_for(const ValidationSet& set, const std::string& layer,
                                      const std::string& quantity) {
  std::optional<RatioBounds> found;
  for (const RatioBounds& bounds : set.distances) {
    if (bounds.quantity != quantity) continue;
    if (bounds.layer && *bounds.layer == layer) return bounds;
    if (!bounds.layer) found = bounds;
  }
  return found;
}

std::vector<std::string> names_of(const std::map<std::string, double>& quantities) {
  std::vector<std::string> names;
  for (const auto& [name, value] : quantities) names.push_back(name);
  return names;
}

/// Puts ours beside the published figures; tells of quantities that nobody computes.
class Report {
 public:
  explicit Report(const ValidationSet& set) : set_(set) {}

  /// `all`: also what was not published.
  void add(const std::string& layer, const std::map<std::string, double>& ours,
           const std::map<std::string, double>& published, bool all) {
    for (const auto& [quantity, value] : ours) {
      const auto figure = published.find(quantity);
      if (figure == published.end() && !all) continue;
      Comparison row{layer, quantity, value, std::nullopt, bounds_for(set_, layer, quantity)};
      if (figure != published.end()) row.published = figure->second;
      result_.rows.push_back(std::move(row));
    }
    for (const auto& [quantity, value] : published)
      if (!ours.contains(quantity))
        problem(layer, fmt::format("unknown quantity '{}'", quantity),
                nearest_name_hint(quantity, names_of(ours)));
  }
  void add_choice(const std::string& layer, const std::string& choice) {
    if (!choice.empty()) result_.choices.push_back(fmt::format("{}: {}", layer, choice));
  }
  void add_problems(const std::string& layer, const Diagnostics& found) {
    for (const Diagnostic& d : found)
      problems_.push_back(
          {fmt::format("{}: {}: {}", set_.set, layer, d.place), d.reason, d.hint, d.kind});
  }
  Expected<SetResult> finish() {
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    return std::move(result_);
  }

 private:
  void problem(const std::string& layer, std::string reason, std::string hint) {
    problems_.push_back(
        {fmt::format("{}: {}: published", set_.set, layer), std::move(reason), std::move(hint)});
  }

  const ValidationSet& set_;
  SetResult result_;
  Diagnostics problems_;
};

Expected<SetResult> run_chip(const ValidationSet& set, const Accelerator& machine) {
  auto outcome = run_row_stationary(set, machine);
  if (!outcome) return Unexpected{outcome.error()};
  Report report(set);
  for (std::size_t i = 0; i < set.layers.size(); ++i) {
    const ValidationLayer& layer = set.layers[i];
    report.add(layer.name, outcome->layers[i].quantities, layer.published, true);
    report.add_choice(layer.name, outcome->layers[i].choice);
  }
  report.add("total", outcome->totals, set.totals, true);
  return report.finish();
}

Expected<LayerOutcome> run_layer(const ValidationSet& set, const ValidationLayer& layer,
                                 const Accelerator& machine) {
  switch (set.method) {
    case ValidationMethod::least_traffic: return run_least_traffic(set, layer, machine);
    case ValidationMethod::best_mapping: return run_best_mapping(set, layer, machine);
    default: return run_given_mapping(set, layer, machine);
  }
}

/// Sums of what every layer has.
void add_to(std::map<std::string, double>& sums, const std::map<std::string, double>& more) {
  for (const auto& [quantity, value] : more) sums[quantity] += value;
}

}  // namespace

Expected<SetResult> run_validation(const ValidationSet& set) {
  const auto machine = load_accelerator(set.machine);
  if (!machine) return Unexpected{machine.error()};
  if (set.method == ValidationMethod::row_stationary) return run_chip(set, *machine);
  Report report(set);
  std::map<std::string, double> sums;
  for (const ValidationLayer& layer : set.layers) {
    const auto own = layer.machine ? load_accelerator(*layer.machine) : machine;
    if (!own) {
      report.add_problems(layer.name, own.error());
      continue;
    }
    const auto outcome = run_layer(set, layer, *own);
    if (!outcome) {
      report.add_problems(layer.name, outcome.error());
      continue;
    }
    report.add(layer.name, outcome->quantities, layer.published, false);
    report.add_choice(layer.name, outcome->choice);
    add_to(sums, outcome->quantities);
  }
  if (!set.totals.empty()) report.add("total", sums, set.totals, false);
  return report.finish();
}

}  // namespace hwflow::chip
