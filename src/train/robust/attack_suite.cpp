#include "train/robust/attack_suite.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <numeric>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "train/nn/module_training.hpp"
#include "train/robust/apgd.hpp"
#include "train/robust/pgd.hpp"
#include "train/robust/square.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

constexpr double kStepShare = 0.25;  // of eps: PGD's step unless another is asked for

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The networks of one thread.
struct Networks {
  std::unique_ptr<Classifier> judge, gradient, transfer;
};

void run_attack(StandingImages& images, AttackKind attack, double eps, const AttackOptions& o,
                const Networks& networks, const std::stop_token& stop) {
  const double step = o.step_size.value_or(kStepShare * eps);
  switch (attack) {
    case AttackKind::fgsm: return attack_by_fgsm(images, *networks.gradient);
    case AttackKind::pgd:
    case AttackKind::transfer:
      return attack_by_pgd(images,
                           attack == AttackKind::pgd ? *networks.gradient : *networks.transfer,
                           {.steps = o.pgd_steps,
                            .step_size = step,
                            .restarts = o.restarts,
                            .streams = attack,
                            .seed = o.seed},
                           stop);
    case AttackKind::apgd_ce:
    case AttackKind::apgd_dlr:
      return attack_by_apgd(
          images, *networks.gradient,
          {.loss = attack == AttackKind::apgd_dlr ? AttackLoss::dlr : AttackLoss::cross_entropy,
           .eps = eps,
           .steps = o.apgd_steps,
           .restarts = o.restarts,
           .seed = o.seed},
          stop);
    case AttackKind::square:
      return attack_by_squares(images, {.queries = o.queries, .p = o.square_p, .seed = o.seed},
                               stop);
  }
  HWFLOW_CHECK(false, "an attack without code");
}

/// Images first .. first + count - 1 of the set under all attacks.
class BatchAttack {
 public:
  BatchAttack(const Victim& victim, const ImageSet& images, const AttackOptions& options,
              std::int64_t first, std::int64_t count)
      : images_(images),
        options_(options),
        first_(first),
        count_(count),
        size_(images.channels * images.height * images.width),
        device_(find_device(options.device).value()),
        networks_{victim.judge(), victim.gradient(),
                  victim.transfer ? victim.transfer() : nullptr} {}

  /// Classes of the images as they are; the images that are right.
  std::vector<std::int16_t> predict() {
    const torch::NoGradGuard no_gradients;
    const Tensor pixels = pixels_of_bytes(bytes_of(first_, count_), shape(count_)).to(device_);
    const Tensor classes = networks_.judge->logits(pixels).argmax(1).to(torch::kCPU);
    std::vector<std::int16_t> predicted;
    for (std::int64_t i = 0; i < count_; ++i) {
      predicted.push_back(static_cast<std::int16_t>(classes[i].item<std::int64_t>()));
      if (predicted.back() == images_.labels[static_cast<std::size_t>(first_ + i)])
        right_.push_back(first_ + i);
    }
    return predicted;
  }

  /// Right images whose every pixel has a gradient of 0.
  std::int64_t zero_gradients() {
    if (right_.empty()) return 0;
    const PixelBox box = box_of(right_, options_.eps.front().value);
    const Slope slope =
        slope_at(*networks_.gradient, box.center, labels_of(right_), AttackLoss::cross_entropy);
    return slope.gradient.flatten(1).abs().amax(1).eq(0).sum().item<std::int64_t>();
  }

  /// Writes what becomes of this batch's images; `report` is called after each attack with the
  /// seconds that it took.
  void run(EpsOutcome& outcome, const std::function<void(AttackOutcome&, double)>& report,
           const std::stop_token& stop) {
    std::vector<std::int64_t> left = right_;
    for (AttackOutcome& attack : outcome.attacks) {
      if (stop.stop_requested()) return;
      const Clock::time_point start = Clock::now();
      if (!left.empty()) attack_once(left, outcome, attack, stop);
      report(attack, seconds_since(start));
      if (!options_.cascade) continue;
      std::erase_if(left, [&](std::int64_t image) {
        return attack.fooled_into[static_cast<std::size_t>(image)] != kStands;
      });
    }
  }

