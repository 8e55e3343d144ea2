#include "chip/mapping/timeloop_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "chip/arch/foreign_map.hpp"
#include "chip/arch/timeloop_architecture.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

/// A loop as a directive gives it.
struct Turn {
  Dim dim = Dim::n;
  std::int64_t bound = 1;
  std::optional<std::int64_t> last;
  schema::Mark mark;
};

/// Loops over one part of a fan-out, fastest varying first.
struct Spread {
  std::vector<Turn> x, y;
};

class Reader {
 public:
  Reader(const Documents& documents, const LayerInput& layer, const AcceleratorInput& machine)
      : layer_(layer), fields_(machine.accelerator.fields()) {
    const auto [value, origin] = documents.find("mapping");
    mapping_ = value;
    findings_.origin = origin;
    mesh_names_ = machine.mesh_names;
    const bool unnamed = mesh_names_.empty();
    for (LevelIndex l = 0; unnamed && l < fields_.levels.size(); ++l)
      mesh_names_.push_back(
          {fields_.levels[l].name, l, fields_.levels[l].fanout.x, fields_.levels[l].fanout.y});
    temporal_.resize(fields_.levels.size());
    spreads_.resize(mesh_names_.size());
  }

  Expected<MappingInput> read() {
    const auto* directives = mapping_->as_list();
    if (directives == nullptr)
      findings_.problem(mapping_->mark(), "mapping", "must be a list of directives");
    for (std::size_t i = 0; directives != nullptr && i < directives->size(); ++i)
      read_directive((*directives)[i], fmt::format("mapping[{}]", i));
    if (findings_.problems.empty()) check_products();
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    build();
    take_out_empty_levels();
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    auto made = Accelerator::make(std::move(fields_));
    if (!made) {
      for (const Diagnostic& d : made.error())
        findings_.problem(mapping_->mark(), "mapping",
                          fmt::format("as a machine: {}: {}", d.place, d.reason), d.hint);
      return Unexpected{std::move(findings_.problems)};
    }
    MappingInput input{std::move(*made), {}, findings_.all_notes()};
    input.mappings.push_back({layer_.layer.name, std::move(result_)});
    return input;
  }

 private:
  // --- directives -------------------------------------------------------------------------------

  void read_directive(const Value& value, const std::string& path) {
    ForeignMap map(&value, path, findings_);
    const std::string type = map.text("type").value_or("");
    const std::string target = target_of(map);
    if (target.empty()) return;
    if (type == "temporal" || type == "spatial") {
      read_loops(map, type, target);
    } else if (type == "datatype" || type == "bypass" || type == "dataspace") {
      read_keeps(map, target);
    } else {
      map.problem("type", type.empty() ? "is missing" : fmt::format("'{}' is not modelled", type),
                  "one of temporal, spatial, bypass");
      return;
    }
    refuse_switches(map);
    map.finish();
  }

  static void refuse_switches(ForeignMap& map) {
    map.refuse({"no_link_transfer"}, Value(false), "is a choice of counting for the whole machine",
               "leave it out, and count with --semantics timeloop-no-forwarding");
    map.refuse(
        {"no_multicast_no_reduction", "no_temporal_reuse", "rmw_on_first_writeback", "passthrough"},
        Value(false), "changes counts and is not modelled");
  }

