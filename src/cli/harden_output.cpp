#include "cli/harden_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/version.hpp"
#include "report/format.hpp"
#include "report/harden_page.hpp"
#include "report/terminal_table.hpp"
#include "train/fault/failure_change.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;

std::vector<ImageCounts> counts_of(const FaultyInferences& faulty) {
  std::vector<ImageCounts> counts;
  for (const Tally& image : faulty.images) counts.push_back({image.inferences, image.failures()});
  return counts;
}

/// Failures of a model at one site and rate, and over those of the first model.
report::FaultyColumn column_of(const HardenOutcome& outcome, std::size_t model, std::size_t index) {
  const FaultyInferences& faulty = outcome.models[model].found.faulty[index];
  const Tally all = faulty.all();
  const auto inferences = static_cast<double>(std::max<std::int64_t>(all.inferences, 1));
  const std::vector<ImageCounts> counts = counts_of(faulty);
  const Interval interval = intervals_of(counts, outcome.options.confidence).of_images_like_these;
  report::FaultyColumn column{
      .site = std::string(enum_name(faulty.site)),
      .bit_rate = faulty.bit_rate,
      .upsets = static_cast<double>(faulty.upsets) / inferences,
      .failures = {static_cast<double>(all.failures()) / inferences, interval.low, interval.high},
      .accuracy = static_cast<double>(all.right) / inferences,
      .change = {}};
  if (model == 0) return column;
  const FailureChange change = failure_change(counts_of(outcome.models.front().found.faulty[index]),
                                              counts, outcome.options.confidence);
  column.change = report::IntervalShare{change.ratio, change.interval.low, change.interval.high};
  return column;
}

std::vector<report::AttackedColumn> attacked_of(const HardenOutcome& outcome,
                                                const Resilience& found) {
  std::vector<report::AttackedColumn> columns;
  if (!found.attacked) return columns;
  for (const train::robust::EpsOutcome& eps : found.attacked->by_eps) {
    const train::AccuracyEstimate robust = eps.robust();
    const Interval interval =
        wilson(static_cast<double>(robust.correct), robust.total, outcome.options.confidence);
    columns.push_back({eps.eps.text, {robust.top1(), interval.low, interval.high}});
  }
  return columns;
}

double clean_of(const Resilience& found) {
  return static_cast<double>(found.right) /
         static_cast<double>(std::max<std::int64_t>(found.total, 1));
}

std::vector<report::HardenedRow> rows_of(const HardenOutcome& outcome) {
  std::vector<report::HardenedRow> rows;
  for (std::size_t m = 0; m < outcome.models.size(); ++m) {
    const MeasuredModel& model = outcome.models[m];
    report::HardenedRow row{.name = model.name,
                            .file = model.found.file,
                            .clean = clean_of(model.found),
                            .attacked = attacked_of(outcome, model.found),
                            .faulty = {},
                            .scales = {}};
    for (std::size_t i = 0; i < model.found.faulty.size(); ++i)
      row.faulty.push_back(column_of(outcome, m, i));
    if (model.found.scale_names == outcome.models.front().found.scale_names)
      for (const StoredScale& scale : model.found.scales) row.scales.push_back(scale.scale);
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::ordered_json json_of(const report::IntervalShare& x, const char* name) {
  return {{name, x.share}, {"low", x.low}, {"high", x.high}};
}

nlohmann::ordered_json json_of(const report::FaultyColumn& column, const FaultyInferences& faulty) {
  const Tally all = faulty.all();
  nlohmann::ordered_json json{{"site", column.site},
                              {"bit_rate", column.bit_rate},
                              {"inferences", all.inferences},
                              {"upsets", faulty.upsets},
                              {"masked", all.masked},
                              {"top1_changed", all.top1_changed},
                              {"top5_changed", all.top5_changed},
                              {"crashed", all.crashed},
                              {"right", all.right},
                              {"accuracy", column.accuracy}};
  json.update(json_of(column.failures, "rate"));
  if (column.change) json["change"] = json_of(*column.change, "ratio");
  return json;
}

nlohmann::ordered_json scales_json(const Resilience& found) {
  nlohmann::ordered_json scales = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < found.scales.size(); ++i) {
    const StoredScale& scale = found.scales[i];
    scales.push_back({{"codes", found.scale_names[i]},
                      {"bits", scale.bits},
                      {"scale", scale.scale},
                      {"spread", scale.spread},
                      {"predicted_damage", scale.damage}});
  }
  return scales;
}

std::string share_text(const report::IntervalShare& x) {
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", 100.0 * x.share, 100.0 * x.low, 100.0 * x.high);
}

std::string conditions_of(const HardenOutcome& outcome) {
  const ResilienceOptions& o = outcome.options;
  std::string text = fmt::format(
      "Networks in integers. Faulty: every bit of a site flips with the given probability, in each "
      "of {} inferences anew, test images take turns; the same flips for networks of the same "
      "shapes. {} % intervals hold for images like these. Seed {}.",
      o.inferences, 100.0 * o.confidence, o.seed);
  if (o.attack.eps.empty()) return text;
  std::vector<std::string_view> attacks;
  for (const auto attack : o.attack.attacks) attacks.push_back(enum_name(attack));
  return text + fmt::format(
                    " Attacked: the first {} test images{}, the worst of {} ({} steps, {} starts, "
                    "{} queries), on bytes.",
                    o.attacked_images, o.attacked_images == 0 ? " (all)" : "",
                    fmt::join(attacks, ", "), o.attack.pgd_steps, o.attack.restarts,
                    o.attack.queries);
}

}  // namespace

