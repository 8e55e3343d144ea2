#include "cli/attack_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/terminal_table.hpp"
#include "train/fault/statistics.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::cli {
namespace {

using namespace train::robust;
using Json = nlohmann::ordered_json;
using train::AccuracyEstimate;

constexpr double kConfidence = 0.95;

train::fault::Interval interval_of(const AccuracyEstimate& a) {
  return train::fault::wilson(static_cast<double>(a.correct), a.total, kConfidence);
}

Json json_of(const AccuracyEstimate& a) {
  const train::fault::Interval interval = interval_of(a);
  return {{"correct", a.correct}, {"total", a.total},
          {"top1", a.top1()},     {"standard_error", a.standard_error()},
          {"low", interval.low},  {"high", interval.high}};
}

Json json_of(const EpsOutcome& outcome) {
  Json attacks = Json::array();
  for (const AttackOutcome& attack : outcome.attacks) {
    Json row = {{"attack", enum_name(attack.attack)},
                {"attacked", attack.attacked()},
                {"broken", attack.attacked() - attack.standing()}};
    row.update(json_of(outcome.against(attack)));
    row["seconds"] = attack.seconds;
    attacks.push_back(std::move(row));
  }
  return {{"eps", outcome.eps.text},
          {"value", outcome.eps.value},
          {"attacks", std::move(attacks)},
          {"worst_case", json_of(outcome.robust())}};
}

Json json_of(const AttackOptions& o) {
  Json attacks = Json::array();
  for (const AttackKind attack : o.attacks) attacks.push_back(enum_name(attack));
  return {{"attacks", std::move(attacks)},
          {"pixels", enum_name(o.pixels)},
          {"pgd_steps", o.pgd_steps},
          {"step_size", o.step_size ? Json(*o.step_size) : Json()},
          {"apgd_steps", o.apgd_steps},
          {"restarts", o.restarts},
          {"queries", o.queries},
          {"square_p", o.square_p},
          {"cascade", o.cascade},
          {"batch_size", o.batch_size},
          {"device", o.device},
          {"seed", o.seed}};
}

std::vector<std::string> row_of(const std::string& eps, std::string_view attack,
                                std::int64_t attacked, std::int64_t broken,
                                const AccuracyEstimate& accuracy) {
  const train::fault::Interval interval = interval_of(accuracy);
  return {eps,
          std::string(attack),
          std::to_string(attacked),
          std::to_string(broken),
          fmt::format("{:.2f} %", 100.0 * accuracy.top1()),
          fmt::format("{:.2f} to {:.2f}", 100.0 * interval.low, 100.0 * interval.high)};
}

/// The attack that broke an image first; null: none did.
const AttackOutcome* first_to_break(const EpsOutcome& outcome, std::size_t image) {
  const auto found = std::ranges::find_if(outcome.attacks, [image](const AttackOutcome& attack) {
    return attack.fooled_into[image] >= 0;
  });
  return found == outcome.attacks.end() ? nullptr : &*found;
}

std::string settings_text(const AttackOptions& o) {
  return fmt::format(
      "L-infinity, {} pixels; PGD {} steps of {}, APGD {} steps, {} start{}, Square {} queries; "
      "seed {}{}\n",
      enum_name(o.pixels), o.pgd_steps, o.step_size ? fmt::format("{:g}", *o.step_size) : "eps/4",
      o.apgd_steps, o.restarts, o.restarts == 1 ? "" : "s", o.queries, o.seed,
      o.cascade ? "; each attack on what the ones before left standing" : "");
}

}  // namespace

