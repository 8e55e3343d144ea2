#include "study/agent_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "study/layer_states.hpp"
#include "study/plan_evaluator.hpp"
#include "study/plan_space.hpp"
#include "study/search_record.hpp"
#include "study/sensitivity.hpp"
#include "study/width_budget.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

/// Budgets when none are given.
constexpr int kBudgets = 4;

/// The uniform plans that a search starts with.
std::vector<Genome> uniform_plans(const Study& study, const PlanSpace& space) {
  std::vector<WidthPair> pairs = study.baselines.empty() ? space.width_pairs() : study.baselines;
  pairs.insert(pairs.end(), study.finish.baselines.begin(), study.finish.baselines.end());
  pairs.insert(pairs.begin(), {space.weight_bits().back(), space.input_bits().back()});
  std::vector<Genome> plans;
  for (const WidthPair& pair : pairs) plans.push_back(space.uniform(pair));
  return plans;
}

/// An agent, its budget, and the episode that it plays.
struct Player {
  double budget = 0.0;
  std::unique_ptr<train::Agent> agent;
  std::vector<train::AgentStep> steps;
  Genome genome;
};

class AgentSearch {
 public:
  AgentSearch(const AgentTask& task, HardwareModel& hardware, train::AccuracyModel& accuracy,
              RunStore& store, const SearchSetting& setting)
      : task_(task),
        setting_(setting),
        hardware_(hardware),
        accuracy_(accuracy),
        store_(store),
        space_(task.study.search, hardware.network()),
        states_(hardware.network(), space_),
        evaluator_(hardware, accuracy, store, setting.threads, setting.progress, setting.stop),
        record_(task.study.search, space_, evaluator_),
        uniform_(uniform_plans(task.study, space_)) {
    if (setting.only_known) evaluator_.use_only_the_store();
  }

  Expected<SearchResult> run() && {
    evaluator_.set_total(task_.evaluations);
    evaluator_.set_note("uniform plans, then episodes");
    bool alive = record_.measure(uniform_, Origin::uniform, 0) && find_reference();
    if (alive) record_.summarise(0);
    alive = alive && make_players();
    for (int episode = 1; alive && episode <= task_.options.episodes && is_unfinished();
         ++episode) {
      alive = play(episode);
    }
    if (!record_.problems().empty()) return Unexpected{record_.problems()};
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    SearchResult result = std::move(record_).finish(uniform_);
    result.mapping_seconds += mapping_seconds_;
    return result;
  }

 private:
  [[nodiscard]] bool is_unfinished() const { return record_.evaluations() < task_.evaluations; }

  /// The float network's accuracy, which rewards are counted from; codesign knows it by this name.
  bool find_reference() {
    const auto known =
        find_or_measure(store_, accuracy_.key(), "float, search split", !setting_.only_known,
                        [this] { return accuracy_.float_search_accuracy(); });
    if (!known) {
      record_.set_stopped();
      return false;
    }
    reference_accuracy_ = known->top1();
    return true;
  }

  /// Of the objective that budgets are of. None: stopped, or a layer cannot be mapped.
  std::optional<double> cost(const Genome& genome) {
    if (const auto known = costs_.find(genome); known != costs_.end()) return known->second;
    const PrecisionPlan plan = space_.decode(genome);
    HardwareCost hardware;
    if (task_.options.budget_objective == Objective::model_size) {
      hardware.model_bits = model_bits(hardware_.network(), plan);
    } else {
      const auto start = std::chrono::steady_clock::now();
      problems_ = hardware_.prepare(std::span(&plan, 1), setting_.threads, setting_.stop);
      mapping_seconds_ +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (!problems_.empty()) return std::nullopt;
      if (setting_.stop.stop_requested()) {
        record_.set_stopped();
        return std::nullopt;
      }
      hardware = hardware_.cost(plan);
    }
    const double value = objective_value(task_.options.budget_objective, {}, hardware);
    costs_.emplace(genome, value);
    return value;
  }

