#include "chip/mapper/pareto_mapper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <memory>
#include <utility>

#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/pareto_boxes.hpp"
#include "chip/mapper/product_search.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr double kMostStep = 10.0;

Diagnostics check_objectives(const std::vector<Objective>& objectives) {
  Diagnostics problems;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (objectives[i] == Objective::edp)
      problems.push_back({"objective", "'edp' is no objective of its own in a Pareto set",
                          "its least value is in the set of energy,latency"});
    if (std::find(objectives.begin(), objectives.begin() + static_cast<std::ptrdiff_t>(i),
                  objectives[i]) != objectives.begin() + static_cast<std::ptrdiff_t>(i))
      problems.push_back({"objective", fmt::format("'{}' is named twice", name(objectives[i])),
                          "name each objective once"});
  }
  if (objectives.size() < 2)
    problems.push_back({"objective", "a Pareto set needs two or three objectives",
                        "pareto, or two of energy, latency and dram with a comma between"});
  return problems;
}

/// The machine with its siblings in one order, and what the searches there share. Stays in place.
struct NestedSpace {
  NestedSpace(const Layer& layer, const Accelerator& accelerator, LevelOrder with,
              const MapperOptions& options, ProductSpace::Purpose purpose)
      : order(std::move(with)),
        machine(with_level_order(accelerator, order)),
        space(layer, machine, options.factors, options.axes),
        model(layer, machine, space),
        products(layer, machine, space, purpose) {}
  NestedSpace(const NestedSpace&) = delete;
  NestedSpace& operator=(const NestedSpace&) = delete;

  LevelOrder order;
  Accelerator machine;
  MapSpace space;
  BoundModel model;
  ProductSpace products;
};

/// A mapping that was evaluated.
struct Known {
  ParetoValues values;
  std::size_t nested = 0;  ///< index of its space
  Candidate candidate{};
};

/// Finds the points of one layer, one search after the other.
class ParetoSearch {
 public:
  ParetoSearch(const Layer& layer, const Accelerator& accelerator, const ParetoOptions& options,
               const StopSign& sign)
      : layer_(layer), accelerator_(accelerator), options_(options), sign_(sign) {
    const auto& wanted = options.objectives;
    for (const Objective objective : all_pareto_objectives())
      if (std::find(wanted.begin(), wanted.end(), objective) != wanted.end())
        objectives_.push_back(objective);
  }

  /// Classes and tables of every order of siblings.
  ProductSpace::State make_spaces() {
    std::vector<LevelOrder> orders = sibling_orders(accelerator_);
    if (options_.mapper.sibling_order == MapperOptions::SiblingOrder::listed) orders.resize(1);
    const bool timed =
        objectives_ != std::vector{Objective::energy, Objective::dram} || may_leak(accelerator_);
    using Purpose = ProductSpace::Purpose;
    auto state = ProductSpace::State::known;
    for (const LevelOrder& order : orders) {
      NestedSpace& nested = spaces_.emplace_back(layer_, accelerator_, order, options_.mapper,
                                                 timed ? Purpose::timed : Purpose::untimed);
      state = nested.products.find_classes(sign_);
      are_spaces_known_ = are_spaces_known_ && state == ProductSpace::State::known;
      if (state == ProductSpace::State::too_many) return state;
    }
    return state;
  }

  /// The best mapping for every objective by itself, as far as the limits go.
  /// Errors  as map_layer.
  Expected<std::vector<MappingResult>> map_alone(const std::stop_token& stop) {
    std::vector<MappingResult> best;
    for (const Objective objective : objectives_) {
      MapperOptions options = options_.mapper;
      options.objective = objective;
      constexpr double kLeastSeconds = 1e-3;
      if (options.time_limit_seconds)
        options.time_limit_seconds =
            std::max(kLeastSeconds, *options.time_limit_seconds - sign_.seconds());
      if (options.max_evaluations)
        options.max_evaluations = std::max<std::int64_t>(1, *left_to_spend());
      auto found = map_layer(layer_, accelerator_, options, stop);
      if (!found) return Unexpected{std::move(found).error()};
      ++result_.searches;
      result_.evaluations += found->evaluations;
      result_.nodes += found->nodes;
      best.push_back(std::move(*found));
    }
    return best;
  }

  ParetoResult run(const std::vector<MappingResult>& alone) {
    ParetoValues least;
    for (const MappingResult& result : alone) {
      least.push_back(result.lower_bound);
      keep(result.mapping);
    }
    ParetoBoxes boxes(std::move(least));
    if (alone[0].optimal) add(values_of(alone[0].cost), boxes);
    search(boxes);
    return finish(boxes);
  }

 private:
  [[nodiscard]] ParetoValues values_of(const Cost& cost) const {
    ParetoValues values;
    for (const Objective objective : objectives_) values.push_back(value_of(cost, objective));
    return values;
  }

  /// What is spent of the limit of all searches.
  [[nodiscard]] std::optional<std::int64_t> left_to_spend() const {
    const auto& most = options_.mapper.max_evaluations;
    if (!most) return std::nullopt;
    return *most - result_.evaluations - result_.nodes;
  }
  [[nodiscard]] bool is_spent() const {
    const auto left = left_to_spend();
    return sign_.raised() || (left && *left <= 0);
  }

