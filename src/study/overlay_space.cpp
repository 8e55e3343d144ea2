#include "study/overlay_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "chip/overlay/network_cost.hpp"
#include "study/hardware_model.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {
namespace {

chip::BismoShape shape_of(const DesignSizes& sizes) {
  const auto at = [&](std::size_t i) { return static_cast<std::int64_t>(sizes.at(i)); };
  return {at(0), at(1), at(2), at(3), at(4)};
}

chip::BismoShape shape_of(const OverlayDesign& design) {
  return {design.dm, design.dk, design.dn, design.bm, design.bn};
}

DesignSizes sizes_of(const chip::BismoShape& shape, std::size_t rule) {
  DesignSizes sizes;
  for (const std::int64_t size : {shape.dm, shape.dk, shape.dn, shape.bm, shape.bn})
    sizes.push_back(static_cast<double>(size));
  sizes.push_back(static_cast<double>(rule));
  return sizes;
}

chip::OverlayOptions overlay_of(const OverlaySpaceOptions& options) {
  chip::OverlayOptions overlay;
  overlay.model = options.model;
  overlay.fill = options.fill;
  overlay.im2col = options.im2col;
  overlay.result_width = options.results;
  return overlay;
}

std::optional<chip::FpgaDevice> device_of(const OverlaySpaceOptions& options) {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  chip::FpgaDevice device{"the budget of LUTs and block RAMs", kAny, kAny};
  if (options.device == Device::xc7z020) device = chip::kZ7020;
  if (options.device == Device::zu3eg) device = chip::kZu3eg;
  if (options.most_lut) device.lut = *options.most_lut;
  if (options.most_bram36) device.bram36 = *options.most_bram36;
  if (device.lut == kAny && device.bram36 == kAny) return std::nullopt;
  return device;
}

chip::OverlaySearchOptions search_options(const OverlaySpaceOptions& options) {
  chip::OverlaySearchOptions search;
  search.overlay = overlay_of(options);
  search.space = {options.dm, options.dk, options.dn, options.bm, options.bn};
  search.rules = options.rules;
  search.device = device_of(options);
  return search;
}

chip::OverlayObjectives counted(const std::vector<HardwareObjective>& objectives) {
  const auto has = [&](HardwareObjective objective) {
    return std::find(objectives.begin(), objectives.end(), objective) != objectives.end();
  };
  return {has(HardwareObjective::latency), has(HardwareObjective::dram),
          has(HardwareObjective::lut), has(HardwareObjective::bram)};
}

}  // namespace

Diagnostics check(const OverlaySpaceOptions& options) {
  Diagnostics problems = chip::validate(shape_of(options.reference), overlay_of(options));
  for (Diagnostic& problem : problems) problem.place = "reference." + problem.place;
  const Expected<chip::OverlaySearch> search = chip::OverlaySearch::make(search_options(options));
  if (!search) problems.insert(problems.end(), search.error().begin(), search.error().end());
  return problems;
}

Expected<std::unique_ptr<OverlaySpace>> OverlaySpace::make(
    Network network, const LoweringOptions& lowering, const OverlaySpaceOptions& options,
    std::vector<HardwareObjective> objectives) {
  Diagnostics problems = check(options);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  auto search = chip::OverlaySearch::make(search_options(options));
  return std::unique_ptr<OverlaySpace>(new OverlaySpace(std::move(network), lowering, options,
                                                        std::move(objectives), std::move(*search)));
}

OverlaySpace::OverlaySpace(Network network, const LoweringOptions& lowering,
                           const OverlaySpaceOptions& options,
                           std::vector<HardwareObjective> objectives, chip::OverlaySearch search)
    : HardwareSpace(std::move(objectives)),
      network_(std::move(network)),
      lowering_(lowering),
      options_(options),
      search_(std::move(search)),
      counted_(counted(this->objectives())) {}

std::vector<std::string> OverlaySpace::size_names() const {
  return {"dm", "dk", "dn", "bm", "bn", "rule"};
}

std::string OverlaySpace::describe(const DesignSizes& sizes) const {
  const chip::BismoShape shape = shape_of(sizes);
  std::string text = fmt::format("{} x {} x {}, {} / {} entries", shape.dm, shape.dk, shape.dn,
                                 shape.bm, shape.bn);
  if (options_.rules.size() > 1) {
    text += fmt::format(", {}", name(options_.rules.at(static_cast<std::size_t>(sizes.at(5)))));
  }
  return text;
}

std::int64_t OverlaySpace::size() const {
  return static_cast<std::int64_t>(search_.feasible_designs() * options_.rules.size());
}

std::vector<Layer> OverlaySpace::layers(const CompressionPlan& plan) const {
  std::vector<Layer> layers;
  for (LoweredLayer& lowered : lower(network_, plan, lowering_))
    layers.push_back(std::move(lowered.layer));
  return layers;
}

