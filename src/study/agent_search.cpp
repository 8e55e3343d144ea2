#include "study/agent_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "study/algorithms.hpp"
#include "study/budget_rules.hpp"
#include "study/decision_states.hpp"
#include "study/plan_prices.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

/// Numbers that AgentState::hardware has beside those of DecisionStates.
constexpr std::size_t kOutlook = 5;

/// An agent, its budget, and the episode that it plays.
struct Player {
  Limits limits;
  train::Agent* agent = nullptr;
  std::vector<train::AgentStep> steps;
  Genome genome;
  double log_cost = 0.0;  ///< of that genome: see AgentReward::error_log_cost
};

class AgentSearch {
 public:
  AgentSearch(SearchLedger& ledger, const SearchOptions& search, Agents& agents)
      : ledger_(ledger),
        search_(search),
        options_(search.agent),
        space_(ledger.space()),
        agents_(agents),
        prices_(ledger) {}

  void run() && {
    ledger_.close_generation(level_prefix(ledger_, search_) + "uniform plans");
    ledger_.limit_evaluations(outlook_of(ledger_.study(), space_).total);
    const std::optional<train::AccuracyEstimate> real = ledger_.float_accuracy();
    if (!real) return ledger_.stop();
    reference_accuracy_ = real->top1();
    episodes_ = search_.levels.empty() ? options_.episodes : search_.generations;
    bool alive = make_players() && look_at_layers();
    if (alive) give_agents();
    for (int episode = 1; alive && episode <= episodes_ && ledger_.evaluations_left() > 0;
         ++episode) {
      alive = play(episode);
    }
  }

 private:
  /// Players without agents, one for each budget. False: stopped, or problems.
  bool make_players() {
    const auto budgets = prices_.budgets();
    if (!budgets) return false;
    for (const Limits& limits : *budgets) players_.push_back({limits, {}, {}, {}, {}});
    return true;
  }

  /// What every decision's layer is like. False: stopped, or a layer cannot be mapped.
  bool look_at_layers() {
    const CompressionPlan reference = space_.uniform(ledger_.study().finish.reference);
    const std::optional<HardwareCost> widest = prices_.price(reference);
    if (!widest) return false;
    reference_cost_ = *widest;
    if (options_.state == AgentState::hardware) loads_ = ledger_.layer_loads(reference);
    states_.emplace(ledger_.network(), decisions_of(space_, ledger_.network()),
                    search_.channels.has_value(), loads_);
    return true;
  }

  /// New agents, or those of the level before.
  void give_agents() {
    const std::size_t outlook = options_.state == AgentState::hardware ? kOutlook : 0;
    const train::AgentShape shape{.state_features = static_cast<int>(states_->features() + outlook),
                                  .actions = 1,
                                  .layers = static_cast<int>(distinct_layers())};
    for (std::size_t i = agents_.size(); i < players_.size(); ++i) {
      const std::uint64_t seed = Rng::derive(search_.seed, i)();
      agents_.push_back(ledger_.setting().make_agent(options_.ddpg, shape, seed));
    }
    for (std::size_t i = 0; i < players_.size(); ++i) players_[i].agent = agents_[i].get();
  }

  [[nodiscard]] std::size_t distinct_layers() const {
    std::set<std::size_t> layers;
    for (const Decision& decision : states_->decisions()) layers.insert(decision.layer);
    return std::max<std::size_t>(1, layers.size());
  }

  /// Of AgentState::hardware, before decision `next`: the shares of the reference's energy and
  /// latency that a plan has which keeps its greatest values from here on; those of the layers
  /// behind this one; and how much of the budget is left when the rest is at its cheapest, as a
  /// share of it, of its tightest limit. None: stopped, or a layer cannot be mapped.
  std::optional<std::vector<double>> outlook(const Player& player, std::size_t next) {
    const std::vector<Decision>& decisions = states_->decisions();
    Genome widest = player.genome;
    for (std::size_t i = next; i < decisions.size(); ++i)
      widest[decisions[i].gene] = static_cast<int>(decisions[i].values.size()) - 1;
    const std::optional<HardwareCost> so_far = prices_.price(space_.decode(widest));
    const std::optional<double> left = left_of(player);
    if (!so_far || !left) return std::nullopt;
    double energy = 0.0, cycles = 0.0;
    for (std::size_t layer = decisions[next].layer + 1; layer < loads_.size(); ++layer) {
      energy += loads_[layer].energy;
      cycles += loads_[layer].cycles;
    }
    return std::vector{
        share_of(so_far->energy_pj, reference_cost_.energy_pj),
        share_of(static_cast<double>(so_far->cycles), static_cast<double>(reference_cost_.cycles)),
        energy, cycles, *left};
  }