  /// The name of a level or mesh; numbers count levels from the innermost.
  std::string target_of(ForeignMap& map) {
    const Value* value = map.require("target");
    if (value == nullptr) return {};
    if (const auto* number = value->as_int()) {
      const auto count = static_cast<std::int64_t>(fields_.levels.size());
      if (*number >= 0 && *number < count)
        return fields_.levels[static_cast<std::size_t>(count - 1 - *number)].name;
      map.problem("target", fmt::format("no level {}: the machine has {}", *number, count));
      return {};
    }
    std::string name = scalar_text(*value);
    name = name.substr(0, name.find('['));
    if (!level_of(name) && meshes_of(name).empty()) {
      map.problem("target", fmt::format("'{}' has no level '{}'", fields_.name, name),
                  nearest_name_hint(name, names()));
      return {};
    }
    return name;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const MemoryLevel& level : fields_.levels) names.push_back(level.name);
    for (const MeshName& mesh : mesh_names_) names.push_back(mesh.name);
    return names;
  }

  std::optional<LevelIndex> level_of(const std::string& name) const {
    for (LevelIndex l = 0; l < fields_.levels.size(); ++l)
      if (fields_.levels[l].name == name) return l;
    return std::nullopt;
  }

  std::vector<std::size_t> meshes_of(const std::string& name) const {
    std::vector<std::size_t> found;
    for (std::size_t m = 0; m < mesh_names_.size(); ++m)
      if (mesh_names_[m].name == name) found.push_back(m);
    return found;
  }

  void read_loops(ForeignMap& map, const std::string& type, const std::string& target) {
    if (!seen_.insert(type + " " + target).second)
      map.problem("target", fmt::format("a second {} directive for '{}'", type, target));
    const std::vector<Turn> turns = read_turns(map);
    if (type == "spatial") return read_spread(map, target, turns);
    const auto level = level_of(target);
    if (level) {
      std::vector<Turn> outer_first(turns.rbegin(), turns.rend());
      std::erase_if(outer_first, [](const Turn& turn) { return turn.bound == 1; });
      temporal_[*level] = std::move(outer_first);
    } else if (std::any_of(turns.begin(), turns.end(), [](auto& turn) { return turn.bound > 1; })) {
      map.problem("factors",
                  fmt::format("'{}' keeps nothing: loops there cannot be told from "
                              "those of the level above, but they stand inside its "
                              "spatial loops",
                              target),
                  "move them to the next level inward");
    }
  }

  void read_spread(ForeignMap& map, const std::string& target, const std::vector<Turn>& turns) {
    const auto meshes = meshes_of(target);
    const std::size_t split = static_cast<std::size_t>(
        map.integer("split", 0, 64).value_or(static_cast<std::int64_t>(turns.size())));
    const bool spreads =
        std::any_of(turns.begin(), turns.end(), [](const Turn& turn) { return turn.bound > 1; });
    if (!spreads) return;
    if (meshes.empty() || mesh_names_[meshes.front()].x * mesh_names_[meshes.front()].y == 1)
      return map.problem("target", fmt::format("there is no mesh below '{}'", target));
    Spread& spread = spreads_[meshes.front()];
    for (std::size_t i = 0; i < turns.size(); ++i)
      if (turns[i].bound > 1) (i < split ? spread.x : spread.y).push_back(turns[i]);
    check_axis(map, spread.x, mesh_names_[meshes.front()].x, "columns");
    check_axis(map, spread.y, mesh_names_[meshes.front()].y, "rows");
  }

  static void check_axis(ForeignMap& map, const std::vector<Turn>& turns, std::int64_t mesh,
                         const char* unit) {
    std::int64_t used = 1;
    for (const Turn& turn : turns) used = std::min(used * turn.bound, std::int64_t{1} << 31);
    if (used > mesh)
      map.problem("factors", fmt::format("spread over {} {}, the mesh has {}", used, unit, mesh),
                  "'split' says how many dimensions of the permutation are columns");
  }

  /// All dimensions from the innermost outward, those without a factor with bound 1.
  std::vector<Turn> read_turns(ForeignMap& map) {
    const std::vector<Factor> factors = read_factors(map);
    std::vector<std::string> order = read_permutation(map);
    std::vector<std::string> unplaced;
    for (const auto& [name, dim] : layer_.dims) {
      if (std::find(order.begin(), order.end(), name) != order.end()) continue;
      order.push_back(name);
      for (const Factor& factor : factors)
        if (factor.dim == name && factor.bound != 1) unplaced.push_back(name);
    }
    if (unplaced.size() > 1)
      map.problem("permutation",
                  fmt::format("leaves out {}, whose order matters", fmt::join(unplaced, " and ")),
                  "name them, from the innermost loop outward");
    std::vector<Turn> turns;
    for (const std::string& name : order) {
      Turn turn{*dim_of(name), 1, std::nullopt, {}};
      for (const Factor& factor : factors) {
        if (factor.dim != name) continue;
        turn.bound = factor.bound == 0 ? layer_.layer.op.bound(turn.dim) : factor.bound;
        turn.last = factor.last;
      }
      turns.push_back(turn);
    }
    return turns;
  }

  std::vector<Factor> read_factors(ForeignMap& map) {
    const Value* value = map.take("factors");
    if (value == nullptr || value->is_null()) return {};
    std::string text;
    if (const auto* list = value->as_list())
      for (const Value& each : *list) text += scalar_text(each) + ' ';
    if (const auto* entries = value->as_map())
      for (const auto& each : *entries) text += each.key + '=' + scalar_text(each.value) + ' ';
    if (text.empty()) text = scalar_text(*value);
    const auto factors = parse_factors(text);
    if (!factors) {
      map.problem("factors", fmt::format("'{}' is no list like C=4 M=2", text.substr(0, 60)));
      return {};
    }
    std::vector<Factor> known;
    for (const Factor& factor : *factors) {
      const bool twice = std::any_of(known.begin(), known.end(),
                                     [&](const Factor& other) { return other.dim == factor.dim; });
      if (twice) map.problem("factors", fmt::format("names {} twice", factor.dim));
      if (check_dim(map, "factors", factor.dim) && !twice) known.push_back(factor);
    }
    return known;
  }

  std::vector<std::string> read_permutation(ForeignMap& map) {
    std::vector<std::string> names = map.words("permutation");
    const bool letters = std::all_of(layer_.dims.begin(), layer_.dims.end(),
                                     [](const auto& dim) { return dim.first.size() == 1; });
    if (letters) {
      std::string joined;
      for (const std::string& name : names) joined += name;
      names.clear();
      for (const char c : joined) names.emplace_back(1, c);
    }
    std::vector<std::string> known;
    for (const std::string& name : names) {
      if (!check_dim(map, "permutation", name)) continue;
      if (std::find(known.begin(), known.end(), name) != known.end())
        map.problem("permutation", fmt::format("names {} twice", name));
      else
        known.push_back(name);
    }
    return known;
  }

  std::optional<Dim> dim_of(const std::string& name) const {
    for (const auto& [known, dim] : layer_.dims)
      if (known == name) return dim;
    return std::nullopt;
  }

  bool check_dim(ForeignMap& map, std::string_view key, const std::string& name) {
    if (dim_of(name)) return true;
    std::vector<std::string> names;
    for (const auto& [known, dim] : layer_.dims) names.push_back(known);
    map.problem(key, fmt::format("'{}' is no dimension of the layer", name),
                fmt::format("its dimensions: {}", fmt::join(names, " ")));
    return false;
  }

  void read_keeps(ForeignMap& map, const std::string& target) {
    if (!seen_.insert("keeps " + target).second)
      map.problem("target", fmt::format("a second directive of what '{}' keeps", target));
    const auto level = level_of(target);
    for (const char* key : {"keep", "bypass"}) {
      for (const std::string& name : map.words(key)) {
        const auto role = tensor_of(name);
        if (!role) {
          map.problem(key, fmt::format("'{}' is no tensor of the layer", name));
        } else if (level) {
          fields_.levels[*level].keeps.has[index(*role)] = std::string_view(key) == "keep";
        } else if (std::string_view(key) == "keep") {
          map.problem(
              key, fmt::format("'{}' keeps nothing, say the architecture's constraints", target));
        }
      }
    }
  }

  std::optional<Role> tensor_of(const std::string& name) const {
    for (const auto& [known, role] : layer_.tensors)
      if (known == name) return role;
    return std::nullopt;
  }

  // --- the whole nest ---------------------------------------------------------------------------

  /// Loops of one dimension from the outermost inward.
  std::vector<Turn> turns_of(Dim dim) const {
    std::vector<Turn> turns;
    const auto add = [&](const std::vector<Turn>& list, bool outer_first) {
      const std::size_t count = list.size();
      for (std::size_t i = 0; i < count; ++i) {
        const Turn& turn = list[outer_first ? i : count - 1 - i];
        if (turn.dim == dim) turns.push_back(turn);
      }
    };
    for (LevelIndex l = 0; l < temporal_.size(); ++l) {
      add(temporal_[l], true);
      for (std::size_t m = 0; m < mesh_names_.size(); ++m) {
        if (mesh_names_[m].level != l) continue;
        add(spreads_[m].y, false);
        add(spreads_[m].x, false);
      }
    }
    return turns;
  }

  void check_products() {
    for (const auto& [name, dim] : layer_.dims) {
      const std::int64_t bound = layer_.layer.op.bound(dim);
      const std::vector<Turn> turns = turns_of(dim);
      std::int64_t whole = 1, length = 1;  // of a full tile; of the tile that ends the dimension
      bool ragged = false;
      for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
        length += (turn->last.value_or(turn->bound) - 1) * whole;
        whole = std::min(whole * turn->bound, std::int64_t{1} << 53);
        ragged = ragged || turn->last.has_value();
      }
      if (length != bound) {
        findings_.problem(
            mapping_->mark(), "mapping",
            fmt::format("the factors of {} multiply to {}, the layer has {}", name, length, bound));
      } else if (ragged) {
        check_ragged(name, bound, turns);
      }
    }
  }

  /// Our tiles are ceil(t / b) of the tile above: the same as Timeloop's where these agree.
  void check_ragged(const std::string& name, std::int64_t bound, const std::vector<Turn>& turns) {
    std::int64_t whole = 1;
    for (const Turn& turn : turns) whole *= turn.bound;
    std::int64_t tile = bound;
    for (const Turn& turn : turns) {
      whole /= turn.bound;
      tile = (tile - 1) / turn.bound + 1;
      if (tile == whole) continue;
      findings_.problem(mapping_->mark(), "mapping",
                        fmt::format("the rests of {} make tiles of {} where equal parts have {}",
                                    name, whole, tile),
                        "only the last tile of a loop may be smaller");
      return;
    }
    findings_.note(fmt::format("{} has rests: its last tiles are smaller, and counted so", name));
  }

  static std::vector<Loop> loops_of(const std::vector<Turn>& turns) {
    std::vector<Loop> loops;
    for (const Turn& turn : turns) loops.push_back({turn.dim, turn.bound});
    return loops;
  }

  void build() {
    result_.levels.resize(fields_.levels.size());
    for (LevelIndex l = 0; l < temporal_.size(); ++l)
      result_.levels[l].temporal = loops_of(temporal_[l]);
    for (std::size_t m = mesh_names_.size(); m-- > 0;) {  // inner parts vary faster
      LevelLoops& level = result_.levels[mesh_names_[m].level];
      for (const Loop& loop : loops_of(spreads_[m].x)) level.spatial_x.push_back(loop);
      for (const Loop& loop : loops_of(spreads_[m].y)) level.spatial_y.push_back(loop);
    }
    for (MemoryLevel& level : fields_.levels)
      for (const Role role : kRoles)
        if (!level.keeps.contains(role)) level.partition_bits[index(role)].reset();
  }

  void take_out_empty_levels() {
    for (LevelIndex l = fields_.levels.size(); l-- > 1;) {
      if (fields_.levels[l].keeps != RoleSet{}) continue;
      if (!result_.levels[l].temporal.empty()) {
        findings_.problem(
            mapping_->mark(), "mapping",
            fmt::format("'{}' keeps nothing and has temporal loops", fields_.levels[l].name),
            "move them to the next level inward");
        continue;
      }
      Fanout& above = fields_.levels[l - 1].fanout;
      above.x *= fields_.levels[l].fanout.x;
      above.y *= fields_.levels[l].fanout.y;
      const auto prepend = [](std::vector<Loop>& outer, const std::vector<Loop>& inner) {
        outer.insert(outer.begin(), inner.begin(), inner.end());
      };
      prepend(result_.levels[l - 1].spatial_x, result_.levels[l].spatial_x);
      prepend(result_.levels[l - 1].spatial_y, result_.levels[l].spatial_y);
      fields_.levels.erase(fields_.levels.begin() + static_cast<std::ptrdiff_t>(l));
      result_.levels.erase(result_.levels.begin() + static_cast<std::ptrdiff_t>(l));
    }
  }

  const LayerInput& layer_;
  Accelerator::Fields fields_;
  const Value* mapping_ = nullptr;
  Findings findings_;
  std::vector<MeshName> mesh_names_;
  std::vector<std::vector<Turn>> temporal_;  ///< outermost first
  std::vector<Spread> spreads_;              ///< as mesh_names_
  std::set<std::string> seen_;
  Mapping result_;
};

}  // namespace

