#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "chip/arch/timeloop_architecture.hpp"
#include "chip/mapping/timeloop_mapping.hpp"
#include "chip/mapping/timeloop_problem.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

/// A loop that turns: its trips in a full tile and in the one that ends the dimension.
struct Turn {
  Dim dim = Dim::n;
  std::int64_t trips = 1, last = 1;
};

class Writer {
 public:
  Writer(const Mapping& mapping, const Layer& layer, const Accelerator& accelerator)
      : mapping_(mapping),
        layer_(layer),
        accelerator_(accelerator),
        full_(layer.op.bounds()),
        end_(layer.op.bounds()) {}

  ForeignText write() {
    for (LevelIndex l = 0; l < mapping_.levels.size(); ++l) {
      const LevelLoops& loops = mapping_.levels[l];
      level_ = accelerator_.levels()[l].name;
      keeps(accelerator_.levels()[l]);
      std::vector<Turn> temporal = turns_of(loops.temporal);
      std::reverse(temporal.begin(), temporal.end());
      directive("temporal", temporal, std::nullopt);
      spatial(loops, accelerator_.levels()[l].fanout);
    }
    Value document = Value::map();
    document.set("mapping", directives_);
    return {schema::to_yaml(document), {}, std::move(losses_)};
  }

 private:
  /// Follows a list of loops from the outermost inward.
  std::vector<Turn> turns_of(const std::vector<Loop>& loops) {
    std::vector<Turn> turns;
    for (const Loop& loop : loops) {
      std::int64_t& full = full_[index(loop.dim)];
      std::int64_t& end = end_[index(loop.dim)];
      const std::int64_t step = (full - 1) / loop.bound + 1;
      const Turn turn{loop.dim, (full - 1) / step + 1, (end - 1) / step + 1};
      if (turned_[index(loop.dim)] && turn.trips * step != full)
        losses_.push_back(
            {fmt::format("layer {}: {}", layer_.name, level_),
             fmt::format("tiles of {} in {} do not fill one of {}: in Timeloop only the last tile "
                         "of the whole dimension may be smaller",
                         step, name(loop.dim), full),
             "choose bounds that divide"});
      turned_[index(loop.dim)] = turned_[index(loop.dim)] || turn.trips > 1;
      end -= (turn.last - 1) * step;
      full = step;
      if (turn.trips > 1) turns.push_back(turn);
    }
    return merged(std::move(turns));
  }

  /// Timeloop has one loop of a dimension at a level: neighbours become one.
  std::vector<Turn> merged(std::vector<Turn> turns) {
    std::vector<Turn> result;
    for (const Turn& turn : turns) {
      if (!result.empty() && result.back().dim == turn.dim &&
          result.back().trips == result.back().last && turn.trips == turn.last) {
        result.back().trips *= turn.trips;
        result.back().last *= turn.last;
      } else {
        result.push_back(turn);
      }
    }
    return result;
  }

  void spatial(const LevelLoops& loops, const Fanout& fanout) {
    if (fanout.instances() == 1) return;
    // Rows before columns and slowest varying first, as tiles are cut; Timeloop names the fastest
    // varying first.
    const auto cut = [&](std::vector<Loop> axis) {
      std::reverse(axis.begin(), axis.end());
      std::vector<Turn> turns = turns_of(axis);
      std::reverse(turns.begin(), turns.end());
      return turns;
    };
    const std::vector<Turn> rows = cut(loops.spatial_y);
    std::vector<Turn> turns = cut(loops.spatial_x);
    const std::size_t columns = turns.size();
    turns.insert(turns.end(), rows.begin(), rows.end());
    directive("spatial", turns, columns);
  }

  void directive(const char* type, const std::vector<Turn>& turns,
                 std::optional<std::size_t> split) {
    std::string factors, permutation;
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const std::string name = dimension_name(turns[i].dim);
      if (permutation.find(name) != std::string::npos)
        losses_.push_back(
            {fmt::format("layer {}: {}", layer_.name, level_),
             fmt::format("several {} loops over {}: Timeloop has one of a dimension at a level",
                         type, name),
             "put other loops elsewhere, or add a level"});
      permutation += name;
      factors += fmt::format("{}{}={}", i == 0 ? "" : " ", name, turns[i].trips);
      if (turns[i].last != turns[i].trips) factors += fmt::format(",{}", turns[i].last);
    }
    for (const Dim dim : kDims) {
      const std::string name = dimension_name(dim);
      const bool used = uses(dim);
      if (!used || permutation.find(name) != std::string::npos) continue;
      permutation += name;
      factors += fmt::format("{}{}=1", factors.empty() ? "" : " ", name);
    }
    Value map = Value::map();
    map.set("target", level_);
    map.set("type", type);
    map.set("factors", factors);
    map.set("permutation", permutation);
    if (split) map.set("split", static_cast<std::int64_t>(*split));
    directives_.append(map);
  }

  [[nodiscard]] bool uses(Dim dim) const {
    return std::any_of(layer_.op.operands().begin(), layer_.op.operands().end(),
                       [&](const Operand& operand) { return operand.indexed_by(dim); });
  }

  void keeps(const MemoryLevel& level) {
    Value keep = Value::list(), bypass = Value::list();
    for (const Role role : kRoles)
      (level.keeps.contains(role) ? keep : bypass).append(data_space(role));
    Value map = Value::map();
    map.set("target", level_);
    map.set("type", "bypass");
    map.set("keep", keep);
    map.set("bypass", bypass);
    directives_.append(map);
  }

  const Mapping& mapping_;
  const Layer& layer_;
  const Accelerator& accelerator_;
  DimArray full_, end_;
  std::array<bool, kDimCount> turned_{};  ///< dimensions that an outer loop has cut
  std::string level_;
  Value directives_ = Value::list();
  Diagnostics losses_;
};

}  // namespace

ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                          const Accelerator& accelerator) {
  HWFLOW_CHECK(mapping.levels.size() == accelerator.levels().size(),
               "a mapping of another number of levels");
  return Writer(mapping, layer, accelerator).write();
}

}  // namespace hwflow::chip::timeloop
