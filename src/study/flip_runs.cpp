#include "study/flip_runs.hpp"

#include <fmt/format.h>

#include <sstream>

#include "base/check.hpp"
#include "base/enum_names.hpp"

namespace hwflow::study {
namespace {

using train::fault::FlipCampaign;
using train::fault::FlipGroup;
using train::fault::FlipImages;
using train::fault::FlipRequest;
using train::fault::Site;

/// Of all that a campaign depends on but the network.
std::string text_of(const FlipRequest& request) {
  std::string sites;
  for (const Site site : request.sites) sites += fmt::format(" {}", enum_name(site));
  return fmt::format("flips-1{} {} of {} on {} {} images, seed {}", sites, request.flips,
                     request.of_each_group ? "each group" : "all", request.images,
                     request.set == FlipImages::test ? "test" : "search", request.seed);
}

}  // namespace

std::string text_of_campaign(const FlipCampaign& campaign) {
  std::string text = fmt::format("{} {}\n", campaign.low, campaign.high);
  for (const FlipGroup& g : campaign.groups)
    text += fmt::format("{} {} {} {} {} {}\n", static_cast<int>(g.site), g.bits, g.words,
                        g.inferences, g.failures, g.node);
  return text;
}

std::optional<FlipCampaign> campaign_of_text(const std::string& text) {
  std::istringstream lines(text);
  FlipCampaign campaign;
  if (!(lines >> campaign.low >> campaign.high)) return std::nullopt;
  int site = 0;
  while (lines >> site) {
    FlipGroup g;
    if (!(lines >> g.bits >> g.words >> g.inferences >> g.failures)) return std::nullopt;
    lines.get();  // names may have blanks
    if (!std::getline(lines, g.node)) return std::nullopt;
    g.site = static_cast<Site>(site);
    campaign.groups.push_back(std::move(g));
  }
  if (campaign.groups.empty()) return std::nullopt;
  return campaign;
}

std::optional<FlipCampaign> FlipRuns::of_plan(const CompressionPlan& plan,
                                              const FlipRequest& request,
                                              const std::string& label) {
  const std::string key = fmt::format("{}|{}|{}", accuracy_.key(), to_text(plan), text_of(request));
  if (auto known = find(key)) return known;
  if (setting_.only_known || setting_.stop.stop_requested()) return std::nullopt;
  const std::optional<train::IntegerNetwork> network = accuracy_.integers(plan, setting_.stop);
  if (!network) return std::nullopt;
  return run(*network, request, key, label);
}

std::optional<FlipCampaign> FlipRuns::of_finished(const train::FinishedPlan& finished,
                                                  const CompressionPlan& plan,
                                                  const std::string& training,
                                                  const FlipRequest& request,
                                                  const std::string& label) {
  const std::string key =
      fmt::format("{}|{}|{}|{}", accuracy_.key(), to_text(plan), training, text_of(request));
  if (auto known = find(key)) return known;
  if (setting_.only_known || setting_.stop.stop_requested()) return std::nullopt;
  return run(finished.network, request, key, label);
}

std::optional<FlipCampaign> FlipRuns::find(const std::string& key) const {
  const std::optional<std::string> known = store_.find_campaign(key);
  return known ? campaign_of_text(*known) : std::nullopt;
}

std::optional<FlipCampaign> FlipRuns::run(const train::IntegerNetwork& network,
                                          const FlipRequest& request, const std::string& key,
                                          const std::string& label) {
  HWFLOW_CHECK(campaigns_ != nullptr, "failures are measured by nobody");
  const auto progress = [&](std::int64_t done, std::int64_t all) {
    if (setting_.progress) setting_.progress({"flips", done, all, label});
  };
  std::optional<FlipCampaign> campaign = campaigns_->run(network, request, progress, setting_.stop);
  if (campaign) store_.save_campaign(key, text_of_campaign(*campaign));
  return campaign;
}

}  // namespace hwflow::study
