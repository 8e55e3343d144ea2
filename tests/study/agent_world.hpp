#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "study/agent_search.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {

/// Does what it is told and writes down what it is taught.
class ScriptedAgent final : public train::Agent {
 public:
  struct Lesson {
    std::vector<train::AgentStep> steps;
    double reward;
  };
  using Script = std::function<double(int episode, std::size_t step)>;
  ScriptedAgent(Script script, std::vector<Lesson>& lessons)
      : script_(std::move(script)), lessons_(lessons) {}

  std::vector<double> act(std::span<const double>) override { return {script_(episode_, step_++)}; }
  void finish_episode(std::span<const train::AgentStep> steps, double reward) override {
    lessons_.push_back({{steps.begin(), steps.end()}, reward});
    ++episode_;
    step_ = 0;
  }

 private:
  Script script_;
  std::vector<Lesson>& lessons_;
  int episode_ = 0;
  std::size_t step_ = 0;
};

/// What a search by agents is asked to do.
struct AgentTask {
  AgentOptions options;
  std::vector<CostBudget> budgets;
  std::int64_t evaluations = 80;
  train::MakeAgent make_agent = train::make_ddpg_agent;
};

inline Expected<SearchResult> search(Study study, const AgentTask& task, HardwareModel& hardware,
                                     train::AccuracyModel& accuracy, RunStore& store,
                                     SearchSetting setting = {}) {
  study.search.algorithm = Algorithm::agent;
  study.search.agent = task.options;
  study.search.budgets = task.budgets;
  study.search.evaluations = task.evaluations;
  setting.make_agent = task.make_agent;
  return search_plans(study, hardware, accuracy, store, setting);
}

class AgentSearchTest : public testing::Test {
 protected:
  /// Agents of 16 hidden units that learn from their fifth episode on.
  [[nodiscard]] AgentTask task() const {
    AgentTask task;
    task.options.ddpg.hidden_units = 16;
    task.options.ddpg.warmup_episodes = 4;
    task.options.ddpg.batch_size = 16;
    return task;
  }
  [[nodiscard]] AgentTask scripted(ScriptedAgent::Script script) {
    AgentTask task;
    task.make_agent = [this, script](const auto&, const auto&, std::uint64_t) {
      return std::make_unique<ScriptedAgent>(script, lessons_);
    };
    task.budgets = {{Objective::model_size, 0.5}};
    task.options.episodes = 1;
    return task;
  }
  Expected<SearchResult> try_run(const AgentTask& task, RunStore& store, FakeAccuracyModel& model,
                                 const SearchSetting& setting = {}) {
    LayerByLayerModel hardware(small_network(), small_accelerator(), HardwareOptions{},
                               map_by_formula);
    return search(study_, task, hardware, model, store, setting);
  }
  SearchResult fresh(const AgentTask& task, int threads = 1) {
    FakeAccuracyModel model;
    const auto store = new_store();
    SearchSetting setting;
    setting.threads = threads;
    return try_run(task, *store, model, setting).value();
  }
  std::unique_ptr<RunStore> new_store() {
    return open_store(folder_.path() / ("store" + std::to_string(++stores_)));
  }

  TemporaryFolder folder_;
  int stores_ = 0;
  Study study_ = small_study();
  std::vector<ScriptedAgent::Lesson> lessons_;
};

inline void expect_same(const SearchResult& a, const SearchResult& b) {
  ASSERT_EQ(a.evaluated.size(), b.evaluated.size());
  for (std::size_t i = 0; i < a.evaluated.size(); ++i) {
    ASSERT_EQ(a.evaluated[i].plan, b.evaluated[i].plan) << i;
    ASSERT_EQ(a.evaluated[i].generation, b.evaluated[i].generation) << i;
    ASSERT_EQ(a.evaluated[i].objectives, b.evaluated[i].objectives) << i;
  }
  EXPECT_EQ(a.front, b.front);
  ASSERT_EQ(a.generations.size(), b.generations.size());
  for (std::size_t i = 0; i < a.generations.size(); ++i) {
    EXPECT_EQ(a.generations[i].hypervolume, b.generations[i].hypervolume);
  }
}

inline const EvaluatedPlan& last_plan(const SearchResult& result) {
  return result.evaluated.back();
}

}  // namespace hwflow::study