 private:
  [[nodiscard]] std::vector<std::int64_t> shape(std::int64_t count) const {
    return {count, images_.channels, images_.height, images_.width};
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes_of(std::int64_t first,
                                                       std::int64_t count) const {
    return {images_.pixels.data() + first * size_, static_cast<std::size_t>(count * size_)};
  }

  [[nodiscard]] PixelBox box_of(const std::vector<std::int64_t>& numbers, double eps) const {
    std::vector<std::uint8_t> pixels;
    for (const std::int64_t number : numbers) {
      const auto bytes = bytes_of(number, 1);
      pixels.insert(pixels.end(), bytes.begin(), bytes.end());
    }
    PixelBox box = make_box(pixels, shape(std::ssize(numbers)), eps, options_.pixels);
    for (Tensor* tensor : {&box.center, &box.low, &box.high}) *tensor = tensor->to(device_);
    return box;
  }

  [[nodiscard]] Tensor labels_of(const std::vector<std::int64_t>& numbers) const {
    std::vector<std::int64_t> labels;
    for (const std::int64_t number : numbers)
      labels.push_back(images_.labels[static_cast<std::size_t>(number)]);
    return torch::tensor(labels, torch::kInt64).to(device_);
  }

  void attack_once(const std::vector<std::int64_t>& numbers, EpsOutcome& outcome,
                   AttackOutcome& attack, const std::stop_token& stop) {
    StandingImages standing(box_of(numbers, outcome.eps.value), labels_of(numbers), numbers,
                            *networks_.judge);
    run_attack(standing, attack.attack, outcome.eps.value, options_, networks_, stop);
    const Tensor made = standing.images().contiguous();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto image = static_cast<std::size_t>(numbers[i]);
      const auto fooled = static_cast<std::int16_t>(standing.fooled_into()[i]);
      attack.fooled_into[image] = fooled;
      if (fooled < 0 || outcome.images.empty()) continue;
      if (&attack != &first_to_fool(outcome, image)) continue;
      const float* pixels = made.data_ptr<float>() + static_cast<std::int64_t>(i) * size_;
      std::copy(pixels, pixels + size_, outcome.images.begin() + numbers[i] * size_);
    }
  }

  /// There is one.
  static const AttackOutcome& first_to_fool(const EpsOutcome& outcome, std::size_t image) {
    return *std::ranges::find_if(outcome.attacks, [image](const AttackOutcome& attack) {
      return attack.fooled_into[image] >= 0;
    });
  }

  const ImageSet& images_;
  const AttackOptions& options_;
  std::int64_t first_, count_, size_;
  torch::Device device_;
  Networks networks_;
  std::vector<std::int64_t> right_;
};

EpsOutcome empty_outcome(const Epsilon& eps, const std::vector<AttackKind>& attacks,
                         const ImageSet& images, bool keep_images) {
  EpsOutcome outcome{.eps = eps};
  for (const AttackKind attack : attacks) {
    outcome.attacks.push_back(
        {.attack = attack,
         .fooled_into = std::vector<std::int16_t>(images.labels.size(), kNotAttacked)});
  }
  if (keep_images) {
    const Tensor pixels =
        pixels_of_bytes(images.pixels, {static_cast<std::int64_t>(images.pixels.size())});
    outcome.images.assign(pixels.data_ptr<float>(), pixels.data_ptr<float>() + pixels.numel());
  }
  return outcome;
}

