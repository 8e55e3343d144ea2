#include "chip/mapping/uneven_nest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace hwflow::chip {
namespace {

/// A level to be: a memory, what it keeps there, and the loops above.
struct Part {
  MemoryLevel level;
  std::size_t loops_above = 0;
  std::vector<std::size_t> tiles;  ///< of UnevenNest
};

class Splitter {
 public:
  Splitter(const Accelerator::Fields& machine, const UnevenNest& nest)
      : machine_(machine), nest_(nest) {}

  Expected<EvenNest> run() {
    std::size_t passed = 0;  // loops above tiles of the stage outside the mesh
    std::vector<Part> stage;
    for (const MemoryLevel& memory : machine_.levels) {
      for (Part& part : parts_of(memory)) stage.push_back(std::move(part));
      if (memory.fanout.instances() > 1) close(stage, memory, passed);
    }
    close(stage, machine_.levels.back(), passed);
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    place_loops();
    even_.machine = machine_;
    even_.machine.levels.clear();
    even_.levels.resize(nest_.tiles.size());
    for (const Part& part : parts_) {
      for (const std::size_t tile : part.tiles) even_.levels[tile] = part.level.name;
      even_.machine.levels.push_back(part.level);
    }
    return std::move(even_);
  }

 private:
  std::vector<Part> parts_of(const MemoryLevel& memory) {
    std::map<std::size_t, Part> by_loops;
    for (std::size_t t = 0; t < nest_.tiles.size(); ++t) {
      const UnevenNest::Tile& tile = nest_.tiles[t];
      if (tile.memory != memory.name) continue;
      Part& part = by_loops[tile.loops_above];
      if (part.tiles.empty()) {
        part.level = memory;
        part.level.keeps = {};
        part.level.fanout = {};
        part.loops_above = tile.loops_above;
      }
      part.level.keeps.has[index(tile.role)] = true;
      part.tiles.push_back(t);
    }
    std::vector<Part> parts;
    for (auto& [loops, part] : by_loops) {
      if (by_loops.size() > 1)
        for (const Role role : kRoles)
          if (part.level.keeps.contains(role)) part.level.name += fmt::format("-{}", name(role));
      for (const Role role : kRoles)
        if (!part.level.keeps.contains(role)) part.level.partition_bits[index(role)].reset();
      parts.push_back(std::move(part));
    }
    return parts;
  }

  /// Orders the levels outside a mesh by their loops and puts the fan-out below the last one.
  void close(std::vector<Part>& stage, const MemoryLevel& last, std::size_t& passed) {
    std::stable_sort(stage.begin(), stage.end(),
                     [](const Part& a, const Part& b) { return a.loops_above < b.loops_above; });
    for (const Part& part : stage) {
      if (part.loops_above < passed)
        problems_.push_back({part.level.name,
                             "keeps a tile across loops that stand outside the tiles of the "
                             "memories above the mesh: no order of levels has both",
                             "give all tensors the same boundaries above the mesh"});
      passed = std::max(passed, part.loops_above);
    }
    if (!stage.empty() || parts_.empty()) {
      for (Part& part : stage) parts_.push_back(std::move(part));
      stage.clear();
    }
    if (parts_.empty() || last.fanout.instances() == 1) return;
    MemoryLevel& outer = parts_.back().level;
    outer.fanout = last.fanout;
    spread_of_[parts_.size() - 1] = last.name;
  }

  void place_loops() {
    even_.mapping.levels.resize(parts_.size());
    for (std::size_t l = 0; l < parts_.size(); ++l) {
      const std::size_t first = parts_[l].loops_above;
      const std::size_t end =
          l + 1 < parts_.size() ? parts_[l + 1].loops_above : nest_.temporal.size();
      LevelLoops& loops = even_.mapping.levels[l];
      for (std::size_t i = first; i < end; ++i) loops.temporal.push_back(nest_.temporal[i]);
      const auto spread = spread_of_.find(l);
      if (spread == spread_of_.end()) continue;
      for (const UnevenNest::Spread& each : nest_.spreads) {
        if (each.memory != spread->second) continue;
        loops.spatial_x = each.x;
        loops.spatial_y = each.y;
      }
    }
  }

  const Accelerator::Fields& machine_;
  const UnevenNest& nest_;
  std::vector<Part> parts_;
  std::map<std::size_t, std::string> spread_of_;  ///< memory whose mesh is below this level
  EvenNest even_;
  Diagnostics problems_;
};

}  // namespace

Expected<EvenNest> to_even_nest(const Accelerator::Fields& machine, const UnevenNest& nest) {
  return Splitter(machine, nest).run();
}

}  // namespace hwflow::chip
