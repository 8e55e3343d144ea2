#include "study/array_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "base/random.hpp"
#include "pareto/nsga2.hpp"

namespace hwflow::study {
namespace {

constexpr std::size_t kSizes = 5;
constexpr std::uint64_t kDesignStream = 0xde5161;
constexpr const char* kNames[kSizes] = {"rows", "columns", "register_bits", "buffer_bits",
                                        "dram_bits_per_cycle"};

DesignSizes to_list(const chip::ArraySizes& sizes) {
  return {static_cast<double>(sizes.rows), static_cast<double>(sizes.columns),
          static_cast<double>(sizes.register_bits), static_cast<double>(sizes.buffer_bits),
          sizes.dram_bits_per_cycle.value_or(std::numeric_limits<double>::infinity())};
}

chip::ArraySizes to_sizes(const DesignSizes& list) {
  HWFLOW_CHECK(list.size() == kSizes, "sizes of another space");
  const auto at = [&](std::size_t i) { return static_cast<std::int64_t>(list[i]); };
  return {at(0), at(1), at(2), at(3),
          std::isinf(list[4]) ? std::nullopt : std::optional<double>(list[4])};
}

/// What the options list, else the accelerator as it is.
std::vector<std::vector<double>> lists_of(const ArraySpaceOptions& options,
                                          const chip::Accelerator& accelerator) {
  const DesignSizes now = to_list(chip::array_sizes(accelerator));
  std::vector<std::vector<double>> lists(kSizes);
  const auto fill = [&](std::size_t i, const auto& values) {
    for (const auto value : values) lists[i].push_back(static_cast<double>(value));
    if (lists[i].empty()) lists[i].push_back(now[i]);
  };
  fill(0, options.rows);
  fill(1, options.columns);
  fill(2, options.register_bits);
  fill(3, options.buffer_bits);
  fill(4, options.dram_bits_per_cycle);
  return lists;
}

std::string bytes_text(double bits) {
  const double bytes = bits / 8.0;
  return bytes < 1024.0 ? fmt::format("{:g} B", bytes) : fmt::format("{:g} KiB", bytes / 1024.0);
}

}  // namespace

Diagnostics check(const ArraySpaceOptions& options, const chip::Accelerator& accelerator) {
  Diagnostics problems;
  const std::vector<std::vector<double>> lists = lists_of(options, accelerator);
  for (std::size_t i = 0; i < kSizes; ++i) {
    for (std::size_t k = 0; k < lists[i].size(); ++k) {
      const std::string place = fmt::format("{}[{}]", kNames[i], k);
      if (k > 0 && lists[i][k] <= lists[i][k - 1]) {
        problems.push_back(
            {place, fmt::format("must be more than {:g}, got {:g}", lists[i][k - 1], lists[i][k]),
             "list values in ascending order"});
      }
      DesignSizes sizes = to_list(chip::array_sizes(accelerator));
      sizes[i] = lists[i][k];
      const auto design = chip::resized(accelerator, to_sizes(sizes));
      if (design) continue;
      for (const Diagnostic& problem : design.error())
        problems.push_back({place, problem.place + " " + problem.reason, problem.hint});
    }
  }
  const bool has_other_bandwidth =
      std::ranges::any_of(options.dram_bits_per_cycle, [&](double bandwidth) {
        return bandwidth != chip::array_sizes(accelerator).dram_bits_per_cycle;
      });
  if (has_other_bandwidth && !accelerator.levels()[0].area_um2) {
    problems.push_back(
        {"dram_bits_per_cycle",
         fmt::format("costs nothing: {} does not tell the area of its interface to "
                     "{}, so that the widest would always be best",
                     accelerator.name(), accelerator.levels()[0].name),
         "area_um2 of that level in the accelerator's file, for its bandwidth there; "
         "or leave the list out"});
  }
  pareto::Nsga2Options nsga2;
  nsga2.population = options.population;
  for (Diagnostic& problem : pareto::validate(nsga2)) problems.push_back(std::move(problem));
  return problems;
}

Expected<std::unique_ptr<ArraySpace>> ArraySpace::make(Network network,
                                                       chip::Accelerator accelerator,
                                                       const HardwareOptions& hardware,
                                                       const ArraySpaceOptions& options,
                                                       std::vector<HardwareObjective> objectives,
                                                       ArraySearch search) {
  Diagnostics problems = check(options, accelerator);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  auto lists = lists_of(options, accelerator);
  return std::unique_ptr<ArraySpace>(new ArraySpace(std::move(network), std::move(accelerator),
                                                    hardware, std::move(lists), options,
                                                    std::move(objectives), std::move(search)));
}

ArraySpace::ArraySpace(Network network, chip::Accelerator accelerator,
                       const HardwareOptions& hardware, std::vector<std::vector<double>> lists,
                       const ArraySpaceOptions& options, std::vector<HardwareObjective> objectives,
                       ArraySearch search)
    : HardwareSpace(std::move(objectives)),
      network_(std::move(network)),
      accelerator_(std::move(accelerator)),
      hardware_(hardware),
      lowering_(lowering_options(hardware, accelerator_)),
      lists_(std::move(lists)),
      options_(options),
      search_(std::move(search)) {}

std::vector<std::string> ArraySpace::size_names() const { return {kNames, kNames + kSizes}; }

std::string ArraySpace::describe(const DesignSizes& sizes) const {
  std::string text = fmt::format("{:g} x {:g}, registers {}, buffers {}", sizes.at(0), sizes.at(1),
                                 bytes_text(sizes.at(2)), bytes_text(sizes.at(3)));
  if (!std::isinf(sizes.at(4))) text += fmt::format(", DRAM {:g} bit/cycle", sizes.at(4));
  return text;
}

std::int64_t ArraySpace::size() const {
  double size = 1.0;
  for (const auto& list : lists_) size *= static_cast<double>(list.size());
  return static_cast<std::int64_t>(size);
}

DesignSizes ArraySpace::reference() const { return to_list(chip::array_sizes(accelerator_)); }

std::vector<std::string> ArraySpace::energy_components() const {
  return LayerByLayerModel(network_, accelerator_, hardware_, {}).energy_components();
}

std::vector<std::string> ArraySpace::level_names() const {
  std::vector<std::string> names;
  for (const chip::MemoryLevel& level : accelerator_.levels()) names.push_back(level.name);
  return names;
}

ArraySpace::Machine& ArraySpace::machine(const DesignSizes& sizes) {
  const auto known = machines_.find(sizes);
  if (known != machines_.end()) return known->second;
  const Expected<chip::Accelerator> design = chip::resized(accelerator_, to_sizes(sizes));
  HWFLOW_CHECK(design.has_value(), "sizes that were not checked: " + to_text(design.error()));
  auto model = std::make_unique<LayerByLayerModel>(
      network_, *design, hardware_, [this, accelerator = *design](const Layer& layer) {
        return search_.map_layer(layer, accelerator);
      });
  return machines_.emplace(sizes, Machine{std::move(model), chip::array_area_um2(*design)})
      .first->second;
}

DesignSizes ArraySpace::sizes_at(const std::vector<int>& genome) const {
  DesignSizes sizes;
  for (std::size_t i = 0; i < kSizes; ++i)
    sizes.push_back(lists_[i][static_cast<std::size_t>(genome[i])]);
  return sizes;
}

std::vector<DesignSizes> ArraySpace::all_designs() const {
  std::vector<DesignSizes> designs;
  std::vector<int> genome(kSizes, 0);
  for (bool more = true; more;) {
    designs.push_back(sizes_at(genome));
    more = false;
    for (std::size_t i = kSizes; i-- > 0 && !more;) {
      genome[i] = genome[i] + 1 < static_cast<int>(lists_[i].size()) ? genome[i] + 1 : 0;
      more = genome[i] != 0;
    }
  }
  return designs;
}

std::optional<HardwareCost> ArraySpace::priced(const Machine& machine,
                                               const CompressionPlan& plan) const {
  HardwareCost total;
  const std::vector<LoweredLayer> layers = lower(network_, plan, lowering_);
  for (const LoweredLayer& lowered : layers) {
    const std::optional<LayerCost> layer = machine.model->layer_cost(shape_key(lowered.layer));
    if (!layer) return std::nullopt;
    add(total, *layer);
  }
  total.model_bits = model_bits(network_, plan);
  total.macs = macs(layers);
  return total;
}

DesignPoint ArraySpace::point_of(const Machine& machine, const DesignSizes& sizes,
                                 const HardwareCost& cost) const {
  DesignPoint point{sizes, {}};
  for (const HardwareObjective objective : objectives()) {
    switch (objective) {
      case HardwareObjective::energy: point.costs.push_back(cost.energy_pj); break;
      case HardwareObjective::latency:
        point.costs.push_back(static_cast<double>(cost.cycles));
        break;
      case HardwareObjective::dram:
        point.costs.push_back(static_cast<double>(cost.dram_bits));
        break;
      case HardwareObjective::area: point.costs.push_back(machine.area_um2); break;
      default: HWFLOW_CHECK(false, "an objective that arrays do not have");
    }
  }
  return point;
}

bool ArraySpace::prepare(std::span<const CompressionPlan> plans,
                         std::span<const DesignSizes> designs, int threads,
                         const std::stop_token& stop) {
  for (const DesignSizes& sizes : designs) {
    // Layers that the design cannot run have no cost; priced() sees that.
    static_cast<void>(machine(sizes).model->prepare(plans, threads, stop));
    if (stop.stop_requested()) return false;
  }
  return true;
}

std::vector<DesignPoint> ArraySpace::points(const CompressionPlan& plan,
                                            std::span<const DesignSizes> designs) {
  std::vector<DesignPoint> points;
  for (const DesignSizes& sizes : designs) {
    const Machine& design = machine(sizes);
    const std::optional<HardwareCost> cost = priced(design, plan);
    if (cost) points.push_back(point_of(design, sizes, *cost));
  }
  return points;
}

/// Place in every list of the value nearest to that of the reference, by ratio.
pareto::Genome ArraySpace::genome_near_reference() const {
  const DesignSizes reference = this->reference();
  pareto::Genome genome;
  for (std::size_t i = 0; i < kSizes; ++i) {
    const auto distance = [&](double value) { return std::abs(std::log(value / reference[i])); };
    const auto nearest = std::ranges::min_element(lists_[i], {}, distance);
    genome.push_back(static_cast<int>(nearest - lists_[i].begin()));
  }
  return genome;
}

/// NSGA-II over designs; those that cannot run the plan are behind all others.
std::optional<std::vector<DesignPoint>> ArraySpace::bred(const CompressionPlan& plan, int threads,
                                                         const std::stop_token& stop) {
  pareto::GenomeSpace space;
  for (const auto& list : lists_) space.largest.push_back(static_cast<int>(list.size()) - 1);
  pareto::Nsga2Options options;
  options.population = options_.population;
  options.generations = options_.generations;
  options.seed = Rng::derive(search_.seed, kDesignStream)();
  const pareto::Genome seed = genome_near_reference();
  std::vector<DesignPoint> found;
  const auto evaluate =
      [&](std::span<const pareto::Genome> brood) -> std::optional<std::vector<pareto::Objectives>> {
    std::vector<DesignSizes> designs;
    for (const pareto::Genome& genome : brood) designs.push_back(sizes_at(genome));
    if (!prepare({&plan, 1}, designs, threads, stop)) return std::nullopt;
    std::vector<pareto::Objectives> values;
    for (const DesignSizes& sizes : designs) {
      const std::vector<DesignPoint> one = points(plan, {&sizes, 1});
      values.push_back(one.empty() ? pareto::Objectives(objectives().size(),
                                                        std::numeric_limits<double>::max() / 4.0)
                                   : one.front().costs);
      found.insert(found.end(), one.begin(), one.end());
    }
    return values;
  };
  const pareto::Nsga2Result result =
      pareto::run_nsga2(space, {&seed, 1}, options, evaluate, {}, stop);
  if (result.stopped) return std::nullopt;
  return found;
}

Expected<std::optional<std::vector<std::vector<DesignPoint>>>> ArraySpace::fronts(
    std::span<const CompressionPlan> plans, int threads, const std::stop_token& stop) {
  using Result = std::optional<std::vector<std::vector<DesignPoint>>>;
  const bool is_exhaustive = size() <= options_.most_exhaustive;
  std::vector<DesignSizes> designs;
  if (is_exhaustive) designs = all_designs();
  if (!prepare(plans, designs, threads, stop)) return Result{};
  std::vector<std::vector<DesignPoint>> fronts;
  for (const CompressionPlan& plan : plans) {
    std::optional<std::vector<DesignPoint>> points;
    if (is_exhaustive) {
      points = this->points(plan, designs);
    } else {
      points = bred(plan, threads, stop);
    }
    if (!points) return Result{};
    std::vector<pareto::Objectives> costs;
    for (const DesignPoint& point : *points) costs.push_back(point.costs);
    std::vector<DesignPoint>& front = fronts.emplace_back();
    for (const std::size_t i : pareto::pareto_front(costs)) front.push_back((*points)[i]);
  }
  return Result{std::move(fronts)};
}

Expected<DesignPoint> ArraySpace::point(const CompressionPlan& plan, const DesignSizes& sizes) {
  Machine& design = machine(sizes);
  Diagnostics problems = design.model->prepare({&plan, 1}, 1, {});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return point_of(design, sizes, design.model->cost(plan));
}

HardwareCost ArraySpace::cost(const CompressionPlan& plan, const DesignSizes& sizes) {
  const Expected<DesignPoint> known = point(plan, sizes);
  HWFLOW_CHECK(known.has_value(), "a plan that the design cannot run");
  return machine(sizes).model->cost(plan);
}

PlanSchedule ArraySpace::schedule(const CompressionPlan& plan, const DesignSizes& sizes) {
  const Expected<DesignPoint> known = point(plan, sizes);
  HWFLOW_CHECK(known.has_value(), "a plan that the design cannot run");
  return machine(sizes).model->schedule(plan);
}

}  // namespace hwflow::study
