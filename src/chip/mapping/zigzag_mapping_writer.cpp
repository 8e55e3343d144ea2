#include <fmt/format.h>

#include "chip/mapping/loop_allocation.hpp"
#include "chip/mapping/uneven_nest.hpp"
#include "chip/mapping/zigzag_mapping.hpp"
#include "chip/mapping/zigzag_workload.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

class Writer {
 public:
  Writer(const Mapping& mapping, const Layer& layer, const Accelerator& accelerator)
      : mapping_(mapping), layer_(layer), accelerator_(accelerator), tile_(layer.op.bounds()) {}

  ForeignText write() {
    collect();
    tell_boundaries();
    Value entry = Value::map();
    entry.set("name", layer_.name);
    entry.set("spatial_mapping", spatial());
    Value ordering = Value::list();
    for (auto loop = nest_.temporal.rbegin(); loop != nest_.temporal.rend(); ++loop)
      ordering.append(Value::list().append(dimension_name(loop->dim)).append(loop->bound));
    entry.set("temporal_ordering", ordering);
    Value links = Value::map();
    links.set("O", "O");
    links.set("W", "I2");
    links.set("I", "I1");
    entry.set("memory_operand_links", links);
    Value fallback = entry;  // ZigZag wants one
    fallback.set("name", "default");
    return {schema::to_yaml(Value::list().append(entry).append(fallback)), {}, std::move(losses_)};
  }

 private:
  void loss(const std::string& place, std::string reason, std::string hint) {
    losses_.push_back(
        {fmt::format("layer {}: {}", layer_.name, place), std::move(reason), std::move(hint)});
  }

  void follow(const std::vector<Loop>& loops, std::vector<Loop>& turning) {
    for (const Loop& loop : loops) {
      std::int64_t& size = tile_[index(loop.dim)];
      const std::int64_t step = (size - 1) / loop.bound + 1, trips = (size - 1) / step + 1;
      if (step * trips != size)
        loss(std::string(name(loop.dim)), "has tiles of different sizes",
             "choose bounds that divide");
      if (trips > 1) turning.push_back({loop.dim, trips});
      size = step;
    }
  }

  void collect() {
    for (LevelIndex l = 0; l < mapping_.levels.size(); ++l) {
      loops_above_.push_back(nest_.temporal.size());
      follow(mapping_.levels[l].temporal, nest_.temporal);
      UnevenNest::Spread spread{accelerator_.levels()[l].name, {}, {}};
      follow(mapping_.levels[l].spatial_y, spread.y);
      follow(mapping_.levels[l].spatial_x, spread.x);
      nest_.spreads.push_back(std::move(spread));
    }
  }

  /// ZigZag's files say the order of loops; which memory gets which is its own rule.
  void tell_boundaries() {
    UnevenNest allocated = nest_;
    for (const Diagnostic& d : allocate_loops(layer_, accelerator_.fields(), allocated))
      loss(d.place, d.reason, d.hint);
    for (const UnevenNest::Tile& each : allocated.tiles) {
      for (LevelIndex l = 0; l < accelerator_.levels().size(); ++l)
        if (accelerator_.levels()[l].name == each.memory && loops_above_[l] != each.loops_above)
          loss(fmt::format("{} of {}", each.memory, name(each.role)),
               fmt::format("has {} loops above its tile; ZigZag allocates loops itself and leaves "
                           "{}",
                           loops_above_[l], each.loops_above),
               "the order is written, the boundary cannot be");
    }
  }

  [[nodiscard]] Value spatial() const {
    Value map = Value::map();
    for (const MeshName& mesh : meshes_of(accelerator_, {})) {
      Value list = Value::list();
      const UnevenNest::Spread& spread = nest_.spreads[mesh.level];
      const bool columns = mesh.name == "D1" || mesh.name == "D3";
      for (const Loop& loop : columns ? spread.x : spread.y)
        list.append(fmt::format("{}, {}", dimension_name(loop.dim), loop.bound));
      if (!list.as_list()->empty()) map.set(mesh.name, list);
    }
    return map;
  }

  const Mapping& mapping_;
  const Layer& layer_;
  const Accelerator& accelerator_;
  DimArray tile_;
  UnevenNest nest_;
  std::vector<std::size_t> loops_above_;  ///< outside the tile of each level
  Diagnostics losses_;
};

}  // namespace

ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                          const Accelerator& accelerator) {
  return Writer(mapping, layer, accelerator).write();
}

}  // namespace hwflow::chip::zigzag