std::optional<std::vector<Factor>> parse_factors(std::string_view text) {
  std::vector<Factor> factors;
  const auto skip = [&](std::string_view any) {
    const std::size_t next = text.find_first_not_of(any);
    text.remove_prefix(std::min(next, text.size()));
  };
  const auto integer = [&](std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || value > (std::int64_t{1} << 30)) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
  };
  for (skip(" ,\t\n"); !text.empty(); skip(" ,\t\n")) {
    Factor factor;
    while (!text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0) {
      factor.dim += text.front();
      text.remove_prefix(1);
    }
    skip(" =");
    if (factor.dim.empty() || !integer(factor.bound)) return std::nullopt;
    const bool has_rest =
        text.size() > 1 && text[0] == ',' && std::isdigit(static_cast<unsigned char>(text[1])) != 0;
    if (has_rest) {
      text.remove_prefix(1);
      std::int64_t last = 0;
      if (!integer(last) || last < 1 || last > factor.bound) return std::nullopt;
      if (last != factor.bound) factor.last = last;
    }
    factors.push_back(std::move(factor));
  }
  return factors;
}

Expected<MappingInput> read_mapping(const Documents& documents, const LayerInput& layer,
                                    const AcceleratorInput& machine) {
  return Reader(documents, layer, machine).read();
}

}  // namespace hwflow::chip::timeloop
