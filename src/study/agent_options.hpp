#pragma once

#include <tuple>
#include <vector>

#include "schema/field.hpp"
#include "study/codesign_result.hpp"
#include "train/agent/agent.hpp"

namespace hwflow::study {

/// A search by reinforcement learning, in the manner of HAQ: docs/search.md.
struct AgentOptions {
  Objective budget_objective = Objective::energy;
  std::vector<double> budgets;
  int episodes = 600;
  train::DdpgOptions ddpg;
  bool operator==(const AgentOptions&) const = default;

  static constexpr auto fields() {
    using T = AgentOptions;
    return std::tuple{
        schema::field("budget_objective", &T::budget_objective,
                      "The cost that budgets are of: energy, latency, dram or model_size."),
        schema::field("budgets", &T::budgets, schema::above(0),
                      "What plans may cost, as shares of the cost of finish.reference; an agent "
                      "learns for each. Empty: four, evenly spaced between the narrowest plan and "
                      "the reference."),
        schema::field("episodes", &T::episodes, 1, 1'000'000,
                      "Plans that each agent makes at most. The search ends before when it has "
                      "evaluated as many distinct plans as nsga2 would."),
        schema::field("ddpg", &T::ddpg, "How the agents learn.")};
  }
};

}  // namespace hwflow::study
