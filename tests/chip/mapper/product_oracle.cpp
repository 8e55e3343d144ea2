#include "tests/chip/mapper/product_oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/check.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/mapper/pareto_mapper.hpp"
#include "chip/mapper/product_search.hpp"
#include "chip/mapper/product_space.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::testing {
namespace {

using chip::MapperOptions;
using chip::MemoryLevel;
using chip::Objective;
using chip::RoleSet;

constexpr std::array kObjectives{Objective::energy, Objective::latency, Objective::edp,
                                 Objective::dram};
constexpr std::int64_t kFewestMappings = 20;
constexpr std::size_t kMostLevels = 4;
constexpr std::size_t kMostTries = 1'000;  // of one shrinking

bool chance(Rng& rng, std::int64_t one_in) { return rng.between(1, one_in) == 1; }

/// Levels that keep one operand each (or one of them two), as the scratchpads of a PE.
void make_siblings(Rng& rng, std::vector<MemoryLevel>& levels) {
  const std::size_t first = levels.size() == kMostLevels ? levels.size() - 3 : levels.size() - 2;
  std::array<std::size_t, kRoleCount> order{0, 1, 2};
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  for (std::size_t l = first; l < levels.size(); ++l) levels[l].keeps = RoleSet{};
  for (std::size_t i = 0; i < order.size(); ++i)
    levels[first + i % (levels.size() - first)].keeps.has[order[i]] = true;
}

void limit_room(Rng& rng, MemoryLevel& level) {
  level.capacity_bits.reset();
  if (chance(rng, 4)) {
    for (auto& partition : level.partition_bits) partition = rng.between(16, 1500);
  } else if (!chance(rng, 4)) {
    level.capacity_bits = rng.between(60, 3000);
  }
}

void shape_machine(Rng& rng, chip::Accelerator::Fields& machine) {
  std::vector<MemoryLevel>& levels = machine.levels;
  while (levels.size() < 2) {
    MemoryLevel inner;
    inner.name = "inner";
    inner.keeps = RoleSet{{true, true, true}};
    inner.read_energy_pj_per_bit = inner.write_energy_pj_per_bit = 0.25;
    levels.push_back(inner);
  }
  if (levels.size() > 2 && chance(rng, 3)) make_siblings(rng, levels);
  for (MemoryLevel& level : levels) level.fanout.x = level.fanout.y = 1;
  for (std::size_t l = 1; l < levels.size(); ++l) limit_room(rng, levels[l]);
  for (int mesh = chance(rng, 4) ? 2 : 1; mesh > 0; --mesh) {
    chip::Fanout& fanout = levels[rng.below(levels.size())].fanout;
    fanout.x = rng.between(1, 4);
    fanout.y = rng.between(1, 3);
    if (chance(rng, 6)) fanout.x_dims = {Dim::k, Dim::q, Dim::g};
    if (chance(rng, 6)) fanout.y_dims = {Dim::c, Dim::r, Dim::p};
  }
  if (chance(rng, 6)) levels[0].temporal_dims = {Dim::n, Dim::k, Dim::c, Dim::p, Dim::q};
}

std::optional<std::int64_t> mappings_of(const SmallProblem& problem, MapperOptions::Factors factors,
                                        std::int64_t most) {
  const auto count = count_mappings(problem.layer, problem.accelerator, factors, most);
  if (!count || *count < kFewestMappings) return std::nullopt;
  return count;
}

bool is_equal(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(a, b); }

/// Adds what differs for one objective.
void compare(const SmallProblem& problem, Objective objective, MapperOptions::Factors factors,
             const std::optional<double>& best, Differences& seen) {
  MapperOptions options;
  options.objective = objective;
  options.factors = factors;
  options.strategy = "products";
  const auto found = chip::map_layer(problem.layer, problem.accelerator, options);
  if (found.has_value() != best.has_value())
    seen.optimum += fmt::format("{}: {} by the search, {} by enumeration\n", name(objective),
                                found ? "a mapping" : "no mapping", best ? "one" : "none");
  if (!found || !best) return;
  if (!is_equal(found->value, *best))
    seen.optimum += fmt::format("{}: found {:.17g}, enumerated {:.17g}\n", name(objective),
                                found->value, *best);
  if (!is_equal(found->lower_bound, *best))
    seen.optimum += fmt::format("{}: lower bound {:.17g}, enumerated {:.17g}\n", name(objective),
                                found->lower_bound, *best);
  if (!found->optimal) seen.optimum += fmt::format("{}: not proved\n", name(objective));
  if (!check(found->mapping, problem.layer, problem.accelerator).empty())
    seen.optimum += fmt::format("{}: the mapping is not legal\n", name(objective));
  // A third of the way through: the bound says less, and still the truth.
  options.max_evaluations = std::max<std::int64_t>(1, (found->evaluations + found->nodes) / 3);
  const auto cut = chip::map_layer(problem.layer, problem.accelerator, options);
  if (cut->lower_bound > *best * (1 + 1e-9))
    seen.cut += fmt::format("{}: lower bound {:.17g} when cut, enumerated {:.17g}\n",
                            name(objective), cut->lower_bound, *best);
}

using Values = std::vector<double>;

constexpr std::array kSets{std::array{true, true, true}, std::array{true, true, false},
                           std::array{true, false, true},
                           std::array{false, true, true}};  // energy, cycles, DRAM bits

std::string text_of(const Values& values) {
  std::string text;
  for (const double value : values) text += fmt::format(" {:.17g}", value);
  return text;
}

/// No more than `factor` times b in any value, and to rounding.
bool is_at_most(const Values& a, const Values& b, double factor = 1.0) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] > factor * b[i] * (1 + 1e-10)) return false;
  return true;
}

