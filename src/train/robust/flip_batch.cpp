#include "train/robust/flip_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/nn/image_split.hpp"

namespace hwflow::train::robust {
namespace {

std::vector<std::int64_t> images_where(const ImageSet& images, const auto& good) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < images.count(); ++i)
    if (good(std::int64_t{images.labels[static_cast<std::size_t>(i)]})) indices.push_back(i);
  return indices;
}

/// Images of all classes.
FlipBatch plain_batch(const ImageSet& from, const BitFlipOptions& options) {
  const std::vector<std::int64_t> all = images_where(from, [](std::int64_t) { return true; });
  FlipBatch batch{.places = spread_sample(all, options.images, options.seed)};
  batch.images = select(from, batch.places);
  const double weight = (options.target ? -1.0 : 1.0) / static_cast<double>(batch.images.count());
  for (const std::uint8_t label : batch.images.labels) {
    batch.wanted.push_back(options.target.value_or(label));
    batch.weight.push_back(weight);
  }
  return batch;
}

}  // namespace

Expected<FlipBatch> make_flip_batch(const ImageSet& from, const BitFlipOptions& options) {
  if (!options.source) return plain_batch(from, options);
  const std::int64_t source = *options.source;
  const auto own = images_where(from, [&](std::int64_t label) { return label == source; });
  const auto others = images_where(from, [&](std::int64_t label) { return label != source; });
  if (own.empty() || others.empty()) {
    return Unexpected{Diagnostics{{"source",
                                   fmt::format("{} has {} images of class {} and {} of others",
                                               from.name, own.size(), source, others.size()),
                                   "a class of which there are images"}}};
  }
  const std::int64_t half = (options.images + 1) / 2;
  FlipBatch batch{.places = spread_sample(own, half, options.seed)};
  const std::size_t moved = batch.places.size();
  const auto staying = spread_sample(others, options.images - half, options.seed);
  batch.places.insert(batch.places.end(), staying.begin(), staying.end());
  batch.images = select(from, batch.places);
  const std::size_t count = batch.images.labels.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_moved = i < moved;
    batch.wanted.push_back(is_moved ? *options.target : batch.images.labels[i]);
    batch.weight.push_back(-1.0 / static_cast<double>(is_moved ? moved : count - moved));
  }
  return batch;
}

double objective(const FlipBatch& batch, std::span<const std::int64_t> logits, double unit) {
  const std::size_t classes = logits.size() / batch.wanted.size();
  double sum = 0.0;
  for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
    const auto own = logits.subspan(i * classes, classes);
    const std::int64_t highest = *std::ranges::max_element(own);
    const auto below = [&](std::int64_t logit) {
      return unit * static_cast<double>(logit - highest);
    };
    double exponentials = 0.0;
    for (const std::int64_t logit : own) exponentials += std::exp(below(logit));
    const double likelihood =
        below(own[static_cast<std::size_t>(batch.wanted[i])]) - std::log(exponentials);
    sum -= batch.weight[i] * likelihood;
  }
  return sum;
}

}  // namespace hwflow::train::robust
