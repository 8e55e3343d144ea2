#include "study/agent_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "study/algorithms.hpp"
#include "study/layer_states.hpp"
#include "study/width_budget.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

/// How many when none are given.
constexpr int kBudgets = 4;

/// An agent, its budget, and the episode that it plays.
struct Player {
  Objective of = Objective::energy;
  double budget = 0.0;  ///< in the unit of that cost
  std::unique_ptr<train::Agent> agent;
  std::vector<train::AgentStep> steps;
  Genome genome;
};

class AgentSearch {
 public:
  AgentSearch(SearchLedger& ledger, const SearchOptions& search)
      : ledger_(ledger),
        search_(search),
        options_(search.agent),
        space_(ledger.space()),
        widths_(widths_of(space_)),
        states_(ledger.network(), space_) {}

  void run() && {
    ledger_.close_generation("uniform plans");
    ledger_.limit_evaluations(outlook_of(ledger_.study(), space_).total);
    const std::optional<train::AccuracyEstimate> real = ledger_.float_accuracy();
    if (!real) return ledger_.stop();
    reference_accuracy_ = real->top1();
    bool alive = make_players();
    for (int episode = 1; alive && episode <= options_.episodes && ledger_.evaluations_left() > 0;
         ++episode) {
      alive = play(episode);
    }
  }

 private:
  [[nodiscard]] static std::vector<LayerWidths> widths_of(const PlanSpace& space) {
    const std::vector<LayerWidths> all = space.layer_widths();
    std::vector<LayerWidths> free;
    for (const std::size_t layer : space.free_layers()) free.push_back(all[layer]);
    return free;
  }

  /// None: stopped, or a layer cannot be mapped.
  std::optional<double> cost(Objective of, const CompressionPlan& plan) {
    if (of == Objective::model_size) {
      return static_cast<double>(model_bits(ledger_.network(), plan));
    }
    const std::string text = to_text(plan);
    auto known = costs_.find(text);
    if (known == costs_.end()) {
      const std::optional<HardwareCost> priced = ledger_.price(plan);
      if (!priced) return std::nullopt;
      known = costs_.emplace(text, *priced).first;
    }
    return objective_value(of, {}, known->second);
  }

  /// What budgets of a cost are measured by; none: stopped, or a layer cannot be mapped.
  struct Range {
    double least = 0.0;      ///< of the narrowest plan
    double reference = 0.0;  ///< of finish.reference
  };
  std::optional<Range> range_of(Objective of) {
    const auto reference = cost(of, space_.uniform(ledger_.study().finish.reference));
    const auto least = cost(of, space_.decode(Genome(space_.genomes().largest.size(), 0)));
    if (!reference || !least) return std::nullopt;
    return Range{*least, *reference};
  }

  [[nodiscard]] Diagnostic too_tight(std::size_t i, const Range& range) const {
    const AgentBudget& budget = options_.budgets[i];
    const WidthPair& pair = ledger_.study().finish.reference;
    return {
        fmt::format("search.agent.budgets[{}].share", i),
        fmt::format("{} of the {} of uniform {}/{} is {:.6g}, but the narrowest plan costs {:.6g}",
                    budget.share, name(budget.of), pair.weights, pair.inputs,
                    budget.share * range.reference, range.least),
        fmt::format("{:.3f} or more", std::ceil(1000.0 * range.least / range.reference) / 1000.0),
        ProblemKind::infeasible};
  }

  /// Players without agents, one for each budget of the study. False: stopped, or problems.
  bool take_budgets() {
    Diagnostics problems;
    for (std::size_t i = 0; i < options_.budgets.size(); ++i) {
      const AgentBudget& budget = options_.budgets[i];
      const std::optional<Range> range = range_of(budget.of);
      if (!range) return false;
      players_.push_back({budget.of, budget.share * range->reference, {}, {}, {}});
      if (players_.back().budget < range->least) problems.push_back(too_tight(i, *range));
    }
    if (!problems.empty()) ledger_.fail(std::move(problems));
    return ledger_.alive();
  }

  /// The same of a study that names none.
  bool spread_budgets() {
    const Objective of = *std::ranges::find_if(
        search_.objectives, [](Objective o) { return o != Objective::accuracy; });
    const std::optional<Range> range = range_of(of);
    if (!range) return false;
    const double step = std::max(0.0, range->reference - range->least) / (kBudgets + 1);
    for (int i = 1; i <= kBudgets; ++i) {
      players_.push_back({of, range->least + i * step, {}, {}, {}});
    }
    return true;
  }

