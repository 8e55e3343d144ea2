#include "cli/fault_rates.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::cli {

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(all);
}

const train::fault::Interval& shown_interval(const train::fault::Rate& rate, bool all_images) {
  return all_images ? rate.intervals.of_these_images : rate.intervals.of_images_like_these;
}

report::FaultRate shown(const train::fault::Rate& rate, bool all_images) {
  const train::fault::Interval& interval = shown_interval(rate, all_images);
  return {.faults = rate.faults,
          .inferences = rate.tally.inferences,
          .rate = rate.rate,
          .low = interval.low,
          .high = interval.high,
          .masked = rate.masked};
}

nlohmann::ordered_json json_of(const train::fault::Rate& rate, bool all_images) {
  const auto json = [](const train::fault::Interval& interval) {
    return nlohmann::ordered_json{{"low", interval.low}, {"high", interval.high}};
  };
  return {{"faults", rate.faults},
          {"inferences", rate.tally.inferences},
          {"masked", rate.tally.masked},
          {"top1_changed", rate.tally.top1_changed},
          {"top5_changed", rate.tally.top5_changed},
          {"crashed", rate.tally.crashed},
          {"right", rate.tally.right},
          {"rate", rate.rate},
          {"low", shown_interval(rate, all_images).low},
          {"high", shown_interval(rate, all_images).high},
          {"of_these_images", json(rate.intervals.of_these_images)},
          {"of_images_like_these", json(rate.intervals.of_images_like_these)},
          {"masked_share", rate.masked},
          {"top5_changed_share", rate.top5_changed},
          {"crashed_share", rate.crashed},
          {"accuracy", rate.right}};
}

const char* interval_name(bool all_images) {
  return all_images ? "these images" : "images like these";
}

void add_overall(nlohmann::ordered_json& json, const train::fault::Rate& rate, bool all_images) {
  json.update(json_of(rate, all_images));
  json["interval_of"] = interval_name(all_images);
  json["margin"] = shown_interval(rate, all_images).half_width();
}

std::string intervals_text(const train::fault::Rate& rate, double confidence) {
  const train::fault::Interval& these = rate.intervals.of_these_images;
  const train::fault::Interval& like = rate.intervals.of_images_like_these;
  return fmt::format(
      "{:.0f} % interval of these images {:.3f} to {:.3f} %, of images like these {:.3f} to {:.3f} "
      "%",
      100.0 * confidence, 100.0 * these.low, 100.0 * these.high, 100.0 * like.low,
      100.0 * like.high);
}

std::string check_text(const train::fault::PlainCheck& check) {
  return fmt::format("{} inferences run again in the plain way: {} differ\n", check.checked,
                     check.differing);
}

std::string rate_table(const char* first, const std::vector<report::NamedFaultRate>& rates) {
  if (rates.empty()) return {};
  std::vector<std::vector<std::string>> rows{
      {first, "faults", "class changed", "from", "to", "masked"}};
  for (const report::NamedFaultRate& row : rates) {
    const auto text = [&](double value, int digits) {
      return row.rate.faults == 0 ? std::string("-") : report::percent_text(value, digits);
    };
    rows.push_back({row.name, fmt::format("{}", row.rate.faults), text(row.rate.rate, 2),
                    text(row.rate.low, 2), text(row.rate.high, 2), text(row.rate.masked, 1)});
  }
  return fmt::format("\n{}", report::aligned(rows));
}

}  // namespace hwflow::cli
