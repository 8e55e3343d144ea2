#include "chip/arch/array_design.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

struct Sample {
  double size, value;
};
constexpr double kBitsOfKiB = 8192.0;
constexpr std::array kAreas{Sample{kBitsOfKiB / 8, 1499.0},   Sample{kBitsOfKiB / 2, 7603.0},
                            Sample{kBitsOfKiB, 8824.0},       Sample{2 * kBitsOfKiB, 15132.0},
                            Sample{4 * kBitsOfKiB, 30061.0},  Sample{8 * kBitsOfKiB, 57506.0},
                            Sample{16 * kBitsOfKiB, 108577.0}};
constexpr std::array kEnergies{Sample{kBitsOfKiB / 8, 0.6837}, Sample{kBitsOfKiB / 2, 1.061},
                               Sample{kBitsOfKiB, 1.1332},     Sample{2 * kBitsOfKiB, 1.9032},
                               Sample{4 * kBitsOfKiB, 3.4295}, Sample{8 * kBitsOfKiB, 6.3916},
                               Sample{16 * kBitsOfKiB, 9.9817}};
/// Accesses to caches at 45 nm: Horowitz, ISSCC 2014, as accelerators/energy/horowitz-45nm.yaml.
constexpr std::array kCaches{Sample{8 * kBitsOfKiB, 10.0}, Sample{32 * kBitsOfKiB, 20.0},
                             Sample{1024 * kBitsOfKiB, 100.0}};
constexpr std::array kMultipliers{Sample{2.0, 124.89}, Sample{8.0, 687.61}, Sample{16.0, 2203.24}};
constexpr double kFusionUnit8x8 = 1733.13;

/// Along straight lines of logarithms; below the first sample as at it, beyond the last along the
/// last line.
double interpolated(std::span<const Sample> samples, double size) {
  if (size <= samples.front().size) return samples.front().value;
  std::size_t i = 1;
  while (i + 1 < samples.size() && samples[i].size < size) ++i;
  const Sample &low = samples[i - 1], &high = samples[i];
  const double share = std::log(size / low.size) / std::log(high.size / low.size);
  return low.value * std::pow(high.value / low.value, share);
}

double multiplier_area_um2(double width) {
  const Sample &least = kMultipliers.front(), &most = kMultipliers.back();
  if (width < least.size) return least.value * std::pow(width / least.size, 2);
  if (width > most.size) return most.value * std::pow(width / most.size, 2);
  return interpolated(kMultipliers, width);
}

struct UnitArea {
  double operator()(const BitParallelEngine& engine) const {
    return multiplier_area_um2(engine.width_bits);
  }
  double operator()(const VectorisedEngine& engine) const {
    return kFusionUnit8x8 * std::pow(engine.width_bits / 8.0, 2);
  }
  double operator()(const BitSerialEngine& engine) const {
    return multiplier_area_um2(std::sqrt(double(engine.digit_weights) * engine.digit_inputs));
  }
};

double bits_of(const MemoryLevel& level) {
  if (level.capacity_bits) return static_cast<double>(*level.capacity_bits);
  double bits = 0.0;
  for (const auto& part : level.partition_bits) bits += static_cast<double>(part.value_or(0));
  return bits;
}

/// The level whose fan-out is the array.
LevelIndex array_level(const Accelerator& accelerator) {
  LevelIndex level = 0;
  for (LevelIndex i = 0; i < accelerator.levels().size(); ++i) {
    if (accelerator.levels()[i].fanout.instances() >
        accelerator.levels()[level].fanout.instances()) {
      level = i;
    }
  }
  return level;
}

void scale(std::optional<std::int64_t>& bits, double factor) {
  if (!bits) return;
  const double scaled = std::floor(static_cast<double>(*bits) * factor + 1e-9);
  bits = std::max<std::int64_t>(1, static_cast<std::int64_t>(scaled));
}

void resize(MemoryLevel& level, double factor) {
  const double before = bits_of(level);
  scale(level.capacity_bits, factor);
  for (auto& part : level.partition_bits) scale(part, factor);
  const double after = bits_of(level);
  if (before <= 0.0 || before == after) return;
  const auto banks = static_cast<double>(level.banks);
  const double energy = sram_energy(after / banks) / sram_energy(before / banks);
  level.read_energy_pj_per_bit *= energy;
  level.write_energy_pj_per_bit *= energy;
  const double area = sram_area_um2(after / banks) / sram_area_um2(before / banks);
  level.leakage_pj_per_cycle *= area;
  if (level.area_um2) *level.area_um2 *= area;
}

