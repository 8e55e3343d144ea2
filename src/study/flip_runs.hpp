#pragma once

#include <optional>
#include <string>

#include "study/run_store.hpp"
#include "study/search.hpp"
#include "train/fault/flip_campaign.hpp"

namespace hwflow::study {

/// Fault-injection campaigns of a run, each done once per store: committed when it is over.
class FlipRuns {
 public:
  /// `campaigns` may be null where setting.only_known; all arguments outlive the object.
  FlipRuns(train::AccuracyModel& accuracy, train::fault::FlipCampaigns* campaigns, RunStore& store,
           const SearchSetting& setting)
      : accuracy_(accuracy), campaigns_(campaigns), store_(store), setting_(setting) {}

  [[nodiscard]] int threads() const { return setting_.threads; }
  /// On the network of a plan as the search measures it. `label` is for the progress line. None:
  /// stopped, or not known and nothing may be run.
  [[nodiscard]] std::optional<train::fault::FlipCampaign> of_plan(
      const CompressionPlan& plan, const train::fault::FlipRequest& request,
      const std::string& label);
  /// On a re-trained one; `training` as finetune_text().
  [[nodiscard]] std::optional<train::fault::FlipCampaign> of_finished(
      const train::FinishedPlan& finished, const CompressionPlan& plan, const std::string& training,
      const train::fault::FlipRequest& request, const std::string& label);

 private:
  [[nodiscard]] std::optional<train::fault::FlipCampaign> run(
      const train::IntegerNetwork& network, const train::fault::FlipRequest& request,
      const std::string& key, const std::string& label);
  [[nodiscard]] std::optional<train::fault::FlipCampaign> find(const std::string& key) const;

  train::AccuracyModel& accuracy_;
  train::fault::FlipCampaigns* campaigns_;
  RunStore& store_;
  const SearchSetting& setting_;
};

/// As the store keeps it, a line for each group, and back; none of a text that it is not.
[[nodiscard]] std::string text_of_campaign(const train::fault::FlipCampaign& campaign);
[[nodiscard]] std::optional<train::fault::FlipCampaign> campaign_of_text(const std::string& text);

}  // namespace hwflow::study
