#include "cli/inject_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/version.hpp"
#include "cli/fault_rates.hpp"
#include "report/fault_page.hpp"
#include "report/format.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;

std::string layer_of(const InjectOutcome& outcome, std::int64_t node) {
  return outcome.graph->nodes()[static_cast<std::size_t>(node)].name;
}

std::string name_of(const InjectOutcome& outcome, const RateGroup& group) {
  std::vector<std::string> parts;
  const bool is_of_site = group.node < 0 && group.bit < 0 && group.effect < 0;
  if (is_of_site || outcome.options.sites.size() > 1)
    parts.push_back(std::string(enum_name(static_cast<Site>(group.site))));
  if (group.node >= 0) parts.push_back(layer_of(outcome, group.node));
  if (group.bit >= 0) parts.push_back(fmt::format("bit {}", group.bit));
  if (group.effect >= 0) parts.emplace_back(enum_name(static_cast<Effect>(group.effect)));
  return fmt::format("{}", fmt::join(parts, " "));
}

std::vector<RateGroup> groups_of(const InjectOutcome& outcome, GroupBy by) {
  if (outcome.space == nullptr || outcome.summary->faults() == 0) return {};
  return rates_by(*outcome.space, *outcome.summary, by, outcome.confidence);
}

/// Of all faults that were run.
Rate overall(const InjectOutcome& outcome) {
  if (outcome.space == nullptr || outcome.summary->faults() == 0)
    return outcome.summary->all().rate(outcome.confidence);
  return overall_rate(*outcome.space, *outcome.summary, outcome.confidence);
}

nlohmann::ordered_json groups_json(const InjectOutcome& outcome, GroupBy by) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RateGroup& group : groups_of(outcome, by)) {
    nlohmann::ordered_json entry{{"site", std::string(enum_name(static_cast<Site>(group.site)))}};
    if (group.node >= 0) entry["layer"] = layer_of(outcome, group.node);
    if (group.bit >= 0) entry["bit"] = group.bit;
    if (group.effect >= 0)
      entry["effect"] = std::string(enum_name(static_cast<Effect>(group.effect)));
    entry.update(json_of(group.rate, outcome.all_images));
    list.push_back(std::move(entry));
  }
  return list;
}

std::string text_of(const InjectOutcome& outcome, std::span<const Upset> upsets) {
  std::vector<std::string> parts;
  for (const Upset& upset : upsets.first(std::min<std::size_t>(3, upsets.size())))
    parts.push_back(fmt::format("{} {} {} of {}, bits {:#x}", enum_name(upset.effect),
                                enum_name(upset.site), upset.element, layer_of(outcome, upset.node),
                                upset.bits));
  if (upsets.size() > 3) parts.push_back(fmt::format("{} more", upsets.size() - 3));
  return fmt::format("{}", fmt::join(parts, "; "));
}

nlohmann::ordered_json rates_json(const InjectOutcome& outcome) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const InjectedRate& point : outcome.rates) {
    nlohmann::ordered_json entry{{"bit_rate", point.bit_rate}, {"upsets", point.upsets}};
    entry.update(json_of(point.rate, outcome.all_images));
    entry.erase("faults");
    list.push_back(std::move(entry));
  }
  return list;
}

std::vector<report::NamedFaultRate> rows_of(const InjectOutcome& outcome, GroupBy by) {
  std::vector<report::NamedFaultRate> rows;
  for (const RateGroup& group : groups_of(outcome, by))
    rows.push_back({name_of(outcome, group), shown(group.rate, outcome.all_images)});
  return rows;
}

std::vector<report::FaultMap> maps_of(const InjectOutcome& outcome) {
  const std::vector<RateGroup> cells = groups_of(outcome, GroupBy::layer_and_bit);
  std::vector<report::FaultMap> maps;
  for (const Site site : outcome.options.sites) {
    report::FaultMap map{
        .site = std::string(enum_name(site)), .layers = {}, .bits = 0, .cells = {}};
    std::vector<std::int64_t> rows;
    for (const RateGroup& cell : cells) {
      if (cell.site != static_cast<int>(site)) continue;
      map.bits = std::max(map.bits, cell.bit + 1);
      if (rows.empty() || rows.back() != cell.node) {
        rows.push_back(cell.node);
        map.layers.push_back(layer_of(outcome, cell.node));
      }
    }
    map.cells.resize(rows.size() * static_cast<std::size_t>(map.bits));
    for (const RateGroup& cell : cells)
      if (cell.site == static_cast<int>(site)) {
        const auto row =
            static_cast<std::size_t>(std::ranges::find(rows, cell.node) - rows.begin());
        map.cells[row * static_cast<std::size_t>(map.bits) + static_cast<std::size_t>(cell.bit)] =
            shown(cell.rate, outcome.all_images);
      }
    if (!rows.empty()) maps.push_back(std::move(map));
  }
  return maps;
}