Json attack_json(const AttackResult& result) {
  const AttackReport& report = result.report;
  Json eps = Json::array(), alarms = Json::array();
  for (const EpsOutcome& outcome : report.by_eps) eps.push_back(json_of(outcome));
  for (const MaskingAlarm& alarm : result.alarms) {
    alarms.push_back({{"kind", enum_name(alarm.kind)},
                      {"eps", alarm.eps},
                      {"images", alarm.images},
                      {"of", alarm.of},
                      {"text", alarm.text}});
  }
  return {{"model", result.model},
          {"network", result.network},
          {"mode", result.mode},
          {"how", result.how},
          {"transfer_from", result.transfer_from},
          {"notes", result.notes},
          {"data", result.data},
          {"total", report.labels.size()},
          {"options", json_of(result.options)},
          {"clean", json_of(report.clean())},
          {"eps", std::move(eps)},
          {"probe", report.probe.empty() ? Json() : json_of(report.probe.front())},
          {"zero_gradients", report.zero_gradients},
          {"alarms", std::move(alarms)},
          {"seconds", report.seconds}};
}

std::string attack_text(const AttackResult& result) {
  const AttackReport& report = result.report;
  std::vector<std::vector<std::string>> rows{
      {"eps", "attack", "attacked", "broken", "accuracy", "95 % interval"}};
  const AccuracyEstimate clean = report.clean();
  rows.push_back(row_of("0", "none", clean.total, clean.total - clean.correct, clean));
  for (const EpsOutcome& outcome : report.by_eps) {
    for (const AttackOutcome& attack : outcome.attacks) {
      rows.push_back(row_of(outcome.eps.text, enum_name(attack.attack), attack.attacked(),
                            attack.attacked() - attack.standing(), outcome.against(attack)));
    }
    const AccuracyEstimate worst = outcome.robust();
    rows.push_back(row_of(outcome.eps.text, "worst case", clean.correct,
                          clean.correct - worst.correct, worst));
  }
  std::string text = fmt::format("{} ({}{}) on {} images of {}, {:.1f} s\n", result.model,
                                 result.mode, result.how.empty() ? "" : ", " + result.how,
                                 report.labels.size(), result.data, report.seconds);
  text += settings_text(result.options);
  text += report::aligned(rows);
  for (const MaskingAlarm& alarm : result.alarms)
    text += fmt::format("alarm {}: {}\n", enum_name(alarm.kind), alarm.text);
  if (result.alarms.empty()) text += "no sign of hidden gradients\n";
  return text;
}

std::string attacked_images_csv(const AttackResult& result) {
  std::string csv = "image,label,clean_prediction,eps,adversarial_prediction,attack\r\n";
  const AttackReport& report = result.report;
  for (const EpsOutcome& outcome : report.by_eps) {
    for (std::size_t i = 0; i < report.labels.size(); ++i) {
      const AttackOutcome* attack = first_to_break(outcome, i);
      csv += fmt::format("{},{},{},{},{},{}\r\n", i, report.labels[i], report.predicted[i],
                         outcome.eps.text,
                         attack == nullptr ? "" : std::to_string(attack->fooled_into[i]),
                         attack == nullptr ? "" : enum_name(attack->attack));
    }
  }
  return csv;
}

void write_adversarial_images(const std::filesystem::path& folder, const AttackResult& result,
                              const train::ImageSet& images) {
  for (const EpsOutcome& outcome : result.report.by_eps) {
    const std::int64_t count = images.count();
    FloatTensor labels{{count}, {}}, fooled_into{{count}, {}};
    for (std::size_t i = 0; i < images.labels.size(); ++i) {
      const AttackOutcome* attack = first_to_break(outcome, i);
      labels.values.push_back(images.labels[i]);
      fooled_into.values.push_back(attack == nullptr ? -1.0F : attack->fooled_into[i]);
    }
    std::string eps = outcome.eps.text;
    std::ranges::replace(eps, '/', '_');
    train::write_safetensors(
        folder / fmt::format("adversarial_{}.safetensors", eps),
        {{{"images", {{count, images.channels, images.height, images.width}, outcome.images}},
          {"labels", std::move(labels)},
          {"fooled_into", std::move(fooled_into)}},
         {{"model", result.model},
          {"mode", result.mode},
          {"data", result.data},
          {"eps", outcome.eps.text},
          {"seed", std::to_string(result.options.seed)}}});
  }
}

}  // namespace hwflow::cli
