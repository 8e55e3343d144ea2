#include "report/resilience_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/csv.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"

namespace hwflow::report {
namespace {

using schema::Value;
using Cells = std::vector<std::string>;

std::string label_of(const study::CodesignResult& result, const study::FailureCheck& check,
                     bool is_drawn) {
  if (is_drawn) return fmt::format("front, plan {}, not re-trained", check.evaluated);
  return result.plans.at(*details_of(result, check.evaluated)).label;
}

/// Calls `visit` with every check and whether it is of a drawn plan.
template <class Visit>
void for_each_check(const study::CodesignResult& result, const Visit& visit) {
  if (!result.resilience) return;
  for (const auto& check : result.resilience->plans) visit(check, false);
  for (const auto& check : result.resilience->drawn) visit(check, true);
}

Value check_value(const study::CodesignResult& result, const study::FailureCheck& check,
                  bool is_drawn) {
  return Value::map()
      .set("plan", label_of(result, check, is_drawn))
      .set("index", static_cast<std::int64_t>(check.evaluated))
      .set("predicted", check.predicted)
      .set("predicted_standard_error", check.predicted_error)
      .set("measured", check.measured)
      .set("low", check.low)
      .set("high", check.high)
      .set("predicted_bits", check.predicted_bits)
      .set("stored_bits", check.stored_bits)
      .set("inferences", check.inferences)
      .set("failures", check.failures);
}

}  // namespace

std::string per_million_text(double failure_rate) { return number_text(1e6 * failure_rate); }

std::vector<Cells> failure_cells(const study::CodesignResult& result) {
  std::vector<Cells> rows;
  for_each_check(result, [&](const study::FailureCheck& check, bool is_drawn) {
    rows.push_back(
        {label_of(result, check, is_drawn),
         fmt::format("{} ± {}", per_million_text(check.predicted),
                     per_million_text(check.predicted_error)),
         per_million_text(check.measured),
         fmt::format("{} to {}", per_million_text(check.low), per_million_text(check.high)),
         fmt::format("{} of {}", count_text(check.failures), count_text(check.inferences)),
         bytes_text(static_cast<double>(check.stored_bits))});
  });
  if (rows.empty()) return {};
  rows.insert(rows.begin(), {"failures of a million", "predicted", "measured", "95 %",
                             "flips that failed", "stored"});
  return rows;
}

std::string failure_note(const study::CodesignResult& result) {
  if (!result.resilience) return {};
  const study::ResilienceSummary& found = *result.resilience;
  std::string text = fmt::format(
      "A failure is an inference whose class a flipped bit changes; every stored bit of {} flips "
      "with probability {:g}. Predicted from single flips in {}, on {} search images; of finished "
      "plans measured on test images, after re-training.",
      fmt::join(found.sites, " and "), found.bit_rate, fmt::join(found.calibrated_on, ", "),
      found.images);
  if (found.drawn.empty()) return text;
  const std::string ranks = found.rank_correlation ? fmt::format("{:.2f}", *found.rank_correlation)
                                                   : std::string("none, since all are alike");
  return text + fmt::format(
                    " Rank correlation of predicted and measured failures over {} plans of the "
                    "front, as the search saw them and on its images: {}.",
                    found.drawn.size(), ranks);
}

std::string failures_csv(const study::CodesignResult& result) {
  std::string text =
      "plan,index,retrained,predicted,predicted_standard_error,measured,low,high,predicted_bits,"
      "stored_bits,inferences,failures\r\n";
  for_each_check(result, [&](const study::FailureCheck& check, bool is_drawn) {
    text +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
                    csv_cell(label_of(result, check, is_drawn)), check.evaluated, is_drawn ? 0 : 1,
                    check.predicted, check.predicted_error, check.measured, check.low, check.high,
                    check.predicted_bits, check.stored_bits, check.inferences, check.failures);
  });
  return text;
}

std::string flips_csv(const study::CodesignResult& result) {
  std::string text = "site,layer,bits,inferences,failures,share,standard_error\r\n";
  if (!result.resilience) return text;
  for (const auto& risk : result.resilience->risks)
    text += fmt::format("{},{},{},{},{},{},{}\r\n", risk.site, csv_cell(risk.layer), risk.bits,
                        risk.inferences, risk.failures, risk.share, risk.standard_error);
  return text;
}

Value resilience_value(const study::CodesignResult& result) {
  if (!result.resilience) return {};
  const study::ResilienceSummary& found = *result.resilience;
  Value sites = Value::list(), networks = Value::list(), risks = Value::list();
  for (const auto& site : found.sites) sites.append(site);
  for (const auto& network : found.calibrated_on) networks.append(network);
  for (const auto& risk : found.risks) {
    risks.append(Value::map()
                     .set("site", risk.site)
                     .set("layer", risk.layer)
                     .set("bits", risk.bits)
                     .set("inferences", risk.inferences)
                     .set("failures", risk.failures)
                     .set("share", risk.share)
                     .set("standard_error", risk.standard_error));
  }
  Value plans = Value::list(), drawn = Value::list();
  for_each_check(result, [&](const study::FailureCheck& check, bool is_drawn) {
    (is_drawn ? drawn : plans).append(check_value(result, check, is_drawn));
  });
  return Value::map()
      .set("sites", std::move(sites))
      .set("bit_rate", found.bit_rate)
      .set("images", found.images)
      .set("calibrated_on", std::move(networks))
      .set("rank_correlation", found.rank_correlation ? Value(*found.rank_correlation) : Value{})
      .set("plans", std::move(plans))
      .set("drawn", std::move(drawn))
      .set("flips", std::move(risks));
}

}  // namespace hwflow::report