/// Of one site, with what the campaign measured of each layer.
report::FaultScales scales_of(const InjectOutcome& outcome, Site site) {
  report::FaultScales scales{
      .site = std::string(enum_name(site)), .rows = {}, .rank_correlation = {}};
  const std::vector<RateGroup> layers = groups_of(outcome, GroupBy::layer);
  std::vector<double> predicted, measured;
  for (const StoredScale& row : outcome.scales) {
    if (row.site != site) continue;
    report::FaultScale entry{.name = layer_of(outcome, static_cast<std::int64_t>(row.node)),
                             .bits = row.bits,
                             .scale = row.scale,
                             .spread = row.spread,
                             .sum_scale = row.sum_scale,
                             .damage = row.damage};
    if (row.copy > 0) entry.name += fmt::format(" (copy {})", row.copy + 1);
    for (const RateGroup& layer : layers)
      if (layer.site == static_cast<int>(site) && layer.node == static_cast<std::int64_t>(row.node))
        entry.measured = shown(layer.rate, outcome.all_images);
    if (entry.measured.faults > 0) {
      predicted.push_back(row.damage);
      measured.push_back(entry.measured.rate);
    }
    scales.rows.push_back(std::move(entry));
  }
  if (predicted.size() > 2) scales.rank_correlation = rank_correlation(predicted, measured);
  return scales;
}

nlohmann::ordered_json scales_json(const InjectOutcome& outcome) {
  nlohmann::ordered_json json;
  for (const Site site : {Site::weights, Site::activations}) {
    const report::FaultScales scales = scales_of(outcome, site);
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const report::FaultScale& row : scales.rows) {
      rows.push_back({{"layer", row.name},
                      {"bits", row.bits},
                      {"scale", row.scale},
                      {"spread", row.spread},
                      {"sum_scale", row.sum_scale},
                      {"predicted_damage", row.damage}});
      if (row.measured.faults > 0) rows.back()["rate"] = row.measured.rate;
    }
    json[scales.site] = {{"layers", std::move(rows)}};
    if (scales.rank_correlation) json[scales.site]["rank_correlation"] = *scales.rank_correlation;
  }
  return json;
}

std::string conditions_of(const InjectOutcome& outcome) {
  if (outcome.replayed)
    return fmt::format(
        "{}; faults replayed from a list, each on {} images: rates are of this list "
        "alone.",
        outcome.how, outcome.images);
  std::vector<std::string> sites, effects;
  for (const Site site : outcome.options.sites) sites.emplace_back(enum_name(site));
  for (const Effect effect : outcome.options.effects) effects.emplace_back(enum_name(effect));
  return fmt::format(
      "{}; {} of {}, {}; {} images. {} % intervals of {}.", outcome.how,
      fmt::join(effects, " and "), fmt::join(sites, ", "),
      outcome.options.adjacent_bits == 1
          ? std::string("one bit at a time")
          : fmt::format("{} adjacent bits at a time", outcome.options.adjacent_bits),
      outcome.images, 100.0 * outcome.confidence,
      outcome.all_images
          ? "these images, which are all of the test set: other faults would have "
            "been drawn"
          : "images like these: other faults and other images would have been drawn");
}

}  // namespace

nlohmann::ordered_json to_json(const InjectOutcome& outcome) {
  const Rate rate = overall(outcome);
  nlohmann::ordered_json json{{"network", outcome.network},
                              {"model", outcome.model},
                              {"quantization", outcome.how},
                              {"data", outcome.data},
                              {"seed", outcome.seed},
                              {"images", outcome.images},
                              {"fault_free_right", outcome.fault_free_right},
                              {"population", outcome.population},
                              {"planned", outcome.planned}};
  add_overall(json, rate, outcome.all_images);
  json["margin_wanted"] = outcome.margin;
  if (outcome.relative_margin > 0.0) json["relative_margin_wanted"] = outcome.relative_margin;
  json["confidence"] = outcome.confidence;
  json["seconds"] = outcome.seconds;
  json["faulty_inferences_per_second"] =
      outcome.seconds > 0.0 ? static_cast<double>(outcome.inferences) / outcome.seconds : 0.0;
  json["checked"] = outcome.check.checked;
  json["differing"] = outcome.check.differing;
  json["by_site"] = groups_json(outcome, GroupBy::site);
  json["by_layer"] = groups_json(outcome, GroupBy::layer);
  json["by_bit"] = groups_json(outcome, GroupBy::bit);
  json["by_effect"] = groups_json(outcome, GroupBy::effect);
  json["by_layer_and_bit"] = groups_json(outcome, GroupBy::layer_and_bit);
  json["bit_rates"] = rates_json(outcome);
  json["scales"] = scales_json(outcome);
  nlohmann::ordered_json worst = nlohmann::ordered_json::array();
  for (const CampaignSummary::Kept& fault : outcome.summary->worst())
    worst.push_back({{"line", fault.number + 2},
                     {"fault", text_of(outcome, fault.upsets)},
                     {"top1_changed", fault.tally.top1_changed},
                     {"crashed", fault.tally.crashed}});
  json["worst"] = std::move(worst);
  json["faults_file"] = outcome.list_file.string();
  json["report"] = outcome.page_file.string();
  return json;
}

