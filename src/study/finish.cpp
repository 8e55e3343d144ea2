#include "study/finish.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cctype>
#include <mutex>
#include <optional>

#include "base/parallel.hpp"
#include "study/paired_test.hpp"

namespace hwflow::study {
namespace {

/// Plans are finished by several threads that share one progress line.
class Finisher {
 public:
  Finisher(const CodesignResult& result, const FinishOptions& options, std::uint64_t seed,
           train::AccuracyModel& accuracy, RunStore& store, const SearchSetting& setting)
      : result_(result),
        key_(finetune_text(options, seed)),
        options_{options.epochs, options.learning_rate, options.batch_size, seed},
        accuracy_(accuracy),
        store_(store),
        setting_(setting) {}

  std::vector<train::FinishedPlan> run() {
    std::vector<std::optional<train::FinishedPlan>> plans(result_.plans.size());
    parallel_for(plans.size(), setting_.threads, [&](std::size_t i) {
      if (!setting_.stop.stop_requested()) plans[i] = finish(i);
    });
    std::vector<train::FinishedPlan> finished;
    for (std::optional<train::FinishedPlan>& plan : plans) {
      if (!plan) return {};
      finished.push_back(std::move(*plan));
    }
    return finished;
  }

 private:
  std::optional<train::FinishedPlan> finish(std::size_t i) {
    const PrecisionPlan& plan = result_.evaluated[result_.plans[i].evaluated].plan;
    const std::string text = hwflow::to_text(plan);
    std::optional<train::FinishedPlan> known = store_.find_finished(accuracy_.key(), text, key_);
    if (!known) {
      known = accuracy_.finish(
          plan, options_,
          [&](const std::string& note) { report(result_.plans[i].label + ": " + note, 0); },
          setting_.stop);
      // Training that was cut short is no result.
      if (setting_.stop.stop_requested()) return std::nullopt;
      store_.save_finished(accuracy_.key(), text, key_, *known);
    }
    report(result_.plans[i].label + ": done", 1);
    return known;
  }

  void report(const std::string& note, std::int64_t more) {
    const std::lock_guard lock(mutex_);
    done_ += more;
    if (setting_.progress) {
      setting_.progress({"finish", done_, static_cast<std::int64_t>(result_.plans.size()), note});
    }
  }

  const CodesignResult& result_;
  std::string key_;
  train::FinetuneOptions options_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  const SearchSetting& setting_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
};

double saving(double pick, double baseline) { return baseline > 0.0 ? 1.0 - pick / baseline : 0.0; }

Saving saving_of(const CodesignResult& result, std::size_t pick, std::size_t baseline) {
  const HardwareCost& a = result.evaluated[result.plans[pick].evaluated].hardware;
  const HardwareCost& b = result.evaluated[result.plans[baseline].evaluated].hardware;
  return {pick,
          baseline,
          saving(a.energy_pj, b.energy_pj),
          saving(static_cast<double>(a.cycles), static_cast<double>(b.cycles)),
          saving(static_cast<double>(a.dram_bits), static_cast<double>(b.dram_bits)),
          saving(static_cast<double>(a.model_bits), static_cast<double>(b.model_bits))};
}

std::optional<std::size_t> find_reference(const CodesignResult& result,
                                          const FinishOptions& options) {
  const std::string label =
      fmt::format("uniform {}/{}", options.reference.weights, options.reference.inputs);
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    if (result.plans[i].baseline && result.plans[i].label == label) return i;
  }
  return std::nullopt;
}

void choose_headline(CodesignResult& result, const FinishOptions& options) {
  const std::optional<std::size_t> reference = find_reference(result, options);
  if (!reference || !result.float_test) return;
  const double floor = result.float_test->top1() - result.tolerance;
  std::optional<std::size_t> best;
  const auto energy = [&](std::size_t i) {
    return result.evaluated[result.plans[i].evaluated].hardware.energy_pj;
  };
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const PlanDetails& plan = result.plans[i];
    if (plan.baseline || !plan.test_integer || plan.test_integer->top1() < floor) continue;
    if (!best || energy(i) < energy(*best)) best = i;
  }
  if (best) result.headline = saving_of(result, *best, *reference);
}

}  // namespace

std::vector<train::FinishedPlan> finish_plans(CodesignResult& result, const FinishOptions& options,
                                              std::uint64_t seed, train::AccuracyModel& accuracy,
                                              RunStore& store, const SearchSetting& setting) {
  std::vector<train::FinishedPlan> finished =
      Finisher(result, options, seed, accuracy, store, setting).run();
  for (std::size_t i = 0; i < finished.size(); ++i) {
    result.plans[i].test_fake_quantized = finished[i].fake_quantized;
    result.plans[i].test_integer = finished[i].integer;
    result.plans[i].finetune_seconds = finished[i].seconds;
  }
  return finished;
}

void compare_plans(CodesignResult& result, const std::vector<train::FinishedPlan>& finished,
                   const FinishOptions& options) {
  for (std::size_t pick = 0; pick < finished.size(); ++pick) {
    if (result.plans[pick].baseline) continue;
    for (std::size_t baseline = 0; baseline < finished.size(); ++baseline) {
      if (!result.plans[baseline].baseline) continue;
      PairedTest test = paired_test(finished[pick].correct, finished[baseline].correct);
      test.a = pick;
      test.b = baseline;
      result.paired_tests.push_back(test);
    }
  }
  choose_headline(result, options);
}

std::string file_stem(const std::string& label) {
  std::string stem;
  for (const char c : label) {
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    stem += kept ? c : '_';
  }
  return stem;
}

std::string finetune_text(const FinishOptions& options, std::uint64_t seed) {
  return fmt::format(
      "epochs {} learning_rate {} batch_size {} seed {} method {} crop_pad {} flip {} "
      "weight_decay {}",
      options.epochs, options.learning_rate, options.batch_size, seed,
      static_cast<int>(options.method), options.crop_pad, options.flip, options.weight_decay);
}

}  // namespace hwflow::study
