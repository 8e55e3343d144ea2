#include "cli/bit_flip_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/enum_names.hpp"
#include "base/version.hpp"
#include "report/flip_page.hpp"
#include "report/terminal_table.hpp"
#include "train/fault/statistics.hpp"

namespace hwflow::cli {
namespace {

using namespace train::robust;
using Json = nlohmann::ordered_json;

constexpr double kConfidence = 0.95;

/// What the attacker watches: the mean cross-entropy, which rises; of a target that of the classes
/// wanted, which falls.
double loss_of(const BitFlipResult& result, double objective) {
  return result.options.target ? -objective : objective;
}

const std::string& layer_of(const BitFlipResult& result, const WeightBit& bit) {
  return result.network->nodes()[bit.node].name;
}

double moved_share(const FlipScore& score) {
  return score.attacked == 0
             ? 0.0
             : static_cast<double>(score.moved) / static_cast<double>(score.attacked);
}

Json json_of(const FlipScore& score, const BitFlipOptions& options) {
  const auto interval =
      train::fault::wilson(static_cast<double>(score.correct), score.total, kConfidence);
  Json json{{"correct", score.correct},
            {"total", score.total},
            {"top1", score.top1()},
            {"low", interval.low},
            {"high", interval.high}};
  if (options.target) {
    json["attacked"] = score.attacked;
    json["moved"] = score.moved;
  }
  if (options.source) {
    json["others"] = score.others;
    json["others_correct"] = score.others_correct;
  }
  return json;
}

Json json_of(const BitFlipResult& result, const WeightBit& bit) {
  return {{"layer", layer_of(result, bit)},
          {"element", bit.element},
          {"bit", bit.bit},
          {"before", bit.before},
          {"after", bit.after}};
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json json_of(const BitFlipOptions& o) {
  return {{"flips", o.flips},
          {"images", o.images},
          {"target", or_null(o.target)},
          {"source", or_null(o.source)},
          {"bits_per_step", o.bits_per_step},
          {"candidates", o.candidates},
          {"skip", o.skip},
          {"until", or_null(o.until)},
          {"random_runs", o.random_runs},
          {"seed", o.seed}};
}

Json random_json(const BitFlipResult& result) {
  Json runs = Json::array();
  for (const RandomFlips& random : result.report.random) {
    Json run{{"flips", Json::array()}};
    for (std::size_t i = 0; i < random.bits.size(); ++i) {
      Json flip = json_of(result, random.bits[i]);
      flip.update(json_of(random.scores[i], result.options));
      run["flips"].push_back(std::move(flip));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100.0 * share); }

std::string goal_text(const BitFlipOptions& o) {
  if (o.source) return fmt::format("class {} taken for class {}", *o.source, *o.target);
  if (o.target) return fmt::format("all taken for class {}", *o.target);
  return "untargeted";
}

std::string settings_text(const BitFlipResult& result) {
  const BitFlipOptions& o = result.options;
  std::string text = fmt::format(
      "{}; progressive bit search on {} {} images, {} bit{} of a layer a step, {}; seed {}",
      goal_text(o), result.batch_images, result.batch_data, o.bits_per_step,
      o.bits_per_step == 1 ? "" : "s",
      o.candidates == 0
          ? "all bits measured"
          : fmt::format("{} candidate{} a layer", o.candidates, o.candidates == 1 ? "" : "s"),
      o.seed);
  if (!o.skip.empty()) text += fmt::format("; without {}", fmt::join(o.skip, " "));
  return text;
}

std::string end_text(const BitFlipReport& report) {
  switch (report.ended) {
    case FlipEnd::flips: return "all flips made";
    case FlipEnd::accuracy: return "accuracy is low enough";
    case FlipEnd::no_raise: return "no bit raises the loss to first order";
    case FlipEnd::stopped: return "stopped";
  }
  return {};
}

/// "91.20, 91.31 and 90.90 %" after all random flips.
std::string random_text(const BitFlipReport& report) {
  std::vector<std::string> ends;
  for (const RandomFlips& random : report.random)
    if (!random.scores.empty()) ends.push_back(percent(random.scores.back().top1()));
  if (ends.empty()) return {};
  return fmt::format("as many random flips: {}\n", fmt::join(ends, ", "));
}

std::vector<std::string> row_of(const BitFlipResult& result, const std::string& flip,
                                const WeightBit* bit, double objective, const FlipScore& score) {
  std::vector<std::string> row{flip};
  if (bit == nullptr)
    row.insert(row.end(), {"", "", "", "", ""});
  else
    row.insert(row.end(),
               {layer_of(result, *bit), std::to_string(bit->element), std::to_string(bit->bit),
                std::to_string(bit->before), std::to_string(bit->after)});
  row.push_back(fmt::format("{:.4f}", loss_of(result, objective)));
  row.push_back(percent(score.top1()));
  if (result.options.target) row.push_back(percent(moved_share(score)));
  return row;
}

}  // namespace

Json bit_flip_json(const BitFlipResult& result) {
  const BitFlipReport& report = result.report;
  Json flips = Json::array();
  for (std::size_t i = 0; i < report.flips.size(); ++i) {
    const MadeFlip& flip = report.flips[i];
    Json json{{"flip", i + 1}};
    json.update(json_of(result, flip.bit));
    json["first_order"] = loss_of(result, flip.bit.gain);
    json["loss"] = loss_of(result, flip.objective);
    json.update(json_of(flip.score, result.options));
    flips.push_back(std::move(json));
  }
  return {{"model", result.model},
          {"network", result.network->name()},
          {"attack", "bit-flips"},
          {"how", result.how},
          {"notes", result.notes},
          {"data", result.data},
          {"batch", {{"from", result.batch_data}, {"images", result.batch_images}}},
          {"options", json_of(result.options)},
          {"population", report.population},
          {"loss", loss_of(result, report.objective)},
          {"clean", json_of(report.clean, result.options)},
          {"flips", std::move(flips)},
          {"ended", enum_name(report.ended)},
          {"random", random_json(result)},
          {"faults_file", result.list_file.string()},
          {"random_file", result.random_file.string()},
          {"report", result.page_file.string()},
          {"seconds", report.seconds}};
}

std::string bit_flip_text(const BitFlipResult& result) {
  const BitFlipReport& report = result.report;
  std::vector<std::vector<std::string>> rows{
      {"flip", "layer", "element", "bit", "code", "becomes", "loss", "accuracy"}};
  if (result.options.target) rows.front().push_back("moved");
  rows.push_back(row_of(result, "none", nullptr, report.objective, report.clean));
  for (std::size_t i = 0; i < report.flips.size(); ++i) {
    const MadeFlip& flip = report.flips[i];
    rows.push_back(row_of(result, std::to_string(i + 1), &flip.bit, flip.objective, flip.score));
  }
  return fmt::format("{} ({}) on {} images of {}, {} bits, {:.1f} s\n{}\n{}{}\n{}", result.model,
                     result.how, report.clean.total, result.data, report.population, report.seconds,
                     settings_text(result), report::aligned(rows), end_text(report),
                     random_text(report));
}

std::string bit_flip_csv(const BitFlipResult& result) {
  std::string csv = "flip,layer,element,bit,before,after,loss,accuracy\r\n";
  for (std::size_t i = 0; i < result.report.flips.size(); ++i) {
    const MadeFlip& flip = result.report.flips[i];
    csv += fmt::format("{},{},{},{},{},{},{:.6f},{:.6f}\r\n", i + 1, layer_of(result, flip.bit),
                       flip.bit.element, flip.bit.bit, flip.bit.before, flip.bit.after,
                       loss_of(result, flip.objective), flip.score.top1());
  }
  return csv;
}

std::string bit_flip_page(const BitFlipResult& result) {
  const BitFlipReport& report = result.report;
  report::FlipReport page{.network = result.network->name(),
                          .model = result.model,
                          .data = result.data,
                          .version = std::string(version()),
                          .seed = result.options.seed,
                          .conditions = result.how + "; " + settings_text(result) +
                                        ". It ended: " + end_text(report) + ".",
                          .clean_accuracy = report.clean.top1(),
                          .clean_loss = loss_of(result, report.objective),
                          .images = report.clean.total,
                          .population = report.population};
  if (result.options.target) page.target = fmt::format("class {}", *result.options.target);
  for (const MadeFlip& flip : report.flips)
    page.flips.push_back({layer_of(result, flip.bit), flip.bit.element, flip.bit.bit,
                          flip.bit.before, flip.bit.after, loss_of(result, flip.objective),
                          flip.score.top1(), moved_share(flip.score)});
  for (const RandomFlips& random : report.random) {
    std::vector<double>& run = page.random.emplace_back();
    for (const FlipScore& score : random.scores) run.push_back(score.top1());
  }
  for (const auto& file : {result.list_file, result.random_file})
    if (!file.empty()) page.files.push_back(file.filename().string());
  return report::flip_page(page);
}

}  // namespace hwflow::cli
