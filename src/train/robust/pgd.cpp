#include "train/robust/pgd.hpp"

#include <torch/utils.h>

#include <optional>
#include <vector>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

/// Drops the rows of images that fell.
void keep(const std::optional<Tensor>& rows, Tensor& values) {
  if (rows) values = values.index_select(0, *rows);
}

void run_once(StandingImages& images, Classifier& source, Tensor point, const PgdSettings& s,
              const std::stop_token& stop) {
  for (int step = 0; step < s.steps; ++step) {
    if (images.empty() || stop.stop_requested()) return;
    const Tensor seen = images.box().on_grid(point);
    Slope slope = slope_at(source, seen, images.labels(), AttackLoss::cross_entropy);
    const std::optional<Tensor> left = images.offer(seen, slope.wrong);
    keep(left, point);
    keep(left, slope.gradient);
    point = images.box().project(point + s.step_size * slope.gradient.sign());
  }
  if (!images.empty()) images.offer_all(images.box().on_grid(point));
}

}  // namespace

void attack_by_fgsm(StandingImages& images, Classifier& source) {
  if (images.empty()) return;
  const PixelBox& box = images.box();
  const Tensor gradient =
      slope_at(source, box.center, images.labels(), AttackLoss::cross_entropy).gradient;
  images.offer_all(
      torch::where(gradient > 0, box.high, torch::where(gradient < 0, box.low, box.center)));
}

void attack_by_pgd(StandingImages& images, Classifier& source, const PgdSettings& settings,
                   const std::stop_token& stop) {
  for (int restart = 0; restart < settings.restarts; ++restart) {
    if (images.empty() || stop.stop_requested()) return;
    std::vector<Rng> streams = images.streams(settings.seed, settings.streams, restart);
    Tensor start =
        settings.random_start ? random_point(images.box(), streams) : images.box().center;
    run_once(images, source, std::move(start), settings, stop);
  }
}

}  // namespace hwflow::train::robust
