#pragma once

#include <cstdint>

#include "study/agent_options.hpp"
#include "study/hardware_model.hpp"
#include "study/run_store.hpp"
#include "study/search.hpp"
#include "study/study.hpp"
#include "train/agent/agent.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// What a search by agents is asked to do.
struct AgentTask {
  const Study& study;  ///< of its search: objectives, widths, pinned layers, seed
  AgentOptions options;
  std::int64_t evaluations = 0;  ///< distinct plans at most, the uniform ones included
  train::MakeAgent make_agent;   ///< train::make_ddpg_agent, or a stand-in for tests
};

/// Distinct plans that NSGA-II would evaluate at most: its seeds, then population x generations.
[[nodiscard]] std::int64_t nsga2_evaluations(const Study& study, const Network& network);

/// Agents that choose the widths of one layer after another, a budget each (docs/search.md).
///
/// Generation 0 holds the uniform baselines. Then episodes: in generation g every agent makes its
/// g-th plan, narrowed to its budget; the plans are measured side by side; the agents learn. Ends
/// with task.evaluations, with options.episodes, or with a stop. Depends on the task and the
/// models and nothing else: the same for any number of threads, and for a run that was killed and
/// started again, whose episodes are played again with accuracies from the store.
/// Errors  a layer that cannot be mapped; budgets that the narrowest plan exceeds, each by its
///         place in the study file, with the least share that can be met.
[[nodiscard]] Expected<SearchResult> run_agent(const AgentTask& task, HardwareModel& hardware,
                                               train::AccuracyModel& accuracy, RunStore& store,
                                               const SearchSetting& setting);

}  // namespace hwflow::study