Values chosen(const std::array<double, 3>& cost, const std::array<bool, 3>& set) {
  Values values;
  for (std::size_t i = 0; i < cost.size(); ++i)
    if (set[i]) values.push_back(cost[i]);
  return values;
}

Values chosen(const chip::Cost& cost, const std::array<bool, 3>& set) {
  const std::array<double, 3> all{cost.energy_pj, static_cast<double>(cost.cycles),
                                  static_cast<double>(cost.dram_bits)};
  return chosen(all, set);
}

/// What nothing else is at most, by definition: every pair of costs is compared.
std::vector<Values> nondominated(const ExhaustiveOptimum& truth, const std::array<bool, 3>& set) {
  std::vector<Values> all, kept;
  for (const auto& cost : truth.costs) all.push_back(chosen(cost, set));
  for (const Values& mine : all) {
    const auto beats = [&](const Values& other) {
      return is_at_most(other, mine) && !is_at_most(mine, other);
    };
    const auto equals = [&](const Values& other) {
      return is_at_most(other, mine) && is_at_most(mine, other);
    };
    if (std::none_of(all.begin(), all.end(), beats) &&
        std::none_of(kept.begin(), kept.end(), equals))
      kept.push_back(mine);
  }
  return kept;
}

std::vector<Values> values_of(const chip::ParetoResult& found, const std::array<bool, 3>& set) {
  std::vector<Values> values;
  for (const chip::ParetoPoint& point : found.points) values.push_back(chosen(point.cost, set));
  return values;
}

/// Values that none of the others are at most.
std::string missing(const std::vector<Values>& values, const std::vector<Values>& others,
                    double factor, const char* what) {
  std::string text;
  for (const Values& mine : values)
    if (std::none_of(others.begin(), others.end(),
                     [&](const Values& other) { return is_at_most(other, mine, factor); }))
      text += fmt::format("{}{}\n", what, text_of(mine));
  return text;
}

bool lies_in(const chip::UnprovedRegion& region, const Values& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < region.at_least[i] * (1 - 1e-9) ||
        (region.below[i] && values[i] >= *region.below[i]))
      return false;
  return true;
}