  /// How much of the tightest limit the player's genome leaves, as a share of it.
  std::optional<double> left_of(const Player& player) {
    double left = 1.0;
    for (const Limit& limit : player.limits) {
      const auto cost = prices_.cost(limit.of, space_.decode(player.genome));
      if (!cost) return std::nullopt;
      left = std::min(left, std::clamp(share_of(limit.most - *cost, limit.most), -1.0, 1.0));
    }
    return left;
  }

  /// The mean of the logarithms of the costs that the player's budget is of.
  std::optional<double> log_cost_of(const Player& player) {
    double sum = 0.0;
    for (const Limit& limit : player.limits) {
      const auto cost = prices_.cost(limit.of, space_.decode(player.genome));
      if (!cost) return std::nullopt;
      sum += std::log(std::max(1.0, *cost));
    }
    return sum / static_cast<double>(player.limits.size());
  }

  /// One decision after the other. False: stopped, or a layer cannot be mapped.
  bool decide(Player& player) {
    player.steps.clear();
    player.genome.assign(space_.genomes().largest.size(), 0);
    double last_share = 1.0;
    for (std::size_t i = 0; i < states_->decisions().size(); ++i) {
      const Decision& decision = states_->decisions()[i];
      std::vector<double> state = states_->state(i, last_share);
      if (options_.state == AgentState::hardware) {
        const std::optional<std::vector<double>> more = outlook(player, i);
        if (!more) return false;
        state.insert(state.end(), more->begin(), more->end());
      }
      std::vector<double> action = player.agent->act(state);
      int& value = player.genome[decision.gene];
      value = gene_of_action(action.front(), decision);
      if (options_.budget_rule == BudgetRule::cap) {
        const auto capped =
            cap_to_budget(player.genome, decision.gene, prices_.within(player.limits));
        if (!capped) return false;
        value = *capped;
      }
      last_share = static_cast<double>(decision.values[static_cast<std::size_t>(value)]) /
                   static_cast<double>(decision.full);
      player.steps.push_back({std::move(state), std::move(action)});
    }
    return true;
  }

  bool narrow(Player& player) {
    std::vector<std::size_t> genes;
    for (const Decision& decision : states_->decisions()) {
      if (may_change(player.limits, decision.kind)) genes.push_back(decision.gene);
    }
    std::optional<Genome> narrowed = narrow_to_budget(
        player.genome, narrowing_order(player.genome, genes), prices_.within(player.limits));
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
    for (Player& player : players_) {
      if (!decide(player) || !narrow(player)) return false;
      const std::optional<double> log_cost = log_cost_of(player);
      if (!log_cost) return false;
      player.log_cost = *log_cost;
    }
    if (!ledger_.measure(plans_to_measure(), Origin::agent)) return false;
    parallel_for(players_.size(), ledger_.setting().threads,
                 [&](std::size_t i) { learn(players_[i]); });
    ledger_.close_generation(fmt::format("{}episode {} of at most {}",
                                         level_prefix(ledger_, search_), episode, episodes_));
    return true;
  }

  void learn(Player& player) const {
    const CompressionPlan plan = space_.decode(player.genome);
    const auto accuracy = ledger_.accuracy(plan);
    if (!accuracy) return;  // beyond the last evaluation
    player.agent->finish_episode(player.steps, reward(player, accuracy->top1()));
  }

  [[nodiscard]] double reward(const Player& player, double top1) const {
    if (options_.reward == AgentReward::accuracy) return 10.0 * (top1 - reference_accuracy_);
    return -(1.0 - top1) * player.log_cost;
  }

  SearchLedger& ledger_;
  const SearchOptions& search_;
  const AgentOptions& options_;
  const PlanSpace& space_;
  Agents& agents_;
  PlanPrices prices_;
  int episodes_ = 0;
  std::optional<DecisionStates> states_;
  std::vector<LayerLoad> loads_;  ///< of finish.reference, for AgentState::hardware
  HardwareCost reference_cost_;
  double reference_accuracy_ = 0.0;
  std::vector<Player> players_;
};

}  // namespace

void run_agent(SearchLedger& ledger, const SearchOptions& options, Agents& agents) {
  AgentSearch(ledger, options, agents).run();
}

}  // namespace hwflow::study