  bool make_players() {
    if (!(options_.budgets.empty() ? spread_budgets() : take_budgets())) return false;
    const train::AgentShape shape{.state_features = static_cast<int>(LayerStates::kFeatures),
                                  .actions = 1,
                                  .layers = static_cast<int>(states_.layers())};
    for (std::size_t i = 0; i < players_.size(); ++i) {
      const std::uint64_t seed = Rng::derive(search_.seed, i)();
      players_[i].agent = ledger_.setting().make_agent(options_.ddpg, shape, seed);
    }
    return true;
  }

  /// Two decisions for every layer, weights before inputs.
  void choose_widths(Player& player) const {
    player.steps.clear();
    player.genome.clear();
    int last_width = 0;
    for (std::size_t layer = 0; layer < states_.layers(); ++layer) {
      for (const bool weights : {true, false}) {
        const std::vector<int>& widths = weights ? widths_[layer].weights : widths_[layer].inputs;
        std::vector<double> state = states_.state(layer, weights, last_width);
        std::vector<double> action = player.agent->act(state);
        const int gene = width_of_action(action.front(), widths);
        last_width = widths[static_cast<std::size_t>(gene)];
        player.genome.push_back(gene);
        player.steps.push_back({std::move(state), std::move(action)});
      }
    }
  }

  bool narrow(Player& player) {
    const bool weights_only = player.of == Objective::model_size;
    std::optional<Genome> narrowed =
        narrow_to_budget(player.genome, narrowing_order(player.genome, weights_only),
                         [&](const Genome& genome) -> std::optional<bool> {
                           const auto value = cost(player.of, space_.decode(genome));
                           if (!value) return std::nullopt;
                           return *value <= player.budget;
                         });
    if (!narrowed) return false;
    player.genome = std::move(*narrowed);
    return true;
  }

  /// The agents' plans as far as the evaluations that are left go.
  [[nodiscard]] std::vector<CompressionPlan> plans_to_measure() const {
    std::vector<CompressionPlan> plans;
    std::set<std::string> fresh;
    for (const Player& player : players_) {
      CompressionPlan plan = space_.decode(player.genome);
      const bool is_new = !ledger_.accuracy(plan) && !fresh.contains(to_text(plan));
      const auto count = static_cast<std::int64_t>(fresh.size());
      if (is_new && count >= ledger_.evaluations_left()) continue;
      if (is_new) fresh.insert(to_text(plan));
      plans.push_back(std::move(plan));
    }
    return plans;
  }

  /// One episode of every agent; false when stopped or when a layer cannot be mapped.
  bool play(int episode) {
    if (ledger_.stop_token().stop_requested()) {
      ledger_.stop();
      return false;
    }
    parallel_for(players_.size(), ledger_.setting().threads,
                 [&](std::size_t i) { choose_widths(players_[i]); });
    for (Player& player : players_) {
      if (!narrow(player)) return false;
    }
    if (!ledger_.measure(plans_to_measure(), Origin::agent)) return false;
    parallel_for(players_.size(), ledger_.setting().threads,
                 [&](std::size_t i) { learn(players_[i]); });
    ledger_.close_generation(fmt::format("episode {} of at most {}", episode, options_.episodes));
    return true;
  }

  /// Reward: a tenth of the points of accuracy gained on the float network.
  void learn(Player& player) const {
    const auto accuracy = ledger_.accuracy(space_.decode(player.genome));
    if (!accuracy) return;  // beyond the last evaluation
    const double points = 100.0 * (accuracy->top1() - reference_accuracy_);
    player.agent->finish_episode(player.steps, 0.1 * points);
  }

  SearchLedger& ledger_;
  const SearchOptions& search_;
  const AgentOptions& options_;
  const PlanSpace& space_;
  std::vector<LayerWidths> widths_;  ///< as space_.free_layers()
  LayerStates states_;
  double reference_accuracy_ = 0.0;
  std::map<std::string, HardwareCost> costs_;  ///< by the text of the plan
  std::vector<Player> players_;
};

}  // namespace

void run_agent(SearchLedger& ledger, const SearchOptions& options) {
  AgentSearch(ledger, options).run();
}

}  // namespace hwflow::study