/// The set; of all three objectives also a thin one and one cut short: none may claim too much.
void compare_pareto(const SmallProblem& problem, const std::array<bool, 3>& set,
                    const ExhaustiveOptimum& truth, Differences& seen) {
  constexpr std::array kAll{Objective::energy, Objective::latency, Objective::dram};
  chip::ParetoOptions options;
  options.mapper.strategy = "products";
  options.objectives.clear();
  for (std::size_t i = 0; i < kAll.size(); ++i)
    if (set[i]) options.objectives.push_back(kAll[i]);
  const std::vector<Values> wanted = nondominated(truth, set);
  const auto whole = map_layer_pareto(problem.layer, problem.accelerator, options);
  if (whole.has_value() == wanted.empty()) seen.pareto += "a set where there is none, or none\n";
  if (!whole || wanted.empty()) return;
  const std::vector<Values> found = values_of(*whole, set);
  seen.pareto += missing(wanted, found, 1.0, "not in the set:") +
                 missing(found, wanted, 1.0, "not enumerated:");
  if (found.size() != wanted.size())
    seen.pareto += fmt::format("{} points, {} enumerated\n", found.size(), wanted.size());
  if (!whole->proved || whole->gap != 0.0) seen.pareto += "not proved\n";
  for (const chip::ParetoPoint& point : whole->points)
    if (!check(point.mapping, problem.layer, problem.accelerator).empty())
      seen.pareto += "a mapping is not legal\n";
  if (set != kSets[0]) return;
  options.step = 0.2;
  const auto thin = map_layer_pareto(problem.layer, problem.accelerator, options);
  seen.pareto += missing(wanted, values_of(*thin, set), 1.2, "not near the thin set:");
  options.step = 0.0;
  options.mapper.max_evaluations =
      std::max<std::int64_t>(1, (whole->evaluations + whole->nodes) / 2);
  const auto cut = map_layer_pareto(problem.layer, problem.accelerator, options);
  const std::vector<Values> known = values_of(*cut, set);
  if (cut->gap) seen.pareto += missing(wanted, known, 1 + *cut->gap, "beyond the gap:");
  for (const Values& mine : wanted)
    if (!missing({mine}, known, 1.0, "").empty() &&
        std::none_of(cut->unproved.begin(), cut->unproved.end(),
                     [&](const auto& region) { return lies_in(region, mine); }))
      seen.pareto += fmt::format("neither known nor in a region:{}\n", text_of(mine));
}

/// All pairs one step smaller or plainer.
std::vector<OraclePair> smaller(const OraclePair& from) {
  std::vector<OraclePair> result;
  const auto with = [&](const auto& change) {
    OraclePair next = from;
    change(next);
    result.push_back(std::move(next));
  };
  for (const ConvShape& shape : smaller_shapes(from.drawn.shape))
    with([&](OraclePair& p) { p.drawn.shape = shape; });
  if (from.drawn.bits != LayerBits{16, 16, 16, 16})
    with([](OraclePair& p) { p.drawn.bits = {16, 16, 16, 16}; });
  with([](OraclePair& p) { p.drawn.machine.counting = {}; });
  with([](OraclePair& p) { p.drawn.machine.engine = {}; });
  with([](OraclePair& p) { p.factors = MapperOptions::Factors::perfect; });
  for (std::size_t l = 0; l < from.drawn.machine.levels.size(); ++l) {
    const auto level = [&](const auto& change) {
      with([&](OraclePair& p) { change(p.drawn.machine.levels[l]); });
    };
    if (l > 0)
      with([&](OraclePair& p) {
        p.drawn.machine.levels.erase(p.drawn.machine.levels.begin() +
                                     static_cast<std::ptrdiff_t>(l));
      });
    level([](MemoryLevel& m) { m.fanout.x = std::max<std::int64_t>(1, m.fanout.x - 1); });
    level([](MemoryLevel& m) { m.fanout.y = std::max<std::int64_t>(1, m.fanout.y - 1); });
    level([](MemoryLevel& m) { m.fanout.x_dims = m.fanout.y_dims = m.temporal_dims = {}; });
    level([](MemoryLevel& m) { m.fanout.hop_energy_pj_per_bit = 0.0; });
    level([](MemoryLevel& m) { m.fanout.forwarding = false; });
    level([](MemoryLevel& m) { m.fanout.multicast = m.fanout.spatial_reduction = true; });
    level([](MemoryLevel& m) { m.leakage_pj_per_cycle = 0.0; });
    level([](MemoryLevel& m) { m.double_buffered = false; });
    level([](MemoryLevel& m) { m.whole_words = false; });
    level([](MemoryLevel& m) { m.capacity_bits.reset(); });
    level([](MemoryLevel& m) { m.partition_bits = {}; });
    level([](MemoryLevel& m) { m.keeps = RoleSet{{true, true, true}}; });
    level([](MemoryLevel& m) {
      m.shared_port = false;
      m.read_bandwidth_bits_per_cycle.reset();
      m.write_bandwidth_bits_per_cycle.reset();
    });
    level([](MemoryLevel& m) { m.read_energy_pj_per_bit = m.write_energy_pj_per_bit = 1.0; });
    level([](MemoryLevel& m) { m.read_energy_pj_per_bit = 1.0; });
    level([](MemoryLevel& m) { m.write_energy_pj_per_bit = 1.0; });
  }
  std::erase_if(result, [&](const OraclePair& next) {
    const auto a = next.problem(), b = from.problem();
    return !a || (next.factors == from.factors && shape_key(a->layer) == shape_key(b->layer) &&
                  a->accelerator.key() == b->accelerator.key());
  });
  return result;
}

}  // namespace

