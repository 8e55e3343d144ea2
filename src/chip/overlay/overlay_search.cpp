#include "chip/overlay/overlay_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "chip/overlay/design_front.hpp"
#include "chip/overlay/network_totals.hpp"
#include "chip/overlay/table_store.hpp"

namespace hwflow::chip {

struct OverlaySearch::State {
  explicit State(OverlaySearchOptions given)
      : options(std::move(given)),
        designs(options.space, options.overlay, options.device),
        store(options.most_table_bytes) {}

  [[nodiscard]] Expected<CostTable> totals(std::span<const Layer> layers) {
    auto counts = distinct_products(layers, options.overlay);
    if (!counts) return Unexpected{std::move(counts).error()};
    std::vector<std::shared_ptr<const CostTable>> held;
    std::vector<CountedTable> tables;
    for (const auto& [product, count] : *counts) {
      held.push_back(store.get(product, [this, &key = product] {
        return make_cost_table(key, designs, options.overlay, options.rules);
      }));
      tables.push_back({held.back().get(), static_cast<double>(count)});
    }
    return sum_of(tables, designs.entries().size() * options.rules.size());
  }

  [[nodiscard]] OverlayPoint point(const CostTable& totals, std::uint32_t index) const {
    const DesignList::Entry& entry = designs.entries()[index / options.rules.size()];
    OverlayPoint point;
    point.design = entry.design;
    point.rule = options.rules[index % options.rules.size()];
    point.cycles = static_cast<std::int64_t>(totals.cycles[index]);
    point.dram_bits = static_cast<std::int64_t>(totals.dram_bits[index]);
    point.lut = entry.lut;
    point.bram36 = entry.bram36;
    return point;
  }

  OverlaySearchOptions options;
  DesignList designs;
  TableStore store;
};

namespace {

void check_rules(const std::vector<ScheduleRule>& rules, Diagnostics& problems) {
  if (rules.empty()) problems.push_back({"rules", "must list one rule at least", ""});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (std::find(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(i), rules[i]) !=
        rules.begin() + static_cast<std::ptrdiff_t>(i))
      problems.push_back({fmt::format("rules[{}]", i), "is listed twice", ""});
  }
}

}  // namespace

std::vector<double> values_of(const OverlayPoint& point, const OverlayObjectives& objectives) {
  std::vector<double> values;
  if (objectives.cycles) values.push_back(static_cast<double>(point.cycles));
  if (objectives.dram_bits) values.push_back(static_cast<double>(point.dram_bits));
  if (objectives.lut) values.push_back(point.lut);
  if (objectives.bram36) values.push_back(static_cast<double>(point.bram36));
  return values;
}

Expected<OverlaySearch> OverlaySearch::make(OverlaySearchOptions options) {
  Diagnostics problems = validate(options.overlay);
  // A list is checked against the options, which must be right for that.
  if (problems.empty()) problems = validate(options.space, options.overlay);
  check_rules(options.rules, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  auto state = std::make_unique<State>(std::move(options));
  if (state->designs.entries().empty()) {
    return Unexpected{Diagnostics{
        {"device", fmt::format("no design of the space fits '{}'", state->options.device->name),
         "add smaller designs", ProblemKind::infeasible}}};
  }
  return OverlaySearch(std::move(state));
}

Expected<std::vector<OverlayPoint>> OverlaySearch::front(
    std::span<const Layer> layers, const OverlayObjectives& objectives) const {
  const auto totals = state_->totals(layers);
  if (!totals) return Unexpected{totals.error()};
  std::vector<OverlayPoint> points;
  for (const std::uint32_t index :
       front_of(*totals, state_->designs, state_->options.rules.size(), objectives))
    points.push_back(state_->point(*totals, index));
  return points;
}

Expected<std::vector<OverlayPoint>> OverlaySearch::points(std::span<const Layer> layers) const {
  const auto totals = state_->totals(layers);
  if (!totals) return Unexpected{totals.error()};
  std::vector<OverlayPoint> points;
  for (std::uint32_t index = 0; index < totals->cycles.size(); ++index)
    points.push_back(state_->point(*totals, index));
  return points;
}

const OverlaySearchOptions& OverlaySearch::options() const noexcept { return state_->options; }
std::size_t OverlaySearch::feasible_designs() const noexcept { return state_->designs.feasible(); }
std::size_t OverlaySearch::listed_designs() const noexcept {
  return state_->designs.entries().size();
}
std::size_t OverlaySearch::tables() const { return state_->store.size(); }

OverlaySearch::OverlaySearch(std::unique_ptr<State> state) : state_(std::move(state)) {}
OverlaySearch::OverlaySearch(OverlaySearch&&) noexcept = default;
OverlaySearch& OverlaySearch::operator=(OverlaySearch&&) noexcept = default;
OverlaySearch::~OverlaySearch() = default;

}  // namespace hwflow::chip
