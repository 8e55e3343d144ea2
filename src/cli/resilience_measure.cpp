#include "cli/resilience_measure.hpp"

#include <fmt/format.h>

#include <atomic>

#include "base/enum_names.hpp"
#include "base/random.hpp"
#include "cli/training_inputs.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/quant/integer_plan.hpp"
#include "train/robust/attack_suite.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;

/// A network, compiled, with the images that it is measured on.
class Measurement {
 public:
  Measurement(const train::integer::Plan& plan, const train::ImageSet& images,
              const ResilienceOptions& options, const ResilienceProgress& progress,
              const std::stop_token& stop)
      : plan_(plan),
        workload_{images.pixels, images.labels},
        options_(options),
        progress_(progress),
        stop_(stop) {}

  [[nodiscard]] Expected<std::vector<FaultyInferences>> faulty() const {
    std::vector<FaultyInferences> all;
    for (const Site site : options_.sites) {
      const Expected<FaultSpace> space = FaultSpace::make(plan_, {.sites = {site}});
      if (!space) return Unexpected{space.error()};
      for (const double bit_rate : options_.bit_rates) all.push_back(run(*space, site, bit_rate));
    }
    return all;
  }

 private:
  [[nodiscard]] FaultyInferences run(const FaultSpace& space, Site site, double bit_rate) const {
    // Of the site and the rate, not of their place in a list: they draw the same in every run.
    const std::uint64_t seed = Rng::derive(
        stable_hash(fmt::format("{} {:g}", enum_name(site), bit_rate)), options_.seed)();
    std::atomic<std::int64_t> upsets{0};
    const RunFault disturb = [&](Propagation& propagation, std::size_t inference) {
      const std::vector<Upset> drawn = draw_at_rate(space, bit_rate, seed, inference);
      upsets += std::ssize(drawn);
      return propagation.run(drawn);
    };
    const std::string what = fmt::format("{}, bit rate {:g}", enum_name(site), bit_rate);
    FaultyInferences faulty{.site = site, .bit_rate = bit_rate, .upsets = 0, .images = {}};
    faulty.images = run_in_turn(
        plan_, workload_, static_cast<std::size_t>(options_.inferences), disturb, options_.threads,
        [&](std::int64_t done, std::int64_t total) { progress_(what, done, total); }, stop_);
    faulty.upsets = upsets;
    return faulty;
  }

  const train::integer::Plan& plan_;
  Workload workload_;
  const ResilienceOptions& options_;
  const ResilienceProgress& progress_;
  const std::stop_token& stop_;
};

Expected<train::robust::AttackReport> attack(const train::QuantizedNetwork& network,
                                             const train::ImageSet& images,
                                             const ResilienceOptions& options,
                                             const ResilienceProgress& progress,
                                             const std::stop_token& stop) {
  train::robust::AttackOptions attack = options.attack;
  attack.pixels = train::robust::PixelGrid::bytes;
  attack.seed = options.seed;
  attack.threads = options.threads;
  const auto victim = train::robust::quantized_victim(network, train::QuantizedMode::integer,
                                                      attack.pixels, images, attack.device);
  if (!victim) return Unexpected{victim.error()};
  return train::robust::attack_images(
      *victim, first_images(images, options.attacked_images), attack,
      [&](const train::robust::AttackProgress& p) { progress("attack", p.done, p.total); }, stop);
}

std::vector<std::string> names_of(const std::vector<StoredScale>& scales, const Network& network) {
  std::vector<std::string> names;
  for (const StoredScale& scale : scales) {
    names.push_back(fmt::format("{} {}{}", network.nodes()[scale.node].name, enum_name(scale.site),
                                scale.copy > 0 ? fmt::format(" ({})", scale.copy + 1) : ""));
  }
  return names;
}

}  // namespace

Tally FaultyInferences::all() const {
  Tally sum;
  for (const Tally& image : images) sum += image;
  return sum;
}

Expected<Resilience> measure_resilience(const train::QuantizedNetwork& network,
                                        const train::ImageSet& images,
                                        const ResilienceOptions& options,
                                        const ResilienceProgress& progress,
                                        const std::stop_token& stop) {
  const auto integers = train::to_integer_network(network);
  if (!integers) return Unexpected{integers.error()};
  const auto plan = train::integer::compile(*integers, train::KernelSet::best);
  if (!plan) return Unexpected{plan.error()};
  Resilience found;
  found.total = images.count();
  found.right = count_right(*plan, {images.pixels, images.labels}, options.threads);
  const train::ImageSet some = first_images(images, options.scale_images);
  found.scales = analyse_scales(*plan, {some.pixels, some.labels}, options.threads);
  found.scale_names = names_of(found.scales, integers->network);
  Expected<std::vector<FaultyInferences>> faulty =
      Measurement(*plan, images, options, progress, stop).faulty();
  if (!faulty) return Unexpected{faulty.error()};
  found.faulty = std::move(*faulty);
  if (options.attack.eps.empty() || stop.stop_requested()) return found;
  Expected<train::robust::AttackReport> attacked = attack(network, images, options, progress, stop);
  if (!attacked) return Unexpected{attacked.error()};
  found.attacked = std::move(*attacked);
  return found;
}

}  // namespace hwflow::cli