nlohmann::ordered_json to_json(const HardenOutcome& outcome) {
  const std::vector<report::HardenedRow> rows = rows_of(outcome);
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  for (std::size_t m = 0; m < rows.size(); ++m) {
    const MeasuredModel& model = outcome.models[m];
    nlohmann::ordered_json attacked = nlohmann::ordered_json::array();
    for (const report::AttackedColumn& column : rows[m].attacked) {
      attacked.push_back({{"eps", column.eps}});
      attacked.back().update(json_of(column.accuracy, "accuracy"));
    }
    nlohmann::ordered_json faulty = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < rows[m].faulty.size(); ++i)
      faulty.push_back(json_of(rows[m].faulty[i], model.found.faulty[i]));
    models.push_back({{"name", model.name},
                      {"model", model.found.file},
                      {"quantization", model.found.how},
                      {"right", model.found.right},
                      {"total", model.found.total},
                      {"clean", rows[m].clean},
                      {"attacked", std::move(attacked)},
                      {"faulty", std::move(faulty)},
                      {"scales", scales_json(model.found)}});
  }
  return {{"network", outcome.network},
          {"data", outcome.data},
          {"seed", outcome.options.seed},
          {"confidence", outcome.options.confidence},
          {"attacked_images", outcome.options.attacked_images},
          {"training", outcome.training},
          {"weights", outcome.weights_file.string()},
          {"models", std::move(models)}};
}

std::string harden_text(const HardenOutcome& outcome) {
  const std::vector<report::HardenedRow> rows = rows_of(outcome);
  std::vector<std::string> header{"accuracy, %", "clean"};
  for (const report::AttackedColumn& column : rows.front().attacked)
    header.push_back("attacked, " + column.eps);
  std::vector<std::vector<std::string>> accuracies{header};
  for (const report::HardenedRow& row : rows) {
    std::vector<std::string> cells{row.name, fmt::format("{:.2f}", 100.0 * row.clean)};
    for (const report::AttackedColumn& column : row.attacked)
      cells.push_back(share_text(column.accuracy));
    accuracies.push_back(std::move(cells));
  }
  std::vector<std::vector<std::string>> failures{{"faulty", "site", "bit rate", "flips",
                                                  "accuracy, %", "class changed, %",
                                                  "times " + rows.front().name}};
  for (std::size_t i = 0; i < rows.front().faulty.size(); ++i) {
    for (const report::HardenedRow& row : rows) {
      const report::FaultyColumn& column = row.faulty[i];
      failures.push_back(
          {row.name, column.site, fmt::format("{:g}", column.bit_rate),
           report::number_text(column.upsets), fmt::format("{:.2f}", 100.0 * column.accuracy),
           share_text(column.failures),
           column.change ? fmt::format("{:.2f} ({:.2f} to {:.2f})", column.change->share,
                                       column.change->low, column.change->high)
                         : std::string("-")});
    }
  }
  std::string text = fmt::format("{} on {}\n{}\n{}\n", outcome.network, outcome.data,
                                 report::aligned(accuracies), report::aligned(failures));
  if (!outcome.weights_file.empty())
    text += fmt::format("weights: {}\n", outcome.weights_file.string());
  return text + fmt::format("report: {}\n", outcome.page_file.string());
}

std::string harden_page(const HardenOutcome& outcome) {
  report::HardenReport report{.network = outcome.network,
                              .data = outcome.data,
                              .version = std::string(version()),
                              .conditions = conditions_of(outcome),
                              .training = outcome.training,
                              .confidence = outcome.options.confidence,
                              .rows = rows_of(outcome),
                              .scale_names = outcome.models.front().found.scale_names,
                              .files = {}};
  for (const MeasuredModel& model : outcome.models)
    report.files.push_back(
        fmt::format("{}: {} ({})", model.name, model.found.file, model.found.how));
  return report::harden_page(report);
}

}  // namespace hwflow::cli
