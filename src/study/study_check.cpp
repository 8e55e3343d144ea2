#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/enum_names.hpp"
#include "chip/fusion/fusion_machine.hpp"
#include "pareto/nsga2.hpp"
#include "study/accuracy_proxy.hpp"
#include "study/hardware_spaces.hpp"
#include "study/plan_space.hpp"
#include "study/schedules.hpp"
#include "study/study.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow::study {
namespace {

constexpr std::string_view kCosts = "energy, latency, dram, model_size or, with channels, macs";
constexpr std::string_view kBudgetCostsHint =
    "narrower widths may fail more: failure_rate among search.objectives of nsga2";

/// Collects the problems of one study; every method looks at one part.
class Check {
 public:
  Check(const Study& study, const Network& network, const chip::Accelerator& accelerator,
        const std::string& origin)
      : study_(study), network_(network), accelerator_(accelerator), origin_(origin) {}

  Diagnostics run() && {
    check_objectives();
    check_population("search", study_.search.population);
    check_budgets();
    check_magnitude();
    check_surrogate();
    check_levels();
    check_evaluations();
    check_widths("search.weight_bits", study_.search.weight_bits);
    check_widths("search.input_bits", study_.search.input_bits);
    check_engine();
    check_pinned();
    check_channels();
    check_baselines();
    check_mapper();
    check_schedule();
    check_network();
    check_hardware_search();
    check_resilience();
    return std::move(problems_);
  }

 private:
  void add(const std::string& key, std::string reason, std::string hint = {}) {
    problems_.push_back({origin_ + ": " + key, std::move(reason), std::move(hint)});
  }

  void check_objectives() {
    const std::vector<Objective>& objectives = study_.search.objectives;
    const std::set<Objective> distinct(objectives.begin(), objectives.end());
    if (distinct.size() != objectives.size()) {
      add("search.objectives", "lists an objective twice");
    }
    if (!distinct.contains(Objective::accuracy)) {
      add("search.objectives", "must contain accuracy",
          "without it the narrowest plan is always the best");
    }
    if (distinct.size() < 2) {
      add("search.objectives", "must contain at least one cost", std::string(kCosts));
    }
    if (distinct.contains(Objective::macs)) check_macs("search.objectives");
  }

  void check_macs(const std::string& key) {
    if (study_.search.channels) return;
    add(key, "macs are the same for every width, and search.channels is null",
        "search.channels, or another cost");
  }

  void check_budgets() {
    const std::vector<CostBudget>& budgets = study_.search.budgets;
    const Algorithm algorithm = study_.search.algorithm;
    if (!budgets.empty() && algorithm != Algorithm::agent && algorithm != Algorithm::evolution) {
      add("search.budgets",
          fmt::format("are of agent and evolution, but search.algorithm is {}", name(algorithm)),
          "leave search.budgets out, or another algorithm");
    }
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      check_budget(i, budgets[i].shares());
    }
    check_spread_budgets();
    if (algorithm == Algorithm::agent && study_.search.agent.state == AgentState::hardware &&
        study_.schedule == Schedule::fused) {
      add("search.agent.state", "hardware tells layers apart, which schedule: fused joins",
          "state: layers, or schedule: layer_by_layer");
    }
  }

  /// Without budgets, agents and evolution have some of the first cost.
  void check_spread_budgets() {
    const SearchOptions& search = study_.search;
    if (search.algorithm != Algorithm::agent && search.algorithm != Algorithm::evolution) return;
    const auto first = std::ranges::find_if(search.objectives,
                                            [](Objective of) { return of != Objective::accuracy; });
    if (!search.budgets.empty() || first == search.objectives.end()) return;
    if (*first != Objective::failure_rate) return;
    add("search.objectives",
        fmt::format("the first cost is what {} has budgets of, and failure_rate has none: the "
                    "narrowest plan need not be the one that fails least",
                    name(search.algorithm)),
        "another cost before it, or search.budgets");
  }

