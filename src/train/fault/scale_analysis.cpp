#include "train/fault/scale_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "train/fault/golden.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

/// Sums of values and of their squares.
struct Moments {
  double count = 0.0, sum = 0.0, squares = 0.0;
  void add(double value) {
    count += 1.0;
    sum += value;
    squares += value * value;
  }
  Moments& operator+=(const Moments& other) {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    return *this;
  }
  [[nodiscard]] double mean_square() const { return count > 0.0 ? squares / count : 0.0; }
  [[nodiscard]] double variance() const {
    if (count == 0.0) return 0.0;
    const double mean = sum / count;
    return std::max(0.0, squares / count - mean * mean);
  }
};

struct ImageMoments {
  std::vector<Moments> slots, sums;  ///< sums: per node, of those that keep them
};

ImageMoments moments_of(const integer::Plan& plan, const std::uint8_t* pixels) {
  Golden golden = make_golden(plan);
  run_golden(plan, pixels, golden);
  ImageMoments moments{std::vector<Moments>(plan.slots.size()),
                       std::vector<Moments>(plan.nodes.size())};
  for (std::size_t s = 0; s < plan.slots.size(); ++s) {
    const integer::Slot& slot = plan.slots[s];
    for (std::int64_t i = 0; i < slot.shape.elements(); ++i)
      moments.slots[s].add(slot.grid.scale * integer::code_at(slot, golden.workspace.codes[s], i));
  }
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    if (!has_narrow_sums(plan, node)) continue;
    const FeatureShape out = plan.network.network.nodes()[node].shape;
    const std::int64_t stride = round_up(out.channels, kChannelBlock);
    // Where the input has an offset, its part is in the bias: these are the sums themselves.
    for (std::int64_t pixel = 0; pixel < out.height * out.width; ++pixel)
      for (std::int64_t c = 0; c < out.channels; ++c)
        moments.sums[node].add(golden.sums[node][static_cast<std::size_t>(pixel * stride + c)] *
                               plan.nodes[node].sum_scales[static_cast<std::size_t>(c)]);
  }
  return moments;
}

/// Mean square number of steps that a flipped bit of a b-bit word is worth.
double mean_square_steps(int bits) { return (std::pow(4.0, bits) - 1.0) / (3.0 * bits); }

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

StoredScale weights_of(const integer::Plan& plan, std::size_t node, const Moments& input,
                       const Moments& sums) {
  const IntegerCompute& compute = *plan.network.nodes[node].compute;
  const Word word = word_of(plan, Site::weights, node, 0);
  StoredScale row{.site = Site::weights, .node = node, .bits = word.bits};
  row.scale = static_cast<double>(word.step) * mean(compute.scales);
  row.largest_scale = static_cast<double>(word.step) * *std::ranges::max_element(compute.scales);
  Moments values;
  const std::size_t per_scale = compute.codes.size() / compute.scales.size();
  for (std::size_t i = 0; i < compute.codes.size(); ++i)
    values.add(compute.codes[i] * compute.scales[i / per_scale]);
  row.spread = std::sqrt(values.variance());
  row.sum_scale = mean(plan.nodes[node].sum_scales);
  row.sum_spread = std::sqrt(sums.variance());
  double square = 0.0;
  for (const double scale : compute.scales)
    square += std::pow(static_cast<double>(word.step) * scale, 2);
  square /= static_cast<double>(compute.scales.size());
  if (sums.variance() > 0.0)
    row.damage = square * mean_square_steps(word.bits) * input.mean_square() / sums.variance();
  return row;
}

}  // namespace

std::vector<StoredScale> analyse_scales(const integer::Plan& plan, const Workload& workload,
                                        int threads) {
  const auto images = static_cast<std::size_t>(workload.count());
  HWFLOW_CHECK(images > 0, "no images");
  const std::size_t size = workload.pixels.size() / images;
  std::vector<ImageMoments> of_images(images);
  parallel_for(images, threads, [&](std::size_t image) {
    of_images[image] = moments_of(plan, workload.pixels.data() + image * size);
  });
  ImageMoments all = std::move(of_images.front());
  for (std::size_t image = 1; image < images; ++image) {
    for (std::size_t s = 0; s < all.slots.size(); ++s) all.slots[s] += of_images[image].slots[s];
    for (std::size_t n = 0; n < all.sums.size(); ++n) all.sums[n] += of_images[image].sums[n];
  }
  std::vector<StoredScale> rows;
  for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
    if (plan.network.nodes[node].compute)
      rows.push_back(weights_of(plan, node, all.slots[plan.nodes[node].inputs[0]], all.sums[node]));
    for (std::size_t copy = 0; copy < copies_of(plan, node); ++copy) {
      const std::size_t s = plan.nodes[node].slots[copy];
      const integer::Slot& slot = plan.slots[s];
      StoredScale row{.site = Site::activations, .node = node, .copy = copy};
      row.bits = slot.grid.bits;
      row.scale = row.largest_scale = slot.grid.scale;
      row.spread = std::sqrt(all.slots[s].variance());
      if (row.spread > 0.0)
        row.damage = std::pow(row.scale / row.spread, 2) * mean_square_steps(row.bits);
      rows.push_back(row);
    }
  }
  return rows;
}

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  HWFLOW_CHECK(a.size() == b.size(), "pairs");
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<double> result;
    for (const double value : values) {
      const auto less = std::ranges::count_if(values, [&](double v) { return v < value; });
      const auto equal = std::ranges::count(values, value);
      result.push_back(static_cast<double>(less) + static_cast<double>(equal + 1) / 2);
    }
    return result;
  };
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double middle = static_cast<double>(a.size() + 1) / 2;
  double xy = 0.0, xx = 0.0, yy = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    xy += (x[i] - middle) * (y[i] - middle);
    xx += (x[i] - middle) * (x[i] - middle);
    yy += (y[i] - middle) * (y[i] - middle);
  }
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : 0.0;
}

}  // namespace hwflow::train::fault
