#include "study/strategy_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "study/run_session.hpp"

namespace hwflow::study {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

StrategyLedger::StrategyLedger(const Study& study, const PlanSpace& plans, HardwareModel& unpriced,
                               HardwareSpace& space, train::AccuracyModel& accuracy,
                               RunStore& store, const SearchSetting& setting)
    : study_(study),
      network_(unpriced.network()),
      plans_(plans),
      space_(space),
      accuracy_(accuracy),
      store_(store),
      setting_(setting),
      evaluator_(unpriced, accuracy, store, setting.threads, setting.progress, setting.stop) {
  if (setting.only_known) evaluator_.use_only_the_store();
}

void StrategyLedger::set_total(std::int64_t total, std::string note) {
  evaluator_.set_total(total);
  evaluator_.set_note(std::move(note));
}

void StrategyLedger::begin() {
  const HardwareSearchOptions& options = *study_.hardware.search;
  const PrecisionPlan plan =
      plans_.uniform({options.reference_widths.weights, options.reference_widths.inputs});
  Expected<DesignPoint> point = space_.point(plan, space_.reference());
  if (!point) {
    problems_ = std::move(point).error();
    return;
  }
  reference_ = std::move(*point);
  std::vector<std::optional<double>> targets;
  for (const HardwareObjective objective : space_.objectives())
    targets.push_back(options.targets.of(objective));
  gate_.emplace(reference_.costs, std::move(targets));

  const auto float_accuracy =
      find_or_measure(store_, accuracy_.key(), std::string(kFloatOnSearchSplit),
                      !setting_.only_known, [this] { return accuracy_.float_search_accuracy(); });
  if (!float_accuracy) {
    stopped_ = true;
    return;
  }
  worst_error_ = std::min(1.0, 1.0 - float_accuracy->top1() + options.accuracy_loss_points / 100.0);
  std::vector<PrecisionPlan> baselines;
  for (const WidthPair& pair : study_.finish.baselines) baselines.push_back(plans_.uniform(pair));
  measure(enter(baselines));
}

std::vector<std::size_t> StrategyLedger::enter(std::span<const PrecisionPlan> plans) {
  std::vector<std::size_t> places;
  for (const PrecisionPlan& plan : plans) {
    const auto [place, is_new] = index_.emplace(to_text(plan), strategies_.size());
    if (is_new) strategies_.push_back({plan, generation_, std::nullopt, 0, std::nullopt});
    places.push_back(place->second);
  }
  return places;
}

bool StrategyLedger::price(std::span<const std::size_t> places) {
  if (!alive()) return false;
  std::set<std::size_t> fresh;
  for (const std::size_t place : places) {
    if (!strategies_[place].verdict) fresh.insert(place);
  }
  std::vector<PrecisionPlan> plans;
  for (const std::size_t place : fresh) plans.push_back(strategies_[place].plan);
  const auto start = std::chrono::steady_clock::now();
  auto fronts = space_.fronts(plans, setting_.threads, setting_.stop);
  if (!fronts) {
    problems_ = std::move(fronts).error();
    return false;
  }
  if (!*fronts) {
    stopped_ = true;
    return false;
  }
  std::size_t i = 0;
  for (const std::size_t place : fresh) {
    const std::vector<DesignPoint>& front = (**fronts)[i++];
    strategies_[place].verdict = gate_->judge(front);
    strategies_[place].designs = static_cast<std::int64_t>(front.size());
  }
  pricing_ += seconds_between(start, std::chrono::steady_clock::now());
  return true;
}

bool StrategyLedger::measure(std::span<const std::size_t> places) {
  if (!alive()) return false;
  std::vector<std::size_t> fresh;
  std::vector<PrecisionPlan> plans;
  for (const std::size_t place : places) {
    if (strategies_[place].accuracy ||
        std::find(fresh.begin(), fresh.end(), place) != fresh.end()) {
      continue;
    }
    fresh.push_back(place);
    plans.push_back(strategies_[place].plan);
  }
  auto values = evaluator_.measure(plans);
  if (!values) {
    problems_ = std::move(values).error();
    return false;
  }
  if (!*values) {
    stopped_ = true;
    return false;
  }
  for (std::size_t i = 0; i < fresh.size(); ++i)
    strategies_[fresh[i]].accuracy = (**values)[i].accuracy;
  evaluations_ += static_cast<std::int64_t>(fresh.size());
  return true;
}

std::int64_t StrategyLedger::evaluations_left() const {
  if (!study_.search.evaluations) return std::numeric_limits<std::int64_t>::max();
  return std::max<std::int64_t>(0, *study_.search.evaluations - evaluations_);
}

double StrategyLedger::harm(const Strategy& strategy) const {
  HWFLOW_CHECK(strategy.accuracy.has_value(), "the error of a plan that was not measured");
  return (1.0 - strategy.accuracy->top1()) / worst_error_;
}

/// The time of a generation is that of the process that finished it first.
std::pair<double, double> StrategyLedger::seconds_at_close(const std::string& name) {
  const auto now = std::chrono::steady_clock::now();
  seconds_ += seconds_between(closed_, now);
  hardware_seconds_ += pricing_;
  closed_ = now;
  pricing_ = 0.0;
  if (!setting_.run) return {seconds_, hardware_seconds_};
  const std::string fact = kSecondsFact + name;
  const std::optional<std::string> known = store_.find_fact(*setting_.run, fact);
  const std::string text =
      known.value_or(fmt::format("{:.3f} {:.3f}", seconds_, hardware_seconds_));
  if (!known && !setting_.only_known) store_.save_fact(*setting_.run, fact, text);
  char* end = nullptr;
  seconds_ = std::strtod(text.c_str(), &end);
  hardware_seconds_ = std::strtod(end, nullptr);
  return {seconds_, hardware_seconds_};
}

void StrategyLedger::close(const std::string& name, const std::string& label) {
  if (!alive()) return;
  Close close;
  close.known = strategies_.size();
  close.summary.generation = generation_++;
  close.summary.considered = static_cast<std::int64_t>(strategies_.size());
  close.summary.evaluations = evaluations_;
  std::tie(close.summary.seconds, close.summary.hardware_seconds) = seconds_at_close(name);
  closes_.push_back(std::move(close));
  evaluator_.set_note(
      fmt::format("{}, {} plans, {} measured", label, strategies_.size(), evaluations_));
}

void StrategyLedger::close_generation(const std::string& label) {
  close(fmt::format("generation {}", generation_), label);
}

void StrategyLedger::close_search() { close("designs of the plans left", "designs"); }

}  // namespace hwflow::study