  /// The outcome of one search in all orders of siblings: the least bound and the best.
  struct Found {
    std::optional<ParetoValues> values;
    double lower_bound = kInfinity;
    bool is_complete = true;
  };

  Found search_orders(Objective objective, const Caps& caps, double to_beat,
                      std::vector<ClassBounds>& known) {
    ++result_.searches;
    known.resize(spaces_.size());
    Found found;
    for (std::size_t i = 0; i < spaces_.size(); ++i) {
      MapperOptions options = options_.mapper;
      options.objective = objective;
      options.max_evaluations = left_to_spend();
      SearchProblem problem{layer_,
                            spaces_[i].machine,
                            options,
                            spaces_[i].space,
                            spaces_[i].model,
                            sign_,
                            {},
                            to_beat,
                            caps};
      problem.seen = [&](const Candidate& candidate, const Cost& cost) {
        remember({values_of(cost), i, candidate});
      };
      const SearchOutcome outcome = run_in_box(problem, spaces_[i].products, known[i]);
      result_.evaluations += outcome.incumbent.evaluations;
      result_.nodes += outcome.incumbent.nodes;
      if (outcome.incumbent.best && outcome.incumbent.value < to_beat) {
        to_beat = outcome.incumbent.value;
        found.values = values_of(outcome.incumbent.cost);
      }
      found.lower_bound = std::min(found.lower_bound, outcome.lower_bound);
      if (outcome.lower_bound < std::min(to_beat, kInfinity) * (1.0 - kEqualEnergy))
        found.is_complete = false;
    }
    return found;
  }

  /// Keeps what no other known mapping covers.
  void remember(Known mapping) {
    for (const Known& other : known_)
      if (covers(other.values, mapping.values)) return;
    std::erase_if(known_, [&](const Known& other) { return covers(mapping.values, other.values); });
    known_.push_back(std::move(mapping));
  }

  /// A point that belongs to the set, unless one that is found later beats it in what ties.
  void add(const ParetoValues& values, ParetoBoxes& boxes) {
    ParetoValues corner = values;
    for (const Known& other : known_)
      if (dominates(other.values, corner)) corner = other.values;
    points_.push_back(corner);
    boxes.cut(with_step(corner));
  }

  [[nodiscard]] ParetoValues with_step(ParetoValues values) const {
    for (double& value : values) value /= 1.0 + options_.step;
    return values;
  }

  [[nodiscard]] Caps caps_of(const ParetoBox& box) const {
    Caps caps;
    for (std::size_t i = 1; i < objectives_.size(); ++i) {
      if (box.below[i] == kInfinity) continue;
      (objectives_[i] == Objective::latency ? caps.cycles : caps.dram_bits) = box.below[i];
    }
    return caps;
  }

  /// The known mapping of a box that is best in the first objective.
  [[nodiscard]] const Known* best_known(const ParetoBox& box) const {
    const Known* best = nullptr;
    for (const Known& known : known_) {
      bool is_in = known.values[0] < box.below[0] * (1.0 - kEqualEnergy);
      for (std::size_t i = 1; i < known.values.size(); ++i)
        is_in = is_in && known.values[i] < box.below[i];
      if (is_in && (best == nullptr || known.values < best->values)) best = &known;
    }
    return best;
  }

  void search(ParetoBoxes& boxes) {
    if (!are_spaces_known_) return;
    while (!is_spent()) {
      auto box = boxes.take_largest();
      if (!box) return;
      std::vector<ClassBounds> known;
      if (box->known) known = *box->known;
      std::optional<ParetoValues> best;
      if (const Known* start = best_known(*box)) best = start->values;
      const Found found =
          search_orders(objectives_[0], caps_of(*box), best ? (*best)[0] : box->below[0], known);
      if (found.values) best = found.values;
      box->at_least[0] = std::max(box->at_least[0], found.lower_bound);
      box->known = std::make_shared<const std::vector<ClassBounds>>(std::move(known));
      if (!found.is_complete) return boxes.put_back(std::move(*box));
      if (!best) continue;
      boxes.put_back(std::move(*box));
      add(*best, boxes);
    }
  }

  ParetoPoint make_point(const Known& known) const {
    const NestedSpace& nested = spaces_[known.nested];
    ParetoPoint point;
    point.mapping = nested.space.to_mapping(known.candidate);
    if (!std::is_sorted(nested.order.begin(), nested.order.end()))
      point.mapping.level_order = nested.order;
    point.cost = std::get<Cost>(evaluate(layer_, accelerator_, point.mapping));
    return point;
  }

  /// A mapping from elsewhere, where it is one of these spaces.
  void keep(const Mapping& mapping) {
    for (std::size_t i = 0; i < spaces_.size(); ++i) {
      const bool listed = std::is_sorted(spaces_[i].order.begin(), spaces_[i].order.end());
      if (mapping.level_order != (listed ? LevelOrder{} : spaces_[i].order)) continue;
      Mapping nested = mapping;
      nested.level_order.clear();
      const auto candidate = spaces_[i].space.from_mapping(nested);
      const auto cost = evaluate(layer_, accelerator_, mapping);
      if (candidate) remember({values_of(std::get<Cost>(cost)), i, *candidate});
    }
  }

