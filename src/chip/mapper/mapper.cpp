#include "chip/mapper/mapper.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"
#include "chip/cost/countable.hpp"
#include "chip/cost/widths.hpp"
#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/map_space.hpp"
#include "chip/mapper/product_search.hpp"
#include "chip/mapper/search.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const Strategy* find_strategy(const std::string& wanted) {
  for (const Strategy& strategy : strategies()) {
    if (strategy.name == wanted) return &strategy;
  }
  return nullptr;
}

void check_strategy(const MapperOptions& options, Diagnostics& problems) {
  if (find_strategy(options.strategy) != nullptr) return;
  std::vector<std::string> names;
  std::string all;
  for (const Strategy& strategy : strategies()) {
    names.emplace_back(strategy.name);
    all += fmt::format("{}{}", all.empty() ? "one of " : ", ", strategy.name);
  }
  const std::string hint = nearest_name_hint(options.strategy, names);
  problems.push_back({"strategy", fmt::format("unknown strategy '{}'", options.strategy),
                      hint.empty() ? all : hint});
}

/// Counting the words of overlapping windows takes time with the square of their extent.
void check_windows(const Layer& layer, Diagnostics& problems) {
  constexpr std::int64_t kMostExtent = std::int64_t{1} << 15;
  for (const Operand& operand : layer.op.operands()) {
    for (const Rank& rank : operand.ranks) {
      const auto turning = [&](const AffineTerm& term) { return layer.op.bound(term.dim) > 1; };
      const auto terms = std::count_if(rank.terms.begin(), rank.terms.end(), turning);
      if (terms < 2 || rank.extent <= kMostExtent) continue;
      problems.push_back(
          {layer.name,
           fmt::format("its windows slide over {} rows or columns, the mapper searches at most {}",
                       rank.extent, kMostExtent),
           "cut the image into smaller ones"});
    }
  }
}

/// Can the strategy search where BoundModel has no bounds?
void check_counting(const Accelerator& accelerator, const MapperOptions& options,
                    Diagnostics& problems) {
  const Strategy* strategy = find_strategy(options.strategy);
  if (has_bounds(accelerator) || strategy == nullptr) return;
  const CountingRules& rules = accelerator.fields().counting;
  const bool boxes = rules.box_tiles && !rules.skip_only_update_read && !rules.move_every_turn &&
                     !rules.whole_transfers;
  const auto knows = [&](const Strategy& other) {
    return other.countings == Countings::all ||
           (boxes && other.countings == Countings::bounded_or_boxes);
  };
  if (!knows(*strategy)) {
    std::vector<std::string_view> names;
    for (const Strategy& other : strategies())
      if (knows(other)) names.push_back(other.name);
    problems.push_back({"strategy",
                        fmt::format("'{}' has no bounds for the counting of '{}'", strategy->name,
                                    accelerator.name()),
                        fmt::format("one of {}", fmt::join(names, ", "))});
  }
}

/// What the terms of products do not write: outputs that overlap, more than two dimensions along
/// an axis. Exact counting then leaves the layer to branch and bound.
void check_boxes(const Layer& layer, const Accelerator& accelerator, const MapperOptions& options,
                 Diagnostics& problems) {
  if (options.strategy != "products" || has_bounds(accelerator) ||
      is_product_problem(layer, accelerator))
    return;
  problems.push_back({layer.name, "cannot be searched by 'products' where tiles are boxes",
                      "outputs that overlap need annealing, genetic or random"});
}

/// Why no mapping exists: which constraint leaves no room, or which level is too small.
Diagnostic explain_infeasible(const Layer& layer, const Accelerator& accelerator,
                              const MapSpace& space, const BoundModel& model) {
  Candidate smallest = space.empty();
  for (const Dim dim : space.dims()) {
    const auto loops = space.first_chains(dim, 1).chains;
    if (loops.empty()) {
      return {layer.name,
              fmt::format("no loops over '{}' ({} elements) are possible on '{}'", name(dim),
                          space.size(dim), accelerator.name()),
              "temporal_dims, x_dims or y_dims of the accelerator leave this dimension out",
              ProblemKind::infeasible};
    }
    smallest.chains[index(dim)] = loops.front();
  }
  if (const auto overflow = model.overflow(smallest)) {
    const std::string& level = accelerator.levels()[overflow->level].name;
    return {layer.name,
            fmt::format("level '{}' is too small: the smallest tiles need {} bits, it has {}",
                        level, overflow->needed_bits, overflow->available_bits),
            fmt::format("give '{}' at least {} bits more", level,
                        overflow->needed_bits - overflow->available_bits),
            ProblemKind::infeasible};
  }
  return {layer.name,
          fmt::format("no mapping fits the meshes and capacities of '{}'", accelerator.name()),
          "loosen temporal_dims, x_dims or y_dims, or enlarge the inner levels",
          ProblemKind::infeasible};
}