  void check_budget(std::size_t budget, const std::vector<CostShare>& shares) {
    std::set<Objective> costs;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const std::string key = place_of_share(budget, i) + ".of";
      const Objective of = shares[i].of;
      if (of == Objective::macs) check_macs(key);
      if (of == Objective::failure_rate) {
        add(key, "cannot be failure_rate: the narrowest plan need not be the one that fails least",
            std::string(kBudgetCostsHint));
      }
      if (of == Objective::accuracy) {
        add(key, "must be a cost, got accuracy", std::string(kCosts));
      } else if (!costs.insert(of).second) {
        add(key, fmt::format("is the budget's second share of {}", name(of)), "its least one");
      }
    }
  }

  void check_magnitude() {
    if (study_.search.algorithm != Algorithm::magnitude || study_.search.channels) return;
    add("search.algorithm", "magnitude goes through channels, and search.channels is null",
        "search.channels, or algorithm: uniform");
  }

  void check_surrogate() {
    const SearchOptions& search = study_.search;
    if (search.surrogate.oversample == 1 || search.algorithm == Algorithm::nsga2) return;
    add("search.surrogate.oversample",
        fmt::format("is of nsga2, but search.algorithm is {}", name(search.algorithm)),
        "leave search.surrogate out, or algorithm: nsga2");
  }

  void check_population(const std::string& key, int population) {
    pareto::Nsga2Options options;
    options.population = population;
    for (const Diagnostic& problem : pareto::validate(options)) {
      add(key + "." + problem.place, problem.reason, problem.hint);
    }
  }

  void check_levels() {
    const std::vector<LevelOptions>& levels = study_.search.levels;
    if (levels.empty()) return;
    if (study_.search.algorithm != Algorithm::nsga2 &&
        study_.search.algorithm != Algorithm::agent) {
      add("search.levels",
          fmt::format("are of nsga2 and agent, but search.algorithm is {}",
                      name(study_.search.algorithm)),
          "leave search.levels out, or another algorithm");
    }
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const std::string key = fmt::format("search.levels[{}]", i);
      if (levels[i].population) check_population(key, *levels[i].population);
      if (i > 0 && levels[i].model < levels[i - 1].model) {
        add(key + ".model",
            fmt::format("{} after {}", name(levels[i].model), name(levels[i - 1].model)),
            "levels go from coarse over mid to fine");
      }
    }
    if (levels.back().model != Abstraction::fine) {
      add(fmt::format("search.levels[{}].model", levels.size() - 1),
          fmt::format("the last level is {}", name(levels.back().model)),
          "the front is of plans as they run: end with {model: fine, generations: 0} or more");
    }
  }

  /// Of the uniform plans; pinned layers aside, which may make some of them equal.
  void check_evaluations() {
    const SearchOptions& search = study_.search;
    if (!search.evaluations) return;
    std::set<std::pair<int, int>> pairs;
    for (const WidthPair& pair : study_.baselines) pairs.emplace(pair.weights, pair.inputs);
    for (const WidthPair& pair : study_.finish.baselines) pairs.emplace(pair.weights, pair.inputs);
    if (study_.baselines.empty()) {
      for (const int weights : search.weight_bits)
        for (const int inputs : search.input_bits) pairs.emplace(weights, inputs);
    }
    if (!search.weight_bits.empty() && !search.input_bits.empty()) {
      pairs.emplace(*std::max_element(search.weight_bits.begin(), search.weight_bits.end()),
                    *std::max_element(search.input_bits.begin(), search.input_bits.end()));
    }
    if (*search.evaluations >= static_cast<std::int64_t>(pairs.size())) return;
    add("search.evaluations",
        fmt::format("{} are too few for the {} uniform plans, which are always measured",
                    *search.evaluations, pairs.size()),
        "more evaluations, or fewer 'baselines'");
  }

  void check_widths(const std::string& key, const std::vector<int>& widths) {
    if (widths.empty()) add(key, "must list at least one width");
    if (std::set<int>(widths.begin(), widths.end()).size() != widths.size()) {
      add(key, "lists a width twice");
    }
  }

  [[nodiscard]] bool computes(int weights, int inputs) const {
    return accelerator_.engine().rate(weights, inputs).has_value();
  }

  void refuse_width(const std::string& key, int weights, int inputs) {
    add(key,
        fmt::format("the engine of {} cannot compute {}-bit weights times {}-bit inputs",
                    accelerator_.name(), weights, inputs),
        widest_hint());
  }

  [[nodiscard]] std::string widest_hint() const {
    for (int width = 32; width >= 1; --width) {
      if (computes(width, width)) return fmt::format("its widest operands have {} bits", width);
    }
    return {};
  }

  /// A width is refused when no partner among the allowed ones makes it computable, or some does
  /// not: every pair may come up in the search.
  void check_engine() {
    std::set<int> bad_weights, bad_inputs;
    const SearchOptions& search = study_.search;
    for (const int weights : search.weight_bits) {
      for (const int inputs : search.input_bits) {
        if (computes(weights, inputs)) continue;
        if (!computes(weights, weights)) bad_weights.insert(weights);
        if (!computes(inputs, inputs)) bad_inputs.insert(inputs);
        if (computes(weights, weights) && computes(inputs, inputs)) bad_weights.insert(weights);
      }
    }
    for (const int width : bad_weights) {
      refuse_width("search.weight_bits", width,
                   search.input_bits.empty() ? width : search.input_bits.front());
    }
    for (const int width : bad_inputs) {
      refuse_width("search.input_bits",
                   search.weight_bits.empty() ? width : search.weight_bits.front(), width);
    }
  }

  void check_pinned() {
    std::vector<std::string> names{"first", "last"};
    for (const NodeId id : network_.compute_nodes()) names.push_back(network_.node(id).name);
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < study_.search.pinned.size(); ++i) {
      const PinnedLayer& pin = study_.search.pinned[i];
      const std::string key = fmt::format("search.pinned[{}]", i);
      const std::optional<std::size_t> layer = find_compute_layer(network_, pin.layer);
      if (!layer) {
        add(key + ".layer", fmt::format("{} has no compute layer '{}'", network_.name(), pin.layer),
            nearest_name_hint(pin.layer, names));
      } else if (!seen.insert(*layer).second) {
        add(key + ".layer", fmt::format("layer '{}' is pinned twice", pin.layer));
      }
      if (!computes(pin.weights, pin.inputs)) refuse_width(key, pin.weights, pin.inputs);
    }
    if (seen.size() == network_.compute_nodes().size() && !seen.empty()) {
      add("search.pinned",
          study_.search.channels ? "pins every layer; no uniform plan would be what it is called"
                                 : "pins every layer; nothing is left to search",
          study_.search.channels ? "one width each in search.weight_bits and search.input_bits "
                                   "leaves channels alone to search"
                                 : "");
    }
  }

  void check_channels() {
    if (!study_.search.channels) return;
    const ChannelOptions& options = *study_.search.channels;
    for (Diagnostic& problem : check(options, network_)) {
      add("search.channels" + (problem.place.empty() ? "" : "." + problem.place), problem.reason,
          problem.hint);
    }
    if (uses_proxy(study_) && study_.search.algorithm == Algorithm::magnitude) {
      add("search.algorithm", "goes by scores of weights, of which accuracy.method: proxy has none",
          "uniform, or another accuracy.method");
    }
    if (study_.schedule == Schedule::fused) {
      add("search.channels", "cannot be searched with schedule: fused", "layer_by_layer");
    }
    if (study_.hardware.search) {
      add("search.channels", "cannot be searched together with hardware.search", "either of them");
    }
  }

  void check_pair(const std::string& key, const WidthPair& pair) {
    const auto allowed = [](const std::vector<int>& widths, int width) {
      return std::find(widths.begin(), widths.end(), width) != widths.end();
    };
    if (!allowed(study_.search.weight_bits, pair.weights)) {
      add(key + ".weights", fmt::format("{} is not among search.weight_bits", pair.weights),
          "uniform plans share the front with all others");
    }
    if (!allowed(study_.search.input_bits, pair.inputs)) {
      add(key + ".inputs", fmt::format("{} is not among search.input_bits", pair.inputs),
          "uniform plans share the front with all others");
    }
  }

  void check_baselines() {
    for (std::size_t i = 0; i < study_.baselines.size(); ++i) {
      check_pair(fmt::format("baselines[{}]", i), study_.baselines[i]);
    }
    const FinishOptions& finish = study_.finish;
    for (std::size_t i = 0; i < finish.baselines.size(); ++i) {
      check_pair(fmt::format("finish.baselines[{}]", i), finish.baselines[i]);
    }
    // A search alone: nothing is re-trained and no saving is stated.
    const bool finishes = !finish.baselines.empty() || finish.picks > 0 || study_.hardware.search;
    if (finishes && std::find(finish.baselines.begin(), finish.baselines.end(), finish.reference) ==
                        finish.baselines.end()) {
      add("finish.reference",
          fmt::format("{}/{} is not among finish.baselines", finish.reference.weights,
                      finish.reference.inputs),
          "the saving is stated against a plan that was re-trained and measured too");
    }
  }

  void check_mapper() {
    for (const Diagnostic& problem : chip::check(mapper_options(study_)))
      add("mapper." + problem.place, problem.reason, problem.hint);
  }

  void check_schedule() {
    if (study_.schedule != Schedule::fused) return;
    const Expected<chip::FusionMachine> machine = chip::make_fusion_machine(accelerator_);
    if (!machine) {
      for (const Diagnostic& problem : machine.error())
        add("schedule",
            fmt::format("fused groups cannot run on {}: {}", accelerator_.name(), problem.reason),
            problem.hint + "; another accelerator, or schedule: layer_by_layer");
    }
    if (!study_.hardware.include_auxiliary) {
      add("hardware.include_auxiliary",
          "false leaves out additions and poolings, which fused groups are made of",
          "true, or schedule: layer_by_layer");
    }
  }

  void check_hardware_search() {
    if (study_.hardware.search && uses_proxy(study_)) {
      add("hardware.search", "goes by accuracies, and accuracy.method: proxy measures none",
          "leave it out, or another accuracy.method");
    }
    for (Diagnostic& problem : study::check_hardware_search(study_, accelerator_))
      problems_.push_back(
          {origin_ + ": " + problem.place, std::move(problem.reason), std::move(problem.hint)});
  }

  void check_resilience() {
    const bool is_objective =
        std::ranges::count(study_.search.objectives, Objective::failure_rate) > 0;
    if (study_.resilience && !is_objective) {
      add("resilience", "has no effect: failure_rate is not among search.objectives",
          "add it there, or leave resilience out");
    }
    if (!study_.resilience || !is_objective) return;
    if (uses_proxy(study_)) {
      add("search.objectives",
          "has failure_rate, which flips bits of a trained network: accuracy.method: proxy has "
          "none",
          "another accuracy.method");
    }
    check_sites(study_.resilience->sites);
    if (study_.resilience->images > study_.accuracy.search_images) {
      add("resilience.images",
          fmt::format("{} are more than accuracy.search_images, {}", study_.resilience->images,
                      study_.accuracy.search_images),
          "they are some of these");
    }
  }

  void check_sites(const std::vector<train::fault::Site>& sites) {
    using train::fault::Site;
    if (sites.empty()) add("resilience.sites", "must list at least one site");
    if (std::set<Site>(sites.begin(), sites.end()).size() != sites.size())
      add("resilience.sites", "lists a site twice");
    for (const Site site : sites) {
      if (site == Site::weights || site == Site::activations) continue;
      add("resilience.sites", fmt::format("failures of {} are not predicted", enum_name(site)),
          "weights, activations; 'hwflow inject' measures all sites");
    }
  }

  void check_network() {
    if (network_.compute_nodes().empty()) {
      add("network", fmt::format("{} has no layer with weights", network_.name()));
    }
    for (const Diagnostic& problem : check_batch(network_, study_.hardware.batch)) {
      add("hardware.batch", problem.reason, problem.hint);
    }
    if (network_.outputs().size() > 1 && !uses_proxy(study_)) {
      add("network",
          fmt::format("{} has {} outputs; accuracy is that of one", network_.name(),
                      network_.outputs().size()),
          "leave in the file only the output that classifies");
    }
    const FeatureShape& input = network_.nodes().front().shape;
    const auto check_numbers = [&](const std::string& key, std::size_t count) {
      if (count != 0 && count != static_cast<std::size_t>(input.channels)) {
        add("data." + key, fmt::format("has {} numbers, but {} reads {} channels", count,
                                       network_.name(), input.channels));
      }
    };
    check_numbers("input_mean", study_.data.input_mean.size());
    check_numbers("input_std", study_.data.input_std.size());
    if (study_.data.input_mean.empty() != study_.data.input_std.empty()) {
      add("data.input_mean", "input_mean and input_std must be given together");
    }
  }

  const Study& study_;
  const Network& network_;
  const chip::Accelerator& accelerator_;
  const std::string& origin_;
  Diagnostics problems_;
};

}  // namespace

Diagnostics check(const Study& study, const Network& network, const chip::Accelerator& accelerator,
                  const std::string& origin) {
  return Check(study, network, accelerator, origin).run();
}

}  // namespace hwflow::study