std::optional<SmallProblem> OraclePair::problem() const {
  const auto layer = drawn.layer();
  const auto machine = drawn.accelerator();
  if (!layer || !machine) return std::nullopt;
  const chip::Accelerator accelerator = with_semantics(*machine, counting);
  if (!chip::is_product_problem(*layer, accelerator)) return std::nullopt;
  // More are left to other strategies, which prove nothing.
  if (!chip::LoopClasses(*layer, accelerator).at_most(chip::kMostClasses, {})) return std::nullopt;
  return SmallProblem{*layer, accelerator};
}

OraclePair make_oracle_pair(Rng& rng, std::int64_t most_mappings) {
  while (true) {
    OraclePair pair{make_case(rng, {.max_iterations = 300}), {}};
    pair.drawn.mapping = {};
    shape_machine(rng, pair.drawn.machine);
    // Counting that a search knows.
    chip::CountingRules& rules = pair.drawn.machine.counting;
    rules.skip_only_update_read = rules.move_every_turn = rules.whole_transfers = false;
    // The walk of the cost model's tests does not know it, hence it is drawn here.
    rules.hide_transfers = rng.below(4) == 0;
    constexpr std::array kCounted{chip::Semantics::exact, chip::Semantics::timeloop,
                                  chip::Semantics::timeloop_no_forwarding};
    pair.counting = kCounted[rng.below(kCounted.size())];
    const auto problem = pair.problem();
    if (!problem || !mappings_of(*problem, pair.factors, most_mappings)) continue;
    constexpr auto kCeiling = MapperOptions::Factors::ceiling;
    if (pair.counting != chip::Semantics::exact && rng.below(2) == 0 &&
        mappings_of(*problem, kCeiling, most_mappings))
      pair.factors = kCeiling;
    return pair;
  }
}

Differences differences(const OraclePair& pair, std::int64_t most_mappings) {
  const auto problem = pair.problem();
  if (!problem) return {};
  const auto truth =
      map_exhaustively(problem->layer, problem->accelerator, pair.factors, most_mappings);
  if (!truth) return {};
  Differences seen;
  for (const Objective objective : kObjectives) {
    try {
      compare(*problem, objective, pair.factors, truth->best[static_cast<std::size_t>(objective)],
              seen);
    } catch (const InternalError& error) {
      seen.optimum += fmt::format("{}: {}\n", name(objective), error.what());
    }
  }
  if (pair.factors != MapperOptions::Factors::perfect) return seen;
  for (const auto& set : kSets) {
    try {
      compare_pareto(*problem, set, *truth, seen);
    } catch (const InternalError& error) {
      seen.pareto += fmt::format("{}\n", error.what());
    }
  }
  return seen;
}

OraclePair shrink(OraclePair failing, const std::function<bool(const OraclePair&)>& fails) {
  std::size_t refused = 0;  // changes in a row that did not fail
  for (std::size_t at = 0, tries = 0; tries < kMostTries; ++tries) {
    std::vector<OraclePair> next = smaller(failing);
    if (refused >= next.size()) break;
    at %= next.size();
    if (fails(next[at])) {
      failing = std::move(next[at]);
      refused = 0;
    } else {
      ++at;
      ++refused;
    }
  }
  return failing;
}

OraclePair shrink(const OraclePair& failing, std::int64_t most_mappings) {
  const bool whole = differences(failing, most_mappings).is_wrong();
  return shrink(failing, [&](const OraclePair& pair) {
    const Differences seen = differences(pair, most_mappings);
    return whole ? seen.is_wrong() : !seen.empty();
  });
}

std::string describe(const OraclePair& pair) {
  const auto problem = pair.problem();
  const ConvShape& s = pair.drawn.shape;
  return fmt::format(
      "kind {}, strides {} {}, dilations {} {}, pads {} {} {} {}, groups {}, counting {}, {} "
      "factors\n{}\n",
      static_cast<int>(pair.drawn.kind), s.stride_height, s.stride_width, s.dilation_height,
      s.dilation_width, s.pad_top, s.pad_bottom, s.pad_left, s.pad_right, s.groups,
      name(pair.counting), pair.factors == MapperOptions::Factors::perfect ? "perfect" : "ceiling",
      problem ? describe(*problem) : "not comparable");
}

}  // namespace hwflow::testing
