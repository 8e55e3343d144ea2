#include "chip/fusion/buffer_front.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "chip/fusion/least_dram.hpp"

namespace hwflow::chip {
namespace {

/// Optima of layers by themselves, for one buffer after the other, each smaller than the last. What
/// a mapping costs does not depend on the capacity, which only says whether it fits: an optimum
/// that fits into less is one there too, and no other mapping there is below its bound.
class ProvedMappings {
 public:
  ProvedMappings(LevelIndex buffer, LayerMapper mapper)
      : buffer_(buffer), mapper_(std::move(mapper)) {}

  Expected<MappingResult> map(const Layer& layer, const Accelerator& machine,
                              const MapperOptions& options, const std::stop_token& stop) {
    const MemoryLevel& level = machine.levels()[buffer_];
    const bool keeps_weights = level.keeps.contains(Role::weights);
    const std::string key = shape_key(layer) + (keeps_weights ? "|kept" : "|bypassed");
    {
      const std::lock_guard lock(mutex_);
      const auto known = known_.find(key);
      if (known != known_.end() &&
          known->second.cost.levels[buffer_].occupied_bits <= level.capacity_bits.value_or(0))
        return known->second;
    }
    auto found = mapper_(layer, machine, options, stop);
    if (found && found->optimal) {
      const std::lock_guard lock(mutex_);
      known_[key] = *found;
    }
    return found;
  }

 private:
  LevelIndex buffer_;
  LayerMapper mapper_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, MappingResult> known_;
};

/// Points by falling size, with what one search leaves for the next.
class Sweep {
 public:
  Sweep(const FusionGraph& graph, const Accelerator& accelerator, const BufferSweep& sweep,
        const FusionOptions& options, const BufferProgress& progress, std::stop_token stop)
      : graph_(graph),
        accelerator_(accelerator),
        double_buffered_(sweep.double_buffered),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)),
        single_mapper_(options.map_alone) {
    if (!options.map_alone) {
      single_mapper_ = [this, cache = options.mappings](const auto& layer, const auto& machine,
                                                        const auto& limits, const auto& token) {
        const auto map = [&](const Layer& one, const Accelerator& on, const MapperOptions& within) {
          return cache != nullptr ? cache->map(one, on, within) : map_layer(one, on, within, token);
        };
        return map_by_itself(layer, machine, buffer_, limits, map);
      };
    }
    if (options_.mappings == nullptr) options_.mappings = &own_mappings_;
    options_.slices = &slices_;
  }

  Expected<BufferFront> run(const BufferSizes& sizes) {
    HWFLOW_CHECK(!sizes.empty(), "no size of the buffer");
    BufferSizes falling = sizes;
    std::sort(falling.rbegin(), falling.rend());
    falling.erase(std::unique(falling.begin(), falling.end()), falling.end());
    for (const std::int64_t bits : falling)
      if (!add(bits)) break;
    return finish();
  }

  Expected<BufferFront> run(const BufferRange& range) {
    HWFLOW_CHECK(1 <= range.least_bits && range.least_bits <= range.most_bits && range.step >= 0.0,
                 "not a range of buffer sizes");
    std::int64_t next = range.most_bits;
    while (add(next)) {
      const std::int64_t peak = front_.points.back().peak_bits;
      if (peak <= range.least_bits) break;
      const auto stepped =
          static_cast<std::int64_t>(std::floor(static_cast<double>(peak) / (1.0 + range.step)));
      next = std::max(std::min(peak - 1, stepped), range.least_bits);
    }
    return finish();
  }

 private:
  /// Searches with a smaller buffer than ever; false: that was the last one.
  bool add(std::int64_t bits) {
    auto machine = make_fusion_machine(accelerator_, {bits, double_buffered_});
    if (!machine) {
      problems_ = machine.error();
      return false;
    }
    slices_.keep_fitting(machine->room);
    buffer_ = machine->buffer;
    if (!singles_) singles_.emplace(buffer_, single_mapper_);
    options_.map_alone = [this](const Layer& layer, const Accelerator& alone,
                                const MapperOptions& options, const std::stop_token& stop) {
      return singles_->map(layer, alone, options, stop);
    };
    const auto tell = [&](std::int64_t searched, double, double) {
      if (progress_) progress_(bits, front_.points.size(), searched);
    };
    tell(0, 0.0, 0.0);
    auto fused = fuse_network(graph_, *machine, options_, tell, stop_);
    front_.is_complete = !stop_.stop_requested();
    // What a stop cut short counts only when there is nothing else.
    if (!front_.is_complete && !front_.points.empty()) return false;
    if (!fused) {
      problems_ = fused.error();
      front_.too_small_bits = bits;
      return false;
    }
    const std::int64_t peak = peak_bits(*fused, *machine);
    front_.points.push_back({bits, peak, false, std::move(*machine), std::move(*fused)});
    return front_.is_complete;
  }

  Expected<BufferFront> finish() {
    if (front_.points.empty()) return Unexpected{problems_};
    for (BufferPoint& point : front_.points) {
      point.is_dominated =
          std::any_of(front_.points.begin(), front_.points.end(), [&](const BufferPoint& other) {
            const auto cost = std::pair(other.peak_bits, other.fusion.value);
            const auto own = std::pair(point.peak_bits, point.fusion.value);
            if (cost == own) return other.buffer_bits < point.buffer_bits;
            return cost.first <= own.first && cost.second <= own.second;
          });
    }
    front_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    return std::move(front_);
  }

  using Clock = std::chrono::steady_clock;
  const FusionGraph& graph_;
  const Accelerator& accelerator_;
  std::optional<bool> double_buffered_;
  FusionOptions options_;
  const BufferProgress& progress_;
  std::stop_token stop_;
  LevelIndex buffer_ = 1;
  LayerMapper single_mapper_;
  MappingCache own_mappings_;
  SliceCache slices_;
  std::optional<ProvedMappings> singles_;
  Diagnostics problems_;
  BufferFront front_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

std::int64_t peak_bits(const NetworkFusion& fusion, const FusionMachine& machine) {
  std::int64_t most = 0;
  for (const FusedGroup& group : fusion.groups) {
    const bool is_apart = group.plan && machine.room.weight_bits;
    most = std::max(most, is_apart ? group.plan->room.feature_bits() : group.peak_buffer_bits);
  }
  return most;
}

Expected<BufferFront> fuse_buffers(const FusionGraph& graph, const Accelerator& accelerator,
                                   const BufferSweep& sweep, const FusionOptions& options,
                                   const BufferProgress& progress, const std::stop_token& stop) {
  Sweep search(graph, accelerator, sweep, options, progress, stop);
  return std::visit([&](const auto& sizes) { return search.run(sizes); }, sweep.sizes);
}

}  // namespace hwflow::chip