void require_one(const char* key, std::int64_t value, Diagnostics& problems) {
  if (value < 1) problems.push_back({key, "must be >= 1, got " + std::to_string(value), ""});
}

}  // namespace

double sram_area_um2(double bits) {
  const Sample &least = kAreas.front(), &most = kAreas.back();
  if (bits < least.size) return least.value * bits / least.size;
  if (bits > most.size) return most.value * bits / most.size;
  return interpolated(kAreas, bits);
}

double sram_energy(double bits) {
  const Sample& most = kEnergies.back();
  if (bits <= most.size) return interpolated(kEnergies, bits);
  return most.value * interpolated(kCaches, bits) / interpolated(kCaches, most.size);
}

ArraySizes array_sizes(const Accelerator& accelerator) {
  const std::vector<MemoryLevel>& levels = accelerator.levels();
  const LevelIndex array = array_level(accelerator);
  double buffers = 0.0, registers = 0.0;
  for (LevelIndex i = 1; i < levels.size(); ++i) {
    (i <= array ? buffers : registers) += bits_of(levels[i]);
  }
  return {levels[array].fanout.y, levels[array].fanout.x, static_cast<std::int64_t>(registers),
          static_cast<std::int64_t>(buffers), levels[0].read_bandwidth_bits_per_cycle};
}

Expected<Accelerator> resized(const Accelerator& accelerator, const ArraySizes& sizes) {
  const ArraySizes now = array_sizes(accelerator);
  Diagnostics problems;
  require_one("rows", sizes.rows, problems);
  require_one("columns", sizes.columns, problems);
  const auto check_memory = [&](const char* key, std::int64_t value, std::int64_t present) {
    if (value == present) return;
    require_one(key, value, problems);
    if (present == 0) problems.push_back({key, accelerator.name() + " has none of these", ""});
  };
  check_memory("register_bits", sizes.register_bits, now.register_bits);
  check_memory("buffer_bits", sizes.buffer_bits, now.buffer_bits);
  if (sizes.dram_bits_per_cycle != now.dram_bits_per_cycle &&
      (!sizes.dram_bits_per_cycle || !now.dram_bits_per_cycle)) {
    problems.push_back({"dram_bits_per_cycle", "is unlimited in " + accelerator.name(), ""});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};

  Accelerator::Fields fields = accelerator.fields();
  const LevelIndex array = array_level(accelerator);
  const auto share = [](std::int64_t value, std::int64_t present) {
    return present == 0 ? 1.0 : static_cast<double>(value) / static_cast<double>(present);
  };
  for (LevelIndex i = 1; i < fields.levels.size(); ++i) {
    resize(fields.levels[i], i <= array ? share(sizes.buffer_bits, now.buffer_bits)
                                        : share(sizes.register_bits, now.register_bits));
  }
  fields.levels[array].fanout.y = sizes.rows;
  fields.levels[array].fanout.x = sizes.columns;
  if (sizes.dram_bits_per_cycle != now.dram_bits_per_cycle) {
    const double factor = *sizes.dram_bits_per_cycle / *now.dram_bits_per_cycle;
    fields.levels[0].read_bandwidth_bits_per_cycle = sizes.dram_bits_per_cycle;
    if (auto& writes = fields.levels[0].write_bandwidth_bits_per_cycle) *writes *= factor;
    if (auto& interface = fields.levels[0].area_um2) *interface *= factor;
  }
  return Accelerator::make(std::move(fields));
}

double array_area_um2(const Accelerator& accelerator) {
  double area = accelerator.levels()[0].area_um2.value_or(0.0);
  for (LevelIndex i = 1; i < accelerator.levels().size(); ++i) {
    const MemoryLevel& level = accelerator.levels()[i];
    const auto banks = static_cast<double>(level.banks);
    area += static_cast<double>(accelerator.instances(i)) *
            level.area_um2.value_or(banks * sram_area_um2(bits_of(level) / banks));
  }
  const ComputeEngine& engine = accelerator.engine();
  return area + static_cast<double>(accelerator.compute_units()) *
                    engine.area_um2.value_or(std::visit(UnitArea{}, engine.kind));
}

}  // namespace hwflow::chip
