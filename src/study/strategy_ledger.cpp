#include "study/strategy_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "study/run_session.hpp"

namespace hwflow::study {
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
      evaluator_(unpriced, accuracy, store, setting.threads, setting.progress, setting.stop),
      clock_(store, setting.run, setting.only_known) {
  if (setting.only_known) evaluator_.use_only_the_store();
}

void StrategyLedger::set_total(std::int64_t total, std::string note) {
  evaluator_.set_total(total);
  evaluator_.set_note(std::move(note));
}

Expected<DesignPoint> StrategyLedger::on_reference(const WidthPair& widths,
                                                   const std::string& key) {
  Expected<DesignPoint> point = space_.point(plans_.uniform(widths), space_.reference());
  if (point) return point;
  Diagnostics problems = std::move(point).error();
  for (Diagnostic& problem : problems) {
    problem.reason = fmt::format("uniform {}/{} cannot run on the reference design: {}: {}",
                                 widths.weights, widths.inputs, problem.place, problem.reason);
    problem.place = key;
    if (problem.hint.empty()) problem.hint = "other widths, or a larger reference";
    problem.kind = ProblemKind::wrong_input;
  }
  return Unexpected{std::move(problems)};
}

void StrategyLedger::begin() {
  const HardwareSearchOptions& options = *study_.hardware.search;
  const auto require = [&](const WidthPair& widths, const std::string& key) {
    Expected<DesignPoint> point = on_reference(widths, key);
    if (!point) std::ranges::copy(point.error(), std::back_inserter(problems_));
    return point ? std::move(*point) : DesignPoint{};
  };
  reference_ = require({options.reference_widths.weights, options.reference_widths.inputs},
                       "hardware.search.reference_widths");
  std::vector<CompressionPlan> baselines;
  for (std::size_t i = 0; i < study_.finish.baselines.size(); ++i) {
    static_cast<void>(require(study_.finish.baselines[i], fmt::format("finish.baselines[{}]", i)));
    baselines.push_back(plans_.uniform(study_.finish.baselines[i]));
  }
  if (!alive()) return;
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
  measure(enter(baselines));
}

std::vector<std::size_t> StrategyLedger::enter(std::span<const CompressionPlan> plans) {
  std::vector<std::size_t> places;
  for (const CompressionPlan& plan : plans) {
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
  std::vector<CompressionPlan> plans;
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
  pricing_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return true;
}

bool StrategyLedger::measure(std::span<const std::size_t> places) {
  if (!alive()) return false;
  std::vector<std::size_t> fresh;
  std::vector<CompressionPlan> plans;
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

void StrategyLedger::close(const std::string& name, const std::string& label,
                           std::optional<double> rank_correlation) {
  if (!alive()) return;
  Close close;
  close.known = strategies_.size();
  close.summary.generation = generation_++;
  close.summary.considered = static_cast<std::int64_t>(strategies_.size());
  close.summary.evaluations = evaluations_;
  const std::vector<double> totals =
      clock_.close(name, std::array{std::exchange(pricing_, 0.0), processor_.lap()});
  close.summary.seconds = totals[0];
  close.summary.hardware_seconds = totals[1];
  close.summary.cpu_seconds = totals[2];
  close.summary.rank_correlation = rank_correlation;
  closes_.push_back(close);
  evaluator_.set_note(fmt::format(
      "{}, {} plans, {} measured{}", label, strategies_.size(), evaluations_,
      rank_correlation ? fmt::format(", predicted with rank correlation {:.2f}", *rank_correlation)
                       : std::string{}));
}

void StrategyLedger::close_generation(const std::string& label,
                                      std::optional<double> rank_correlation) {
  close(fmt::format("generation {}", generation_), label, rank_correlation);
}

void StrategyLedger::close_search() { close("designs of the plans left", "designs", std::nullopt); }

}  // namespace hwflow::study
