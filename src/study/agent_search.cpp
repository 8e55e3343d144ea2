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

/// Budgets when none are given.
constexpr int kBudgets = 4;

/// An agent, its budget, and the episode that it plays.
struct Player {
  double budget = 0.0;
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

  /// Of the objective that budgets are of. None: stopped, or a layer cannot be mapped.
  std::optional<double> cost(const PrecisionPlan& plan) {
    std::string text = to_text(plan);
    if (const auto known = costs_.find(text); known != costs_.end()) return known->second;
    HardwareCost hardware;
    if (options_.budget_objective == Objective::model_size) {
      hardware.model_bits = model_bits(ledger_.network(), plan);
    } else {
      const std::optional<HardwareCost> priced = ledger_.price(plan);
      if (!priced) return std::nullopt;
      hardware = *priced;
    }
    const double value = objective_value(options_.budget_objective, {}, hardware);
    costs_.emplace(std::move(text), value);
    return value;
  }

  /// Budgets in the unit of the objective; none with problems_, or stopped.
  std::optional<std::vector<double>> make_budgets() {
    const WidthPair& pair = ledger_.study().finish.reference;
    const std::optional<double> reference = cost(space_.uniform(pair));
    const std::optional<double> least =
        cost(space_.decode(Genome(space_.genomes().largest.size(), 0)));
    if (!reference || !least) return std::nullopt;
    std::vector<double> budgets;
    Diagnostics problems;
    const std::vector<double>& shares = options_.budgets;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      budgets.push_back(shares[i] * *reference);
      if (budgets.back() >= *least) continue;
      problems.push_back(
          {fmt::format("search.agent.budgets[{}]", i),
           fmt::format(
               "{} of the {} of uniform {}/{} is {:.6g}, but the narrowest plan costs {:.6g}",
               shares[i], name(options_.budget_objective), pair.weights, pair.inputs,
               budgets.back(), *least),
           fmt::format("{:.3f} or more", std::ceil(1000.0 * *least / *reference) / 1000.0),
           ProblemKind::infeasible});
    }
    if (!problems.empty()) {
      ledger_.fail(std::move(problems));
      return std::nullopt;
    }
    for (int i = 1; shares.empty() && i <= kBudgets; ++i) {
      budgets.push_back(*least + i * std::max(0.0, *reference - *least) / (kBudgets + 1));
    }
    return budgets;
  }

  bool make_players() {
    const std::optional<std::vector<double>> budgets = make_budgets();
    if (!budgets) return false;
    const train::AgentShape shape{.state_features = static_cast<int>(LayerStates::kFeatures),
                                  .actions = 1,
                                  .layers = static_cast<int>(states_.layers())};
    for (std::size_t i = 0; i < budgets->size(); ++i) {
      const std::uint64_t seed = Rng::derive(search_.seed, i)();
      players_.push_back(
          {(*budgets)[i], ledger_.setting().make_agent(options_.ddpg, shape, seed), {}, {}});
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
    const bool weights_only = options_.budget_objective == Objective::model_size;
    std::optional<Genome> narrowed =
        narrow_to_budget(player.genome, narrowing_order(player.genome, weights_only),
                         [&](const Genome& genome) -> std::optional<bool> {
                           const std::optional<double> value = cost(space_.decode(genome));
                           if (!value) return std::nullopt;
                           return *value <= player.budget;
                         });
    if (!narrowed) return false;
    player.genome = std::move(*narrowed);
    return true;
  }

  /// The agents' plans as far as the evaluations that are left go.
  [[nodiscard]] std::vector<PrecisionPlan> plans_to_measure() const {
    std::vector<PrecisionPlan> plans;
    std::set<std::string> fresh;
    for (const Player& player : players_) {
      PrecisionPlan plan = space_.decode(player.genome);
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
  std::map<std::string, double> costs_;
  std::vector<Player> players_;
};

}  // namespace

void run_agent(SearchLedger& ledger, const SearchOptions& options) {
  AgentSearch(ledger, options).run();
}

}  // namespace hwflow::study