/// The first mapping is worth more than the limit: without it there is nothing to report.
Expected<Candidate> first_mapping(const SearchProblem& problem) {
  constexpr double kLeastSeconds = 5.0;
  MapperOptions limits;
  if (const auto& limit = problem.options.time_limit_seconds) {
    limits.time_limit_seconds = std::max(*limit, kLeastSeconds);
  }
  const StopSign sign(limits, {});
  const auto first =
      find_feasible(problem.layer, problem.accelerator, problem.space, problem.model, sign);
  if (first.candidate) return *first.candidate;
  Diagnostic reason =
      explain_infeasible(problem.layer, problem.accelerator, problem.space, problem.model);
  if (!first.complete) reason.reason += " (among those tried; not all were)";
  return Unexpected{Diagnostics{std::move(reason)}};
}

std::vector<Candidate> usable_starts(const Layer& layer, const Accelerator& accelerator,
                                     const MapSpace& space, const std::vector<Mapping>& starts) {
  std::vector<Candidate> usable;
  for (const Mapping& start : starts) {
    const auto candidate = space.from_mapping(start);
    if (!candidate) continue;
    const auto result = evaluate(layer, accelerator, space.to_mapping(*candidate));
    if (std::holds_alternative<Cost>(result)) usable.push_back(*candidate);
  }
  return usable;
}

void certify(MappingResult& result, double lower_bound) {
  HWFLOW_CHECK(lower_bound <= result.value * (1 + 1e-9), "lower bound above the cost of a mapping");
  result.lower_bound = std::min(lower_bound, result.value);
  result.optimal = result.lower_bound >= result.value * (1.0 - 1e-12);
}

MappingResult make_result(SearchOutcome outcome, const MapSpace& space, double seconds) {
  Incumbent& incumbent = outcome.incumbent;
  HWFLOW_CHECK(incumbent.best.has_value(), "a search from a feasible start lost it");
  MappingResult result;
  result.mapping = space.to_mapping(*incumbent.best);
  result.cost = std::move(incumbent.cost);
  result.value = incumbent.value;
  certify(result, outcome.lower_bound);
  result.evaluations = incumbent.evaluations;
  result.nodes = incumbent.nodes;
  result.seconds = seconds;
  return result;
}

/// The best mapping with the levels nested as the accelerator lists them. Mappings that are not
/// cheaper than `to_beat` are of no use: the lower bound is that of the cheaper ones.
Expected<MappingResult> map_nested(const Layer& layer, const Accelerator& accelerator,
                                   const MapperOptions& options, const std::vector<Mapping>& starts,
                                   const StopSign& sign, double to_beat) {
  const MapSpace space(layer, accelerator, options.factors, options.axes);
  const BoundModel model(layer, accelerator, space);
  SearchProblem problem{layer,
                        accelerator,
                        options,
                        space,
                        model,
                        sign,
                        usable_starts(layer, accelerator, space, starts),
                        to_beat};
  if (problem.starts.empty()) {
    auto first = first_mapping(problem);
    if (!first) return Unexpected{std::move(first).error()};
    problem.starts.push_back(*first);
  }
  SearchOutcome outcome = find_strategy(options.strategy)->run(problem);
  return make_result(std::move(outcome), space, sign.seconds());
}

/// What is known of an order that was not searched.
double bound_before_search(const Layer& layer, const Accelerator& accelerator,
                           const LevelOrder& order, const MapperOptions& options) {
  const Accelerator nested = with_level_order(accelerator, order);
  const MapSpace space(layer, nested, options.factors, options.axes);
  const BoundModel model(layer, nested, space);
  return root_bound(nested, space, model, options.objective);
}

}  // namespace

Diagnostics check(const MapperOptions& options) {
  Diagnostics problems;
  check_strategy(options, problems);
  if (options.threads < 1) {
    problems.push_back({"threads", fmt::format("must be >= 1, got {}", options.threads), {}});
  }
  if (options.max_evaluations && *options.max_evaluations < 1) {
    problems.push_back({"max_evaluations",
                        fmt::format("must be >= 1, got {}", *options.max_evaluations),
                        "'hwflow map --prove' searches without a limit"});
  }
  if (options.time_limit_seconds &&
      !(*options.time_limit_seconds > 0.0 && std::isfinite(*options.time_limit_seconds))) {
    problems.push_back(
        {"time_limit_seconds",
         fmt::format("must be a number of seconds > 0, got {}", *options.time_limit_seconds),
         "'hwflow map --prove' searches without a limit"});
  }
  return problems;
}

