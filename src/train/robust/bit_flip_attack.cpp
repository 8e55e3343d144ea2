#include "train/robust/bit_flip_attack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <span>

#include "train/robust/code_gradients.hpp"

namespace hwflow::train::robust {
namespace {

constexpr std::uint64_t kRandomStream = 1000;  // of the seed: run r has stream kRandomStream + r

std::vector<fault::Upset> upsets_of(std::span<const WeightBit> bits) {
  std::vector<fault::Upset> upsets;
  for (const WeightBit& bit : bits) upsets.push_back(bit.upset());
  return upsets;
}

/// The codes of bits that are flipped one after the other, where a word has several.
void set_codes(std::vector<WeightBit>& bits) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (bits[j].node != bits[i].node || bits[j].element != bits[i].element) continue;
      const std::int64_t change = bits[i].after - bits[i].before;  // another bit of the same word
      bits[i].before = bits[j].after;
      bits[i].after = bits[i].before + change;
    }
  }
}

class Search {
 public:
  Search(const IntegerNetwork& network, const FlipBatch& batch, const ImageSet& test,
         const BitFlipOptions& options, const BitFlipHooks& hooks, const std::stop_token& stop)
      : network_(network),
        batch_(batch),
        test_(test),
        options_(options),
        hooks_(hooks),
        stop_(stop),
        layers_(searched_layers(network, options.skip)),
        enough_(stop_accuracy(options, test.classes)) {}

  BitFlipReport run() {
    const auto start = std::chrono::steady_clock::now();
    for (const std::size_t node : layers_) {
      const IntegerCompute& compute = *network_.network().nodes[node].compute;
      report_.population += std::ssize(compute.codes) * compute.bits;
    }
    report_.objective = objective(network_.plan(), batch_, options_.threads);
    report_.clean = score(network_.plan(), test_, options_);
    report_.ended = search();
    report_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (report_.ended == FlipEnd::stopped) return std::move(report_);
    for (std::int64_t r = 0; r < options_.random_runs && !stop_.stop_requested(); ++r)
      flip_at_random(r);
    return std::move(report_);
  }

 private:
  FlipEnd search() {
    while (std::ssize(report_.flips) < options_.flips) {
      if (is_enough(last_score())) return FlipEnd::accuracy;
      std::vector<WeightBit> best = best_set();
      if (stop_.stop_requested()) return FlipEnd::stopped;
      if (best.empty()) return FlipEnd::no_raise;
      set_codes(best);
      for (const WeightBit& bit : best) {
        make(bit);
        if (is_enough(last_score())) return FlipEnd::accuracy;
        if (stop_.stop_requested()) return FlipEnd::stopped;
      }
    }
    return FlipEnd::flips;
  }

  [[nodiscard]] const FlipScore& last_score() const {
    return report_.flips.empty() ? report_.clean : report_.flips.back().score;
  }
  [[nodiscard]] bool is_enough(const FlipScore& score) const {
    return enough_ && score.top1() <= *enough_;
  }

  /// The set of bits whose measured objective is the greatest; none: no bit raises it.
  std::vector<WeightBit> best_set() {
    const auto gradients = code_gradients(network_.network(), batch_, layers_, options_.threads);
    const std::int64_t together =
        std::min(options_.bits_per_step, options_.flips - std::ssize(report_.flips));
    const std::int64_t most = together * options_.candidates;
    std::vector<WeightBit> best;
    double greatest = -std::numeric_limits<double>::infinity();
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      const std::vector<WeightBit> ranked = rank_bits(
          *network_.plan(), network_.fault_free(), layers_[layer], gradients[layer], most, taken_);
      for (std::size_t at = 0; at < ranked.size(); at += static_cast<std::size_t>(together)) {
        if (stop_.stop_requested()) return {};
        const auto set = std::span(ranked).subspan(
            at, std::min(static_cast<std::size_t>(together), ranked.size() - at));
        const double measured = objective(network_.with(upsets_of(set)), batch_, options_.threads);
        if (measured > greatest) {
          greatest = measured;
          best.assign(set.begin(), set.end());
        }
      }
      tell_progress(layer + 1);
    }
    return best;
  }

  void make(const WeightBit& bit) {
    network_.change(upsets_of(std::span(&bit, 1)));
    taken_.insert(key_of(bit));
    report_.flips.push_back({bit, objective(network_.plan(), batch_, options_.threads),
                             score(network_.plan(), test_, options_)});
    tell_progress(0);
    if (hooks_.on_flip) hooks_.on_flip(report_);
  }

  void flip_at_random(std::int64_t run) {
    Rng rng = Rng::derive(options_.seed, kRandomStream + static_cast<std::uint64_t>(run));
    FlippedNetwork network(network_.fault_free().network);
    RandomFlips random;
    random.bits = random_bits(network.fault_free(), layers_, std::ssize(report_.flips), rng);
    for (const WeightBit& bit : random.bits) {
      if (stop_.stop_requested()) return;
      network.change(upsets_of(std::span(&bit, 1)));
      random.scores.push_back(score(network.plan(), test_, options_));
      if (hooks_.progress)
        hooks_.progress(std::ssize(random.scores), std::ssize(random.bits),
                        fmt::format("random flips {} of {}: accuracy {:.2f} %", run + 1,
                                    options_.random_runs, 100.0 * random.scores.back().top1()));
    }
    report_.random.push_back(std::move(random));
  }

  /// After `layers` layers of the step at work.
  void tell_progress(std::size_t layers) const {
    if (!hooks_.progress) return;
    const auto each = std::ssize(layers_);
    hooks_.progress(std::ssize(report_.flips) * each + static_cast<std::int64_t>(layers),
                    options_.flips * each,
                    fmt::format("{} flips, accuracy {:.2f} %", report_.flips.size(),
                                100.0 * last_score().top1()));
  }

  FlippedNetwork network_;
  const FlipBatch& batch_;
  const ImageSet& test_;
  const BitFlipOptions& options_;
  const BitFlipHooks& hooks_;
  const std::stop_token& stop_;
  std::vector<std::size_t> layers_;
  std::optional<double> enough_;
  TakenBits taken_;
  BitFlipReport report_;
};

}  // namespace

BitFlipReport attack_bits(const IntegerNetwork& network, const FlipBatch& batch,
                          const ImageSet& test, const BitFlipOptions& options,
                          const BitFlipHooks& hooks, const std::stop_token& stop) {
  return Search(network, batch, test, options, hooks, stop).run();
}

}  // namespace hwflow::train::robust