std::vector<double> OverlaySpace::values(double cycles, double dram_bits, double lut,
                                         double bram) const {
  std::vector<double> values;
  for (const HardwareObjective objective : objectives()) {
    switch (objective) {
      case HardwareObjective::latency: values.push_back(cycles); break;
      case HardwareObjective::dram: values.push_back(dram_bits); break;
      case HardwareObjective::lut: values.push_back(lut); break;
      case HardwareObjective::bram: values.push_back(bram); break;
      default: HWFLOW_CHECK(false, "an objective that overlays do not have");
    }
  }
  return values;
}

Expected<std::optional<std::vector<std::vector<DesignPoint>>>> OverlaySpace::fronts(
    std::span<const CompressionPlan> plans, int threads, const std::stop_token& stop) {
  using Result = std::optional<std::vector<std::vector<DesignPoint>>>;
  std::vector<Expected<std::vector<chip::OverlayPoint>>> found(plans.size(),
                                                               std::vector<chip::OverlayPoint>{});
  parallel_for(plans.size(), threads, [&](std::size_t i) {
    if (!stop.stop_requested()) found[i] = search_.front(layers(plans[i]), counted_);
  });
  if (stop.stop_requested()) return Result{};
  std::vector<std::vector<DesignPoint>> fronts(plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!found[i]) return Unexpected{found[i].error()};
    for (const chip::OverlayPoint& point : *found[i]) {
      const auto rule = std::find(options_.rules.begin(), options_.rules.end(), point.rule);
      fronts[i].push_back(
          {sizes_of(point.design, static_cast<std::size_t>(rule - options_.rules.begin())),
           values(static_cast<double>(point.cycles), static_cast<double>(point.dram_bits),
                  point.lut, static_cast<double>(point.bram36))});
    }
  }
  return Result{std::move(fronts)};
}

DesignSizes OverlaySpace::reference() const { return sizes_of(shape_of(options_.reference), 0); }

Expected<DesignPoint> OverlaySpace::point(const CompressionPlan& plan, const DesignSizes& sizes) {
  const auto cost =
      chip::evaluate_overlay(layers(plan), shape_of(sizes), overlay_of(options_),
                             options_.rules.at(static_cast<std::size_t>(sizes.at(5))));
  if (!cost) return Unexpected{cost.error()};
  return DesignPoint{
      sizes, values(static_cast<double>(cost->cycles), static_cast<double>(cost->dram_bits()),
                    cost->resources.lut, static_cast<double>(cost->resources.bram36))};
}

HardwareCost OverlaySpace::cost(const CompressionPlan& plan, const DesignSizes& sizes) {
  const auto cost =
      chip::evaluate_overlay(layers(plan), shape_of(sizes), overlay_of(options_),
                             options_.rules.at(static_cast<std::size_t>(sizes.at(5))));
  HWFLOW_CHECK(cost.has_value(), "a plan that the overlay cannot run");
  return {0.0, cost->cycles, cost->dram_bits(), model_bits(network_, plan),
          macs(lower(network_, plan, lowering_))};
}

PlanSchedule OverlaySpace::schedule(const CompressionPlan& plan, const DesignSizes& sizes) {
  const chip::BismoShape shape = shape_of(sizes);
  PlanSchedule schedule;
  for (const LoweredLayer& lowered : lower(network_, plan, lowering_)) {
    const auto cost =
        chip::evaluate_overlay(std::span(&lowered.layer, 1), shape, overlay_of(options_),
                               options_.rules.at(static_cast<std::size_t>(sizes.at(5))));
    HWFLOW_CHECK(cost.has_value(), "a plan that the overlay cannot run");
    if (cost->layers.empty()) continue;  // no multiplications
    const chip::OverlayLayerCost& one = cost->layers.front();
    LayerDetails details;
    details.name = lowered.layer.name;
    details.shape = shape_text(lowered.layer.op);
    place_layer(details, lowered.node, network_, network_);
    details.weight_bits = lowered.layer.bits.weights;
    details.input_bits = lowered.layer.bits.inputs;
    details.output_bits = lowered.layer.bits.outputs;
    details.macs = lowered.layer.op.macs();
    details.cycles = one.cost.cycles;
    details.compute_cycles = one.cost.execute_cycles;
    details.dram_bits = one.cost.dram_bits();
    details.utilization = one.utilization;
    details.traffic_bits = {one.cost.dram_bits()};
    details.peak_macs_per_cycle = static_cast<double>(chip::binary_operations_per_cycle(shape)) /
                                  (2.0 * details.weight_bits * details.input_bits);
    const chip::ProductSchedule& order = one.cost.schedule;
    details.mapping = fmt::format(
        "{} left, {} outer, {}, {} passes, {} chunks; bound by {}",
        order.order.weights_left ? "weights" : "inputs",
        order.order.weights_outer ? "weights" : "inputs",
        order.holding == chip::Holding::stripes
            ? "stripes held"
            : (order.holding == chip::Holding::outer ? "outer stripe held" : "both stream"),
        order.passes, order.chunks, name(one.bound));
    details.loop_nest = details.mapping;
    details.mapping_optimal = true;
    schedule.layers.push_back(std::move(details));
  }
  return schedule;
}

}  // namespace hwflow::study
