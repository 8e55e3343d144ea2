#include "train/robust/square.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr int kMostDraws = 16;  // of a square that changes nothing

/// One image's planes in contiguous memory.
struct Planes {
  const float* low;
  const float* high;
  float* image;
  std::int64_t channels, rows, columns;

  [[nodiscard]] float end(bool upper, std::int64_t at) const { return upper ? high[at] : low[at]; }
};

Planes planes_of(const PixelBox& box, Tensor& images, std::int64_t row) {
  const std::int64_t size = images.size(1) * images.size(2) * images.size(3);
  return {box.low.data_ptr<float>() + row * size,
          box.high.data_ptr<float>() + row * size,
          images.data_ptr<float>() + row * size,
          images.size(1),
          images.size(2),
          images.size(3)};
}

void draw_stripes(const Planes& p, Rng& rng) {
  for (std::int64_t c = 0; c < p.channels; ++c) {
    for (std::int64_t x = 0; x < p.columns; ++x) {
      const bool upper = rng.below(2) == 1;
      for (std::int64_t y = 0; y < p.rows; ++y) {
        const std::int64_t at = (c * p.rows + y) * p.columns + x;
        p.image[at] = p.end(upper, at);
      }
    }
  }
}

/// True when a pixel changed.
bool draw_square(const Planes& p, std::int64_t side, Rng& rng) {
  const auto top =
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(p.rows - side + 1)));
  const auto left =
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(p.columns - side + 1)));
  bool changed = false;
  for (std::int64_t c = 0; c < p.channels; ++c) {
    const bool upper = rng.below(2) == 1;
    for (std::int64_t y = top; y < top + side; ++y) {
      for (std::int64_t x = left; x < left + side; ++x) {
        const std::int64_t at = (c * p.rows + y) * p.columns + x;
        changed = changed || p.image[at] != p.end(upper, at);
        p.image[at] = p.end(upper, at);
      }
    }
  }
  return changed;
}

/// The search on a batch; images lie on the CPU.
class SquareSearch {
 public:
  SquareSearch(StandingImages& images, const SquareSettings& settings)
      : images_(images),
        settings_(settings),
        streams_(images.streams(settings.seed, AttackKind::square, 0)),
        best_(images.box().center.to(torch::kCPU).contiguous().clone()) {
    fetch_box();
  }

  void run(const std::stop_token& stop) {
    Tensor first = best_.clone();
    for (std::size_t i = 0; i < streams_.size(); ++i)
      draw_stripes(planes_of(box_, first, static_cast<std::int64_t>(i)), streams_[i]);
    best_ = first;
    margins_ = ask(first).first;
    for (std::int64_t query = 1; query < settings_.queries; ++query) {
      if (images_.empty() || stop.stop_requested()) return;
      step(query);
    }
  }

 private:
  void step(std::int64_t query) {
    const std::int64_t side = square_side(square_share(settings_.p, query, settings_.queries),
                                          best_.size(2), best_.size(3));
    Tensor tried = best_.clone();
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      const Planes planes = planes_of(box_, tried, static_cast<std::int64_t>(i));
      for (int draw = 0; draw < kMostDraws; ++draw)
        if (draw_square(planes, side, streams_[i])) break;
    }
    auto [margins, left] = ask(tried);
    if (left) tried = tried.index_select(0, *left);
    const Tensor better = margins < margins_;
    best_ = torch::where(better.view({-1, 1, 1, 1}), tried, best_).contiguous();
    margins_ = torch::where(better, margins, margins_);
  }

  /// Margins of the images that still stand, and which these are if some fell.
  std::pair<Tensor, std::optional<Tensor>> ask(const Tensor& tried) {
    const torch::NoGradGuard no_gradients;
    const Tensor shown = tried.to(images_.labels().device());
    const Tensor logits = images_.judge().logits(shown);
    Tensor margins = margin(logits, images_.labels()).to(torch::kCPU);
    std::optional<Tensor> left = images_.offer(shown, logits.argmax(1).ne(images_.labels()));
    if (!left) return {margins, left};
    left = left->to(torch::kCPU);
    drop_fallen(*left);
    return {margins.index_select(0, *left), left};
  }

  void drop_fallen(const Tensor& left) {
    std::vector<Rng> kept;
    for (std::int64_t i = 0; i < left.numel(); ++i)
      kept.push_back(streams_[static_cast<std::size_t>(left.data_ptr<std::int64_t>()[i])]);
    streams_ = std::move(kept);
    best_ = best_.index_select(0, left);
    if (margins_.defined()) margins_ = margins_.index_select(0, left);
    fetch_box();
  }

  void fetch_box() {
    box_ = images_.box();
    box_.low = box_.low.to(torch::kCPU).contiguous();
    box_.high = box_.high.to(torch::kCPU).contiguous();
  }

  StandingImages& images_;
  const SquareSettings& settings_;
  std::vector<Rng> streams_;
  PixelBox box_;
  Tensor best_, margins_;
};

}  // namespace

std::int64_t square_side(double share, std::int64_t rows, std::int64_t columns) {
  const double side = std::round(std::sqrt(share * static_cast<double>(rows * columns)));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(side), 1, std::min(rows, columns));
}

void attack_by_squares(StandingImages& images, const SquareSettings& settings,
                       const std::stop_token& stop) {
  if (!images.empty() && !stop.stop_requested()) SquareSearch(images, settings).run(stop);
}

}  // namespace hwflow::train::robust