Diagnostics check_machine(const Accelerator& accelerator, const MapperOptions& options) {
  Diagnostics problems;
  check_counting(accelerator, options, problems);
  if (accelerator.levels().size() > kMaxMapperLevels)
    problems.push_back({accelerator.name(),
                        fmt::format("has {} memory levels, the mapper searches at most {}",
                                    accelerator.levels().size(), kMaxMapperLevels),
                        "leave out levels"});
  return problems;
}

Diagnostics check_layer(const Layer& layer, const Accelerator& accelerator,
                        const MapperOptions& options) {
  const bool perfect = options.factors == MapperOptions::Factors::perfect;
  Diagnostics problems;
  if (!compute_rate(layer, accelerator.engine())) {
    problems.push_back({layer.name,
                        fmt::format("the compute units of '{}' cannot multiply {} bit weights by "
                                    "{} bit inputs",
                                    accelerator.name(), layer.bits.weights, layer.bits.inputs),
                        "choose widths that the engine of the accelerator supports"});
  }
  const std::int64_t most = perfect ? kMaxMapperSize : kMaxRaggedSize;
  for (const Dim dim : kDims) {
    if (layer.op.bound(dim) <= most) continue;
    problems.push_back(
        {layer.name,
         fmt::format("dimension '{}' has {} elements, the mapper searches at most {}{}", name(dim),
                     layer.op.bound(dim), most, perfect ? "" : " with ceiling factors"),
         "take a smaller batch or layer"});
  }
  const std::size_t before = problems.size();
  check_windows(layer, problems);
  if (problems.size() == before) {
    if (auto refusal = refuse_uncountable(layer, accelerator))
      problems.push_back(std::move(*refusal));
  }
  if (problems.empty()) check_boxes(layer, accelerator, options, problems);
  return problems;
}

Expected<MappingResult> map_layer(const Layer& layer, const Accelerator& accelerator,
                                  const MapperOptions& options, std::stop_token stop) {
  return map_layer_from(layer, accelerator, options, {}, std::move(stop));
}

Expected<MappingResult> map_layer_from(const Layer& layer, const Accelerator& accelerator,
                                       const MapperOptions& options,
                                       const std::vector<Mapping>& starts, std::stop_token stop) {
  Diagnostics problems = check(options);
  for (Diagnostic& problem : check_machine(accelerator, options))
    problems.push_back(std::move(problem));
  for (Diagnostic& problem : check_layer(layer, accelerator, options))
    problems.push_back(std::move(problem));
  if (!problems.empty()) return Unexpected{std::move(problems)};

  const StopSign sign(options, std::move(stop));
  if (options.sibling_order == MapperOptions::SiblingOrder::listed)
    return map_nested(layer, accelerator, options, starts, sign, kInfinity);
  // The orders one after the other: what the first find prunes the others.
  std::optional<MappingResult> best;
  double lower_bound = kInfinity;
  std::int64_t evaluations = 0, nodes = 0;
  for (const LevelOrder& order : sibling_orders(accelerator)) {
    if (best && sign.raised()) {  // no time to look
      lower_bound = std::min(lower_bound, bound_before_search(layer, accelerator, order, options));
      continue;
    }
    std::vector<Mapping> own;
    const bool listed = std::is_sorted(order.begin(), order.end());
    for (Mapping start : starts) {
      if (start.level_order != (listed ? LevelOrder{} : order)) continue;
      start.level_order.clear();
      own.push_back(std::move(start));
    }
    auto found = map_nested(layer, with_level_order(accelerator, order), options, own, sign,
                            best ? best->value : kInfinity);
    if (!found) {  // which does not say that there is none
      lower_bound = std::min(lower_bound, bound_before_search(layer, accelerator, order, options));
      if (listed) problems = found.error();
      continue;
    }
    lower_bound = std::min(lower_bound, found->lower_bound);
    evaluations += found->evaluations;
    nodes += found->nodes;
    if (best && found->value >= best->value) continue;
    best = std::move(*found);
    if (!listed) best->mapping.level_order = order;
  }
  if (!best) return Unexpected{std::move(problems)};
  if (!best->mapping.level_order.empty())  // levels of the cost as the accelerator lists them
    best->cost = std::get<Cost>(evaluate(layer, accelerator, best->mapping));
  certify(*best, lower_bound);
  best->evaluations = evaluations;
  best->nodes = nodes;
  best->seconds = sign.seconds();
  return std::move(*best);
}

MapperOptions quick_mapper_options(Objective objective) {
  MapperOptions options;
  options.objective = objective;
  options.max_evaluations = 80'000;
  return options;
}

}  // namespace hwflow::chip