std::string inject_table(const InjectOutcome& outcome) {
  std::string text = fmt::format("{} ({}), {} images of {}: {:.2f} % right without faults\n",
                                 outcome.network, outcome.how, outcome.images, outcome.data,
                                 100.0 * share(outcome.fault_free_right, outcome.images));
  const Rate rate = overall(outcome);
  if (rate.faults > 0) {
    text += fmt::format(
        "{} faults of {} ({} planned), {} inferences: class changed in {:.3f} %, masked {:.1f} %, "
        "top-5 changed {:.3f} %, crashed {:.3f} %\n",
        rate.faults, outcome.population, outcome.planned, rate.tally.inferences, 100.0 * rate.rate,
        100.0 * rate.masked, 100.0 * rate.top5_changed, 100.0 * rate.crashed);
    text += fmt::format("{} (tables: {})\n", intervals_text(rate, outcome.confidence),
                        interval_name(outcome.all_images));
    text += fmt::format("{:.2f} % right with a fault\n", 100.0 * rate.right);
  }
  if (outcome.seconds > 0.0)
    text += fmt::format("{:.0f} faulty inferences a second ({:.1f} s)\n",
                        static_cast<double>(outcome.inferences) / outcome.seconds, outcome.seconds);
  if (outcome.options.sites.size() > 1) text += rate_table("site", rows_of(outcome, GroupBy::site));
  text += rate_table("layer", rows_of(outcome, GroupBy::layer)) +
          rate_table("bit", rows_of(outcome, GroupBy::bit));
  if (outcome.options.effects.size() > 1)
    text += rate_table("effect", rows_of(outcome, GroupBy::effect));
  std::vector<std::vector<std::string>> rows{
      {"bit rate", "upsets an inference", "inferences", "class changed", "from", "to", "right"}};
  for (const InjectedRate& point : outcome.rates) {
    const Tally& tally = point.rate.tally;
    rows.push_back({fmt::format("{:g}", point.bit_rate),
                    report::number_text(share(point.upsets, tally.inferences)),
                    fmt::format("{}", tally.inferences), report::percent_text(point.rate.rate, 2),
                    report::percent_text(shown_interval(point.rate, outcome.all_images).low, 2),
                    report::percent_text(shown_interval(point.rate, outcome.all_images).high, 2),
                    report::percent_text(point.rate.right, 2)});
  }
  if (rows.size() > 1) text += fmt::format("\n{}", report::aligned(rows));
  if (outcome.check.checked > 0) text += check_text(outcome.check);
  return text;
}

std::string inject_page(const InjectOutcome& outcome) {
  const Rate rate = overall(outcome);
  report::FaultReport page{.network = outcome.network,
                           .model = outcome.model,
                           .data = outcome.data,
                           .version = std::string(version()),
                           .seed = outcome.seed,
                           .conditions = conditions_of(outcome),
                           .images = outcome.images,
                           .confidence = outcome.confidence,
                           .population = outcome.population,
                           .all = shown(rate, outcome.all_images)};
  page.fault_free_accuracy = share(outcome.fault_free_right, outcome.images);
  page.faulty_accuracy = rate.right;
  page.replayed = outcome.replayed;
  page.top5_changed = rate.top5_changed;
  page.crashed = rate.crashed;
  const Interval& other =
      outcome.all_images ? rate.intervals.of_images_like_these : rate.intervals.of_these_images;
  page.interval_of = interval_name(outcome.all_images);
  page.other_interval =
      fmt::format("{:.2f} to {:.2f} for {}", 100.0 * other.low, 100.0 * other.high,
                  outcome.all_images ? "images like these" : "these images");
  page.inferences_per_second =
      outcome.seconds > 0.0 ? static_cast<double>(outcome.inferences) / outcome.seconds : 0.0;
  if (outcome.options.sites.size() > 1) page.by_site = rows_of(outcome, GroupBy::site);
  page.by_layer = rows_of(outcome, GroupBy::layer);
  page.by_bit = rows_of(outcome, GroupBy::bit);
  page.maps = maps_of(outcome);
  for (const Site site : {Site::weights, Site::activations})
    page.scales.push_back(scales_of(outcome, site));
  for (const InjectedRate& point : outcome.rates)
    page.curve.push_back({.bit_rate = point.bit_rate,
                          .upsets = share(point.upsets, point.rate.tally.inferences),
                          .rate = shown(point.rate, outcome.all_images),
                          .accuracy = point.rate.right});
  if (outcome.options.effects.size() > 1)
    page.tables.push_back({"Effects", "effect", rows_of(outcome, GroupBy::effect)});
  for (const CampaignSummary::Kept& fault : outcome.summary->worst()) {
    const double failed = share(fault.tally.failures(), fault.tally.inferences);
    page.worst.push_back({text_of(outcome, fault.upsets),
                          {.faults = 1,
                           .inferences = fault.tally.inferences,
                           .rate = failed,
                           .low = failed,
                           .high = failed,
                           .masked = share(fault.tally.masked, fault.tally.inferences)}});
  }
  if (!outcome.list_file.empty()) page.files.push_back(outcome.list_file.string());
  return report::fault_page(page);
}

}  // namespace hwflow::cli
