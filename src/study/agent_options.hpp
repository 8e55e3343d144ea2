#pragma once

#include <tuple>
#include <vector>

#include "schema/field.hpp"
#include "study/codesign_result.hpp"
#include "train/agent/agent.hpp"

namespace hwflow::study {

/// What the plans of one agent may cost.
struct AgentBudget {
  Objective of = Objective::energy;
  double share = 0.0;
  bool operator==(const AgentBudget&) const = default;

  static constexpr auto fields() {
    using T = AgentBudget;
    return std::tuple{
        schema::required("of", &T::of, "A cost: energy, latency, dram or model_size."),
        schema::required("share", &T::share, schema::above(0),
                         "What a plan may cost, as a share of the cost of "
                         "finish.reference.")};
  }
};

/// A search by reinforcement learning, in the manner of HAQ: docs/search.md.
struct AgentOptions {
  std::vector<AgentBudget> budgets;
  int episodes = 600;
  train::DdpgOptions ddpg;
  bool operator==(const AgentOptions&) const = default;

  static constexpr auto fields() {
    using T = AgentOptions;
    return std::tuple{
        schema::field("budgets", &T::budgets,
                      "An agent learns for each, {of: latency, share: 0.6}; they play side by side "
                      "and share search.evaluations. Empty: four of the first cost of "
                      "search.objectives, evenly spaced between the narrowest plan and "
                      "finish.reference."),
        schema::field("episodes", &T::episodes, 1, 1'000'000,
                      "Plans that each agent makes at most. The search ends before when it has "
                      "evaluated as many distinct plans as nsga2 would."),
        schema::field("ddpg", &T::ddpg, "How the agents learn.")};
  }
};

}  // namespace hwflow::study