  /// The mappings of the set: all that is known, or with a step what stands for the points.
  [[nodiscard]] std::vector<const Known*> chosen() const {
    std::vector<const Known*> all;
    for (const Known& known : known_) {
      const bool stands = std::any_of(points_.begin(), points_.end(), [&](const ParetoValues& p) {
        return covers(known.values, p);
      });
      if (options_.step == 0.0 || stands) all.push_back(&known);
    }
    std::vector<ParetoValues> values;
    for (const Known* known : all) values.push_back(known->values);
    std::vector<const Known*> kept;
    for (const std::size_t i : nondominated(values)) kept.push_back(all[i]);
    return kept;
  }

  ParetoResult finish(ParetoBoxes& boxes) {
    const auto mappings = chosen();
    points_.clear();
    for (const Known* known : mappings) {
      points_.push_back(known->values);
      if (!boxes.boxes().empty()) boxes.cut(with_step(known->values));
      result_.points.push_back(make_point(*known));
    }
    describe(boxes);
    return finished();
  }

  void describe(const ParetoBoxes& boxes) {
    for (const ParetoBox& box : boxes.boxes()) {
      UnprovedRegion& region = result_.unproved.emplace_back();
      region.at_least = box.at_least;
      for (const double below : box.below)
        region.below.push_back(below == kInfinity ? std::nullopt : std::optional(below));
    }
    result_.proved = boxes.boxes().empty();
    const double gap = std::max(options_.step, largest_gap(boxes.boxes(), points_));
    if (gap < kInfinity) result_.gap = gap;
  }

  ParetoResult finished() {
    result_.objectives = objectives_;
    result_.seconds = sign_.seconds();
    return std::move(result_);
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  const ParetoOptions& options_;
  const StopSign& sign_;
  std::vector<Objective> objectives_;
  std::deque<NestedSpace> spaces_;
  bool are_spaces_known_ = true;  // with their classes
  std::vector<Known> known_;      // no one covers another
  std::vector<ParetoValues> points_;
  ParetoResult result_;
};

Diagnostics check_layer(const Layer& layer, const Accelerator& accelerator) {
  if (is_product_problem(layer, accelerator)) return {};
  return {{layer.name, "has no proved Pareto set: its costs are no sums of products",
           "outputs that overlap and more than two dimensions on one axis have optima of single "
           "objectives only"}};
}

}  // namespace

std::vector<Objective> all_pareto_objectives() {
  return {Objective::energy, Objective::latency, Objective::dram};
}

bool asks_for_pareto(std::string_view text) {
  return text == "pareto" || text.find(',') != std::string_view::npos;
}

Expected<std::vector<Objective>> pareto_objectives_from_text(std::string_view text) {
  if (text == "pareto") return all_pareto_objectives();
  std::vector<Objective> objectives;
  Diagnostics problems;
  for (;;) {
    const auto comma = text.find(',');
    const auto objective = objective_from_name(text.substr(0, comma));
    if (objective)
      objectives.push_back(*objective);
    else
      problems.insert(problems.end(), objective.error().begin(), objective.error().end());
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  for (Diagnostic& problem : check_objectives(objectives)) problems.push_back(std::move(problem));
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return objectives;
}

Diagnostics check(const ParetoOptions& options) {
  Diagnostics problems = check(options.mapper);
  for (Diagnostic& problem : check_objectives(options.objectives))
    problems.push_back(std::move(problem));
  if (options.mapper.strategy != "products")
    problems.push_back({"strategy",
                        fmt::format("'{}' finds no Pareto sets", options.mapper.strategy),
                        "take 'products'"});
  if (options.mapper.factors != MapperOptions::Factors::perfect)
    problems.push_back({"factors", "Pareto sets are searched with perfect factors only",
                        "take 'perfect', or one objective"});
  if (!(options.step >= 0.0 && options.step <= kMostStep))
    problems.push_back(
        {"pareto_step",
         fmt::format("must be a number from 0 to {}, got {}", kMostStep, options.step),
         "0.01: points a percent apart"});
  return problems;
}

Expected<ParetoResult> map_layer_pareto(const Layer& layer, const Accelerator& accelerator,
                                        const ParetoOptions& options, std::stop_token stop) {
  Diagnostics problems = check(options);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const StopSign sign(options.mapper, stop);
  ParetoSearch search(layer, accelerator, options, sign);
  const auto alone = search.map_alone(stop);
  if (!alone) return Unexpected{alone.error()};
  problems = check_layer(layer, accelerator);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  if (search.make_spaces() == ProductSpace::State::too_many)
    return Unexpected{Diagnostics{{accelerator.name(),
                                   "has too many classes of loop orders for a proved Pareto set",
                                   "leave out levels, or ask for one objective"}}};
  return search.run(*alone);
}

}  // namespace hwflow::chip
