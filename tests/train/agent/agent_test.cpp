#include "train/agent/agent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"

namespace hwflow::train {
namespace {

/// Widths 2..8 for ten layers, each with a best one of its own; the reward is 0 where all are met
/// and falls by the square of every miss. Nothing is better, so 0 is the optimum of all 7^10.
struct WidthGame {
  static constexpr int kLayers = 10;
  std::vector<int> best;

  explicit WidthGame(std::uint64_t seed) {
    Rng rng(seed);
    for (int i = 0; i < kLayers; ++i) best.push_back(static_cast<int>(rng.between(2, 8)));
  }
  [[nodiscard]] static int width_of(double action) {
    return std::clamp(static_cast<int>(std::nearbyint(7.0 * action + 1.5)), 2, 8);
  }
  [[nodiscard]] double reward(const std::vector<int>& widths) const {
    double misses = 0.0;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      misses += static_cast<double>((widths[i] - best[i]) * (widths[i] - best[i]));
    }
    return -misses / (kLayers * 3.6);
  }
};

std::vector<double> state_of(std::size_t layer) {
  std::vector<double> state(WidthGame::kLayers, 0.0);
  state[layer] = 1.0;
  return state;
}

std::unique_ptr<Agent> small_agent(std::uint64_t seed) {
  DdpgOptions options;
  options.hidden_units = 64;
  return make_ddpg_agent(
      options, {.state_features = WidthGame::kLayers, .actions = 1, .layers = WidthGame::kLayers},
      seed);
}

std::vector<double> play(const WidthGame& game, Agent& agent, int episodes) {
  std::vector<double> rewards;
  for (int episode = 0; episode < episodes; ++episode) {
    std::vector<AgentStep> steps;
    std::vector<int> widths;
    for (std::size_t layer = 0; layer < WidthGame::kLayers; ++layer) {
      steps.push_back({state_of(layer), agent.act(state_of(layer))});
      widths.push_back(WidthGame::width_of(steps.back().action[0]));
    }
    rewards.push_back(game.reward(widths));
    agent.finish_episode(steps, rewards.back());
  }
  return rewards;
}

double best_at_random(const WidthGame& game, std::uint64_t seed, int episodes) {
  Rng rng(seed);
  double best = -1e9;
  for (int episode = 0; episode < episodes; ++episode) {
    std::vector<int> widths(WidthGame::kLayers);
    for (int& width : widths) width = static_cast<int>(rng.between(2, 8));
    best = std::max(best, game.reward(widths));
  }
  return best;
}

/// Over 200 warm-up episodes of ten actions: the mean square distance of actions to their episode's
/// mean, and the variance of these means.
struct WarmupSpread {
  double within = 0.0, between = 0.0;
};
WarmupSpread warmup_spread(std::optional<double> spread) {
  constexpr int kEpisodes = 200, kActions = 10;
  DdpgOptions options;
  options.hidden_units = 4;
  options.warmup_episodes = kEpisodes;
  options.warmup_spread = spread;
  const auto agent = make_ddpg_agent(
      options, {.state_features = WidthGame::kLayers, .actions = 1, .layers = kActions}, 5);
  WarmupSpread result;
  for (int episode = 0; episode < kEpisodes; ++episode) {
    std::vector<AgentStep> steps;
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < kActions; ++i) {
      steps.push_back({state_of(i), agent->act(state_of(i))});
      const double action = steps.back().action[0];
      EXPECT_TRUE(action >= 0.0 && action <= 1.0);
      sum += action / kActions;
      squares += action * action / kActions;
    }
    result.within += (squares - sum * sum) * kActions / (kActions - 1) / kEpisodes;
    result.between += (sum - 0.5) * (sum - 0.5) / kEpisodes;
    agent->finish_episode(steps, 0.0);
  }
  return result;
}

// Uniform draws have variance 1/12: of each action, or of what an episode's actions lie about.
TEST(DdpgAgent, WarmsUpActionByActionOrEpisodeByEpisode) {
  const WarmupSpread apart = warmup_spread(std::nullopt);
  EXPECT_NEAR(apart.within, 1.0 / 12.0, 0.01);
  EXPECT_NEAR(apart.between, 1.0 / 120.0, 0.003);
  const WarmupSpread together = warmup_spread(0.05);
  EXPECT_NEAR(together.within, 0.05 * 0.05, 0.0005);
  EXPECT_NEAR(together.between, 1.0 / 12.0, 0.015);
}

// A miss of one bit in every layer costs 10 / 36 = 0.28.
TEST(DdpgAgent, FindsWidthsThatRandomSearchDoesNot) {
  constexpr int kEpisodes = 300;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const WidthGame game(100 + seed);
    const std::vector<double> rewards = play(game, *small_agent(seed), kEpisodes);
    EXPECT_GT(std::ranges::max(rewards), -0.2) << seed;
    EXPECT_LT(best_at_random(game, seed, kEpisodes), -0.3) << seed;
    // Not a lucky draw: the last ten episodes are all better than the best at random.
    EXPECT_GT(*std::min_element(rewards.end() - 10, rewards.end()),
              best_at_random(game, seed, kEpisodes))
        << seed;
  }
}

TEST(DdpgAgent, SameSeedSameEpisodesInAnyThread) {
  const WidthGame game(5);
  const std::vector<double> expected = play(game, *small_agent(9), 25);
  std::vector<std::vector<double>> found(4);
  parallel_for(found.size(), 4, [&](std::size_t i) { found[i] = play(game, *small_agent(9), 25); });
  for (const std::vector<double>& rewards : found) EXPECT_EQ(rewards, expected);
  EXPECT_NE(play(game, *small_agent(10), 25), expected);
}

// Uniform: mean 1/2 and deviation 0.29; the mean of 200 * 2 draws is within 0.07 (five errors).
TEST(DdpgAgent, WarmsUpAtRandom) {
  DdpgOptions options;
  options.hidden_units = 4;
  const auto agent = make_ddpg_agent(options, {.state_features = 1, .actions = 2, .layers = 1}, 3);
  double sum = 0.0, least = 1.0, most = 0.0;
  for (int i = 0; i < 200; ++i) {
    for (const double value : agent->act(std::vector<double>{0.5})) {
      sum += value;
      least = std::min(least, value);
      most = std::max(most, value);
    }
  }
  EXPECT_NEAR(sum / 400.0, 0.5, 0.07);
  EXPECT_LT(least, 0.05);
  EXPECT_GT(most, 0.95);
}

TEST(DdpgAgent, WithoutNoiseTheActorSpeaks) {
  DdpgOptions options;
  options.hidden_units = 4;
  options.warmup_episodes = 0;
  options.noise = 0.0;
  const auto agent = make_ddpg_agent(options, {.state_features = 1, .actions = 1, .layers = 1}, 3);
  const std::vector<double> action = agent->act(std::vector<double>{0.5});
  EXPECT_EQ(agent->act(std::vector<double>{0.5}), action);
  EXPECT_NE(agent->act(std::vector<double>{0.9}), action);
  EXPECT_THROW(static_cast<void>(agent->act(std::vector<double>{0.5, 0.5})), InternalError);
}

}  // namespace
}  // namespace hwflow::train