  /// Budgets in the unit of the objective; none with problems_, or stopped.
  std::optional<std::vector<double>> make_budgets() {
    const WidthPair& pair = task_.study.finish.reference;
    const std::optional<double> reference = cost(space_.uniform(pair));
    const std::optional<double> least = cost(Genome(space_.genomes().largest.size(), 0));
    if (!reference || !least) return std::nullopt;
    std::vector<double> budgets;
    const std::vector<double>& shares = task_.options.budgets;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      budgets.push_back(shares[i] * *reference);
      if (budgets.back() >= *least) continue;
      problems_.push_back(
          {fmt::format("search.agent.budgets[{}]", i),
           fmt::format(
               "{} of the {} of uniform {}/{} is {:.6g}, but the narrowest plan costs {:.6g}",
               shares[i], name(task_.options.budget_objective), pair.weights, pair.inputs,
               budgets.back(), *least),
           fmt::format("{:.3f} or more", std::ceil(1000.0 * *least / *reference) / 1000.0),
           ProblemKind::infeasible});
    }
    if (!problems_.empty()) return std::nullopt;
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
      const std::uint64_t seed = Rng::derive(task_.study.search.seed, i)();
      players_.push_back(
          {(*budgets)[i], task_.make_agent(task_.options.ddpg, shape, seed), {}, {}});
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
        const std::vector<int>& widths = weights ? space_.weight_bits() : space_.input_bits();
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
    const bool weights_only = task_.options.budget_objective == Objective::model_size;
    std::optional<Genome> narrowed =
        narrow_to_budget(player.genome, narrowing_order(player.genome, weights_only),
                         [&](const Genome& genome) -> std::optional<bool> {
                           const std::optional<double> value = cost(genome);
                           if (!value) return std::nullopt;
                           return *value <= player.budget;
                         });
    if (!narrowed) return false;
    player.genome = std::move(*narrowed);
    return true;
  }

  /// The agents' plans as far as the evaluations that are left go.
  [[nodiscard]] std::vector<Genome> plans_to_measure() const {
    std::vector<Genome> plans;
    std::set<Genome> fresh;
    for (const Player& player : players_) {
      const bool is_new = !record_.knows(player.genome) && !fresh.contains(player.genome);
      const auto after = record_.evaluations() + static_cast<std::int64_t>(fresh.size());
      if (is_new && after >= task_.evaluations) continue;
      if (is_new) fresh.insert(player.genome);
      plans.push_back(player.genome);
    }
    return plans;
  }

  /// One episode of every agent; false when stopped or when a layer cannot be mapped.
  bool play(int episode) {
    if (setting_.stop.stop_requested()) {
      record_.set_stopped();
      return false;
    }
    parallel_for(players_.size(), setting_.threads,
                 [&](std::size_t i) { choose_widths(players_[i]); });
    for (Player& player : players_) {
      if (!narrow(player)) return false;
    }
    if (!record_.measure(plans_to_measure(), Origin::agent, episode)) return false;
    parallel_for(players_.size(), setting_.threads, [&](std::size_t i) { learn(players_[i]); });
    const GenerationSummary& summary = record_.summarise(episode);
    evaluator_.set_note(fmt::format("episode {} of at most {}, front {}, hypervolume {:.4f}",
                                    episode, task_.options.episodes, summary.front_size,
                                    summary.hypervolume));
    return true;
  }

  /// Reward: a tenth of the points of accuracy gained on the float network.
  void learn(Player& player) const {
    if (!record_.knows(player.genome)) return;  // beyond the last evaluation
    const double points = 100.0 * (record_.accuracy(player.genome).top1() - reference_accuracy_);
    player.agent->finish_episode(player.steps, 0.1 * points);
  }

  const AgentTask& task_;
  const SearchSetting& setting_;
  HardwareModel& hardware_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  PlanSpace space_;
  LayerStates states_;
  PlanEvaluator evaluator_;
  SearchRecord record_;
  std::vector<Genome> uniform_;
  double reference_accuracy_ = 0.0;
  std::map<Genome, double> costs_;
  double mapping_seconds_ = 0.0;
  std::vector<Player> players_;
  Diagnostics problems_;
};

}  // namespace

std::int64_t nsga2_evaluations(const Study& study, const Network& network) {
  const PlanSpace space(study.search, network);
  const std::vector<Genome> plans = uniform_plans(study, space);
  auto seeds = static_cast<std::int64_t>(std::set<Genome>(plans.begin(), plans.end()).size());
  const auto steps = static_cast<std::int64_t>(single_steps(space.genomes()).size());
  if (study.search.sensitivity_seeds && steps > 0) seeds += steps + study.search.population / 2;
  return std::max<std::int64_t>(seeds, study.search.population) +
         static_cast<std::int64_t>(study.search.population) * study.search.generations;
}

Expected<SearchResult> run_agent(const AgentTask& task, HardwareModel& hardware,
                                 train::AccuracyModel& accuracy, RunStore& store,
                                 const SearchSetting& setting) {
  if (task.options.budget_objective == Objective::accuracy) {
    return Unexpected{Diagnostics{{"search.agent.budget_objective", "must be a cost, got accuracy",
                                   "energy, latency, dram or model_size"}}};
  }
  return AgentSearch(task, hardware, accuracy, store, setting).run();
}

}  // namespace hwflow::study
