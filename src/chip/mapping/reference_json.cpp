#include "chip/mapping/reference_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chip/mapping/timeloop_problem.hpp"

namespace hwflow::chip::reference {
namespace {

/// Width of every word in these files.
constexpr std::int64_t kWordBits = 16;

struct Mesh {
  std::int64_t x = 1, y = 1;
};

Mesh read_mesh(const Node& level) {
  if (!level.has("mesh_x_y")) return {level.at("instances").integer(1), 1};
  const std::vector<Node> sizes = level.at("mesh_x_y").elements();
  if (sizes.size() != 2) {
    level.at("mesh_x_y").problem("must be [columns, rows]");
    return {};
  }
  return {sizes[0].integer(1), sizes[1].integer(1)};
}

std::optional<double> read_bandwidth(const Node& level, std::string_view key) {
  if (!level.has(key) || level.at(key).is_null()) return std::nullopt;
  return level.at(key).number() * static_cast<double>(kWordBits);
}

MemoryLevel read_level(const Node& node) {
  MemoryLevel level;
  level.name = node.at("name").text();
  level.keeps = RoleSet{{true, true, true}};
  level.word_bits = kWordBits;
  if (!node.at("capacity_words16").is_null()) {
    level.capacity_bits = node.at("capacity_words16").integer(1) * kWordBits;
  }
  level.read_energy_pj_per_bit = node.at("energy_per_word_read").number() / kWordBits;
  level.write_energy_pj_per_bit = node.at("energy_per_word_write").number() / kWordBits;
  level.read_bandwidth_bits_per_cycle = read_bandwidth(node, "read_bw_words_per_cycle");
  level.write_bandwidth_bits_per_cycle = read_bandwidth(node, "write_bw_words_per_cycle");
  return level;
}

/// The fan-out between two meshes; the inner one must be a multiple.
void set_fanout(Fanout& fanout, const Mesh& outer, const Mesh& inner, const Node& place) {
  if (inner.x % outer.x != 0 || inner.y % outer.y != 0) {
    place.problem(
        fmt::format("a mesh of {} x {} below one of {} x {}", inner.x, inner.y, outer.x, outer.y));
    return;
  }
  fanout.x = inner.x / outer.x;
  fanout.y = inner.y / outer.y;
}

/// `bandwidth_words_per_cycle`: {LEVEL: [read, write]}; "spads" stands for all levels *_spad.
void read_bandwidths(const Node& table, std::vector<MemoryLevel>& levels) {
  for (const std::string& key : table.keys()) {
    const std::vector<Node> pair = table.at(key).elements();
    if (pair.size() != 2) {
      table.at(key).problem("must be [read, write]");
      continue;
    }
    bool found = false;
    for (MemoryLevel& level : levels) {
      const bool is_spad = key == "spads" && level.name.ends_with("_spad");
      if (level.name != key && !is_spad) continue;
      found = true;
      level.read_bandwidth_bits_per_cycle = pair[0].number() * static_cast<double>(kWordBits);
      level.write_bandwidth_bits_per_cycle = pair[1].number() * static_cast<double>(kWordBits);
    }
    if (!found) table.at(key).problem("no such level");
  }
}

std::vector<Loop> read_loops(const Node& list) {
  std::vector<Loop> loops;
  for (const Node& item : list.elements()) {
    const std::vector<Node> pair = item.elements();
    const auto dim = pair.size() == 2 ? timeloop::dimension_of(pair[0].text()) : std::nullopt;
    if (!dim) {
      item.problem("a loop is [letter of N M C P Q R S G, bound]");
      continue;
    }
    loops.push_back({*dim, pair[1].integer(1)});
  }
  return loops;
}

}  // namespace

void Node::problem(std::string reason, std::string hint) const {
  if (json_ == nullptr) return;  // a missing parent has been noted
  problems_->push_back({place_, std::move(reason), std::move(hint)});
}

bool Node::has(std::string_view key) const {
  return json_ != nullptr && json_->is_object() && json_->contains(key);
}

Node Node::at(std::string_view key) const {
  const std::string place = fmt::format("{}.{}", place_, key);
  if (has(key)) return {&json_->at(std::string(key)), place, *problems_};
  problem(fmt::format("key '{}' is missing", key));
  return {nullptr, place, *problems_};
}

std::vector<Node> Node::elements() const {
  std::vector<Node> nodes;
  if (json_ == nullptr) return nodes;
  if (!json_->is_array()) {
    problem("must be a list");
    return nodes;
  }
  for (std::size_t i = 0; i < json_->size(); ++i) {
    nodes.emplace_back(&(*json_)[i], fmt::format("{}[{}]", place_, i), *problems_);
  }
  return nodes;
}

std::int64_t Node::integer(std::int64_t least, std::int64_t most) const {
  if (json_ == nullptr) return least;
  constexpr std::size_t kShown = 80;
  const bool fits = json_->is_number_unsigned()
                        ? std::cmp_less_equal(json_->get<std::uint64_t>(), most)
                        : json_->is_number_integer();
  if (!fits || json_->get<std::int64_t>() < least) {
    problem(fmt::format("must be an integer from {} to {}, got {}", least, most,
                        json_->dump().substr(0, kShown)));
    return least;
  }
  return json_->get<std::int64_t>();
}

double Node::number() const {
  if (json_ == nullptr) return 0.0;
  if (!json_->is_number()) {
    problem(fmt::format("must be a number, got {}", json_->dump()));
    return 0.0;
  }
  return json_->get<double>();
}

std::string Node::text() const {
  if (json_ == nullptr) return {};
  if (!json_->is_string()) {
    problem("must be a text");
    return {};
  }
  return json_->get<std::string>();
}

std::vector<std::string> Node::keys() const {
  std::vector<std::string> names;
  if (json_ == nullptr || !json_->is_object()) {
    problem("must be an object");
    return names;
  }
  for (const auto& item : json_->items()) names.push_back(item.key());
  return names;
}

std::vector<KeptRoles> read_keeps(const Node& mapping) {
  std::vector<KeptRoles> kept;
  for (const Node& entry : mapping.elements()) {
    if (!entry.has("keeps")) continue;
    KeptRoles level{entry.at("level").text(), {}};
    for (const Node& tensor : entry.at("keeps").elements()) {
      const std::string name = tensor.text();
      if (name == "Weights") {
        level.roles.has[index(Role::weights)] = true;
      } else if (name == "Inputs") {
        level.roles.has[index(Role::inputs)] = true;
      } else if (name == "Outputs") {
        level.roles.has[index(Role::outputs)] = true;
      } else {
        tensor.problem(fmt::format("'{}' is none of Weights, Inputs, Outputs", name));
      }
    }
    kept.push_back(std::move(level));
  }
  return kept;
}

Accelerator::Fields read_architecture(const Node& architectures, const std::string& name) {
  Accelerator::Fields fields;
  fields.name = name;
  fields.technology = "normalised";
  fields.partial_sum_bits = static_cast<int>(kWordBits);
  if (!architectures.has(name)) {
    architectures.problem(fmt::format("no architecture '{}'", name),
                          nearest_name_hint(name, architectures.keys()));
    return fields;
  }
  const Node node = architectures.at(name);
  const bool copy = node.has("same_as");
  const Node base = copy ? architectures.at(node.at("same_as").text()) : node;
  std::vector<Mesh> meshes;
  for (const Node& level : base.at("levels").elements()) {
    fields.levels.push_back(read_level(level));
    meshes.push_back(read_mesh(level));
  }
  const Node mac = base.at("mac");
  meshes.push_back(read_mesh(mac));
  for (std::size_t l = 0; l < fields.levels.size(); ++l) {
    set_fanout(fields.levels[l].fanout, meshes[l], meshes[l + 1], base);
  }
  fields.engine.kind = BitParallelEngine{static_cast<int>(kWordBits)};
  fields.engine.mac_energy_pj = mac.at("energy").number();
  if (copy && node.has("bandwidth_words_per_cycle")) {
    read_bandwidths(node.at("bandwidth_words_per_cycle"), fields.levels);
  }
  return fields;
}

Mapping read_mapping(const Node& mapping, const std::vector<MemoryLevel>& levels) {
  Mapping result;
  result.levels.resize(levels.size());
  for (const Node& entry : mapping.elements()) {
    if (entry.has("keeps")) continue;  // read_keeps() reads those
    const bool spatial = entry.has("below");
    const std::string name = entry.at(spatial ? "below" : "level").text();
    const auto place = std::find_if(levels.begin(), levels.end(),
                                    [&](const MemoryLevel& level) { return level.name == name; });
    if (place == levels.end()) {
      entry.problem(fmt::format("the architecture has no level '{}'", name));
      continue;
    }
    LevelLoops& loops = result.levels[static_cast<std::size_t>(place - levels.begin())];
    if (entry.has("temporal_loops_outer_to_inner")) {
      loops.temporal = read_loops(entry.at("temporal_loops_outer_to_inner"));
    }
    if (entry.has("spatial_x")) loops.spatial_x = read_loops(entry.at("spatial_x"));
    if (entry.has("spatial_y")) loops.spatial_y = read_loops(entry.at("spatial_y"));
  }
  return result;
}

}  // namespace hwflow::chip::reference
