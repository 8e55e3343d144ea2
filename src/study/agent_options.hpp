#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "schema/field.hpp"
#include "train/agent/agent.hpp"

namespace hwflow::study {

/// What an agent sees beside the layer.
enum class AgentState : std::uint8_t { layers, hardware };
constexpr auto enum_names(AgentState) {
  return std::array{std::pair{std::string_view{"layers"}, AgentState::layers},
                    std::pair{std::string_view{"hardware"}, AgentState::hardware}};
}

/// How a plan is brought within its budget.
enum class BudgetRule : std::uint8_t { narrow, cap };
constexpr auto enum_names(BudgetRule) {
  return std::array{std::pair{std::string_view{"narrow"}, BudgetRule::narrow},
                    std::pair{std::string_view{"cap"}, BudgetRule::cap}};
}

/// What an agent is rewarded for.
enum class AgentReward : std::uint8_t { accuracy, error_log_cost };
constexpr auto enum_names(AgentReward) {
  return std::array{std::pair{std::string_view{"accuracy"}, AgentReward::accuracy},
                    std::pair{std::string_view{"error_log_cost"}, AgentReward::error_log_cost}};
}

/// A search by reinforcement learning, in the manner of HAQ and AMC: docs/search.md.
struct AgentOptions {
  int episodes = 600;
  AgentState state = AgentState::layers;
  BudgetRule budget_rule = BudgetRule::narrow;
  AgentReward reward = AgentReward::accuracy;
  train::DdpgOptions ddpg;
  bool operator==(const AgentOptions&) const = default;

  static constexpr auto fields() {
    using T = AgentOptions;
    return std::tuple{
        schema::field("episodes", &T::episodes, 1, 1'000'000,
                      "Plans that each agent makes at most. The search ends before when it has "
                      "evaluated as many distinct plans as nsga2 would. With search.levels these "
                      "have their own: generations."),
        schema::field(
            "state", &T::state,
            "What an agent sees. layers: shapes, and its last decision. hardware: and how "
            "much of energy, latency and DRAM traffic is the layer's, its utilisation, "
            "whether DRAM bounds it, what is spent and left of energy and latency, and what of "
            "the budget; "
            "of schedule: layer_by_layer."),
        schema::field("budget_rule", &T::budget_rule,
                      "narrow: a plan that is too dear is narrowed from its last layer on, as in "
                      "HAQ. cap: no decision may be so dear that the rest at its cheapest exceeds "
                      "the budget, as in AMC."),
        schema::field("reward", &T::reward,
                      "accuracy: a tenth of the points gained on the float network. "
                      "error_log_cost: minus the share of wrong images times the logarithm of the "
                      "budget's cost (in pJ, cycles, bits or MACs; of several costs the mean), as "
                      "AMC's without a hard "
                      "budget, which a share of 1 makes of it; AMC's cost is macs."),
        schema::field("ddpg", &T::ddpg, "How the agents learn.")};
  }
};

}  // namespace hwflow::study