Diagnostics check_all(const Victim& victim, const ImageSet& images, const AttackOptions& o) {
  Diagnostics problems = check(o);
  const auto wants = [&](AttackKind attack) {
    return std::ranges::find(o.attacks, attack) != o.attacks.end();
  };
  if (wants(AttackKind::transfer) && !victim.transfer) {
    problems.push_back({"attacks", "transfer wants a network to transfer from", ""});
  }
  if (wants(AttackKind::apgd_dlr) && images.classes < 3) {
    problems.push_back({"attacks", "apgd-dlr compares three classes; there are fewer", ""});
  }
  if (images.count() == 0) problems.push_back({images.name, "holds no image", ""});
  for (const Diagnostic& problem : check_device(o.device)) problems.push_back(problem);
  return problems;
}

bool uses_gradients(AttackKind attack) { return attack != AttackKind::square; }

/// The batches of a set, each on a thread of its own, into one report.
class Suite {
 public:
  Suite(const Victim& victim, const ImageSet& images, const AttackOptions& options,
        const ReportAttack& progress, const std::stop_token& stop)
      : victim_(victim), images_(images), options_(options), progress_(progress), stop_(stop) {
    report_.labels = images.labels;
    report_.predicted.resize(images.labels.size());
    std::vector<Epsilon> eps = options.eps;
    std::ranges::sort(eps, {}, &Epsilon::value);
    for (const Epsilon& one : eps) {
      report_.by_eps.push_back(empty_outcome(one, options.attacks, images, options.keep_images));
    }
    if (options.probe && std::ranges::any_of(options.attacks, uses_gradients))
      report_.probe.push_back(empty_outcome(kProbeEpsilon, {AttackKind::pgd}, images, false));
    done_.total = images.count() *
                  (std::ssize(eps) * std::ssize(options.attacks) + std::ssize(report_.probe));
  }

  AttackReport run() {
    const Clock::time_point start = Clock::now();
    const std::int64_t batches = (images_.count() + options_.batch_size - 1) / options_.batch_size;
    const bool on_cpu = options_.device == "cpu";
    parallel_for(static_cast<std::size_t>(batches), on_cpu ? options_.threads : 1,
                 [&](std::size_t batch) {
                   if (on_cpu) torch::set_num_threads(1);  // of the calling thread only
                   run_batch(static_cast<std::int64_t>(batch) * options_.batch_size);
                 });
    report_.seconds = seconds_since(start);
    report_.stopped = stop_.stop_requested();
    return std::move(report_);
  }

 private:
  void run_batch(std::int64_t first) {
    if (stop_.stop_requested()) return;
    BatchAttack batch(victim_, images_, options_, first,
                      std::min(options_.batch_size, images_.count() - first));
    const std::vector<std::int16_t> predicted = batch.predict();
    std::ranges::copy(predicted, report_.predicted.begin() + first);
    const std::int64_t zeros =
        std::ranges::any_of(options_.attacks, uses_gradients) ? batch.zero_gradients() : 0;
    const auto report = [&](AttackOutcome& attack, double seconds) {
      const std::lock_guard lock(mutex_);
      attack.seconds += seconds;
      done_.done += std::ssize(predicted);
      if (progress_) progress_(done_);
    };
    for (std::vector<EpsOutcome>* outcomes : {&report_.by_eps, &report_.probe}) {
      for (EpsOutcome& outcome : *outcomes) batch.run(outcome, report, stop_);
    }
    const std::lock_guard lock(mutex_);
    report_.zero_gradients += zeros;
  }

  const Victim& victim_;
  const ImageSet& images_;
  const AttackOptions& options_;
  const ReportAttack& progress_;
  const std::stop_token& stop_;
  AttackReport report_;
  AttackProgress done_;
  std::mutex mutex_;
};

}  // namespace

Expected<AttackReport> attack_images(const Victim& victim, const ImageSet& images,
                                     const AttackOptions& options, const ReportAttack& progress,
                                     const std::stop_token& stop) {
  Diagnostics problems = check_all(victim, images, options);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Suite(victim, images, options, progress, stop).run();
}

}  // namespace hwflow::train::robust
