#include "train/robust/apgd.hpp"

#include <torch/utils.h>

#include <optional>
#include <vector>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr double kMomentum = 0.75;
constexpr double kLeastIncreases = 0.75;  // of the steps between two checkpoints

Tensor per_image(const Tensor& values) { return values.view({-1, 1, 1, 1}); }

/// A point, what the network saw of it there and which way the loss grows.
struct Place {
  Tensor point, seen, gradient;

  void keep(const Tensor& rows) {
    for (Tensor* tensor : {&point, &seen, &gradient})
      if (tensor->defined()) *tensor = tensor->index_select(0, rows);
  }
  /// Takes over `other` where `which` says so.
  void take(const Tensor& which, const Place& other) {
    const Tensor mask = per_image(which);
    point = torch::where(mask, other.point, point);
    seen = torch::where(mask, other.seen, seen);
    gradient = torch::where(mask, other.gradient, gradient);
  }
};

/// One start of all images that stand.
class ApgdRun {
 public:
  ApgdRun(StandingImages& images, Classifier& source, const ApgdSettings& settings)
      : images_(images), source_(source), settings_(settings) {}

  void run(Tensor start, const std::stop_token& stop) {
    here_.point = std::move(start);
    Tensor losses = visit();
    if (images_.empty()) return;
    best_ = here_;
    before_ = here_.point;
    StepHalving halving(settings_.steps, settings_.eps, losses);
    for (int step = 1; step < settings_.steps; ++step) {
      advance(halving.step_sizes(), step == 1 ? 1.0 : kMomentum);
      if (stop.stop_requested()) return;
      losses = visit(&halving);
      if (images_.empty()) return;
      const Tensor better = losses > halving.best();
      best_.take(better, here_);
      const Tensor halved = halving.update(step, losses);
      here_.take(halved, best_);
    }
    advance(halving.step_sizes(), settings_.steps == 1 ? 1.0 : kMomentum);
    if (const auto left = images_.offer_all(images_.box().on_grid(here_.point))) best_.keep(*left);
    if (!images_.empty()) images_.offer_all(best_.seen);
  }

 private:
  /// What the network says at the present point; drops what falls there.
  Tensor visit(StepHalving* halving = nullptr) {
    here_.seen = images_.box().on_grid(here_.point);
    Slope slope = slope_at(source_, here_.seen, images_.labels(), settings_.loss);
    here_.gradient = slope.gradient;
    const std::optional<Tensor> left = images_.offer(here_.seen, slope.wrong);
    if (!left) return slope.loss;
    here_.keep(*left);
    best_.keep(*left);
    if (before_.defined()) before_ = before_.index_select(0, *left);
    if (halving != nullptr) halving->keep(*left);
    return slope.loss.index_select(0, *left);
  }

  void advance(const Tensor& step_sizes, double share) {
    const PixelBox& box = images_.box();
    const Tensor& x = here_.point;
    const Tensor z = box.project(x + per_image(step_sizes) * here_.gradient.sign());
    Tensor next = box.project(x + share * (z - x) + (1.0 - share) * (x - before_));
    before_ = x;
    here_.point = std::move(next);
  }

  StandingImages& images_;
  Classifier& source_;
  const ApgdSettings& settings_;
  Place here_, best_;
  Tensor before_;  ///< the point before this one
};

}  // namespace

StepHalving::StepHalving(int steps, double eps, const Tensor& first_losses)
    : checkpoints_(apgd_checkpoints(steps)),
      step_sizes_(torch::full_like(first_losses, 2.0 * eps, torch::kFloat32)),
      before_(first_losses),
      best_(first_losses),
      best_then_(first_losses),
      increases_(torch::zeros_like(first_losses, torch::kInt64)),
      halved_then_(torch::zeros_like(first_losses, torch::kBool)) {}

Tensor StepHalving::update(int step, const Tensor& losses) {
  increases_ = increases_ + losses.gt(before_);
  best_ = torch::max(best_, losses);
  before_ = losses;
  if (next_ >= checkpoints_.size() || step != checkpoints_[next_])
    return torch::zeros_like(halved_then_);
  const int span = checkpoints_[next_] - checkpoints_[next_ - 1];
  const Tensor oscillates = increases_ < kLeastIncreases * span;
  const Tensor stuck = halved_then_.logical_not().logical_and(best_ <= best_then_);
  const Tensor halved = oscillates.logical_or(stuck);
  step_sizes_ = torch::where(halved, step_sizes_ / 2.0, step_sizes_);
  before_ = torch::where(halved, best_, losses);
  halved_then_ = halved;
  best_then_ = best_;
  increases_ = torch::zeros_like(increases_);
  ++next_;
  return halved;
}

void StepHalving::keep(const Tensor& rows) {
  for (Tensor* tensor : {&step_sizes_, &before_, &best_, &best_then_, &increases_, &halved_then_})
    *tensor = tensor->index_select(0, rows);
}

void attack_by_apgd(StandingImages& images, Classifier& source, const ApgdSettings& settings,
                    const std::stop_token& stop) {
  const AttackKind kind =
      settings.loss == AttackLoss::dlr ? AttackKind::apgd_dlr : AttackKind::apgd_ce;
  for (int restart = 0; restart < settings.restarts; ++restart) {
    if (images.empty() || stop.stop_requested()) return;
    std::vector<Rng> streams = images.streams(settings.seed, kind, restart);
    ApgdRun(images, source, settings).run(random_point(images.box(), streams), stop);
  }
}

}  // namespace hwflow::train::robust
