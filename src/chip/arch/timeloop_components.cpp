#include "chip/arch/timeloop_components.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "chip/arch/limits.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <class... Words>
bool holds_any(const std::string& text, Words... words) {
  return ((text.find(words) != std::string::npos) || ...);
}

enum class ClassKind : std::uint8_t { storage, compute, network, unknown };

/// Timeloop takes a class for storage or arithmetic by its name, compound ones included.
ClassKind kind_of_class(const std::string& name) {
  const std::string text = lower(name);
  if (holds_any(text, "mac", "compute", "alu")) return ClassKind::compute;
  if (holds_any(text, "noc", "network", "wire", "multicast", "reduction", "bus"))
    return ClassKind::network;
  if (holds_any(text, "dram", "sram", "regfile", "reg", "buffer", "storage", "memory", "spad",
                "cache", "latch", "_rf"))
    return ClassKind::storage;
  return ClassKind::unknown;
}

struct Named {
  std::string name;
  std::int64_t count = 1;
};

/// "PE[0..167]": PE, 168 times.
std::optional<Named> read_name(const std::string& text) {
  const std::size_t open = text.find('[');
  if (open == std::string::npos) return Named{text, 1};
  std::int64_t first = 0, last = 0;
  const char* const end = text.data() + text.size();
  const auto [dots, bad_first] = std::from_chars(text.data() + open + 1, end, first);
  if (bad_first != std::errc{} || end - dots < 3 || dots[0] != '.' || dots[1] != '.')
    return std::nullopt;
  const auto [close, bad_last] = std::from_chars(dots + 2, end, last);
  if (bad_last != std::errc{} || close + 1 != end || *close != ']') return std::nullopt;
  if (first < 0 || last < first || last - first >= limits::kMostMesh) return std::nullopt;
  return Named{text.substr(0, open), last - first + 1};
}

struct Mesh {
  std::int64_t x = 1, y = 1;
};

class Walker {
 public:
  explicit Walker(Findings& findings) : findings_(findings) {}

  void walk(const Value& architecture) {
    ForeignMap map(&architecture, "architecture", findings_);
    map.take("version");
    map.pass_over({"attributes", "name"}, "of the whole machine");
    if (map.has("nodes")) {
      walk_nodes(map.list("nodes"), map.path("nodes"), false);
    } else if (map.has("subtree")) {
      walk_subtree(map.list("subtree"), map.path("subtree"), 1);
    } else {
      map.problem("", "has neither 'nodes' (version 0.4) nor 'subtree' (0.3)");
    }
    map.finish();
  }

  std::vector<Component> take() { return std::move(components_); }

 private:
  Named name_of(ForeignMap& map) {
    const std::string text = map.text("name").value_or("");
    if (const auto named = read_name(text); named && !named->name.empty()) return *named;
    map.problem("name", text.empty() ? "is missing"
                                     : fmt::format("'{}' is no name like PE or PE[0..15]", text));
    return {};
  }

  /// Adds a node of a class; false for what is neither storage nor computation.
  bool add(ForeignMap& map, Component component) {
    component.class_name = map.text("class").value_or("");
    map.pass_over({"subclass", "required_actions", "power_gated_at", "area_scale", "energy_scale"},
                  "belongs to energy and area estimation");
    if (const auto enabled = map.flag("enabled"); enabled && !*enabled) return false;
    switch (kind_of_class(component.class_name)) {
      case ClassKind::storage: component.kind = Component::Kind::storage; break;
      case ClassKind::compute: component.kind = Component::Kind::compute; break;
      case ClassKind::network:
        findings_.note(fmt::format("'{}' ({}) moves words: its energy is not counted",
                                   component.name, component.class_name));
        return false;
      case ClassKind::unknown:
        map.problem("class",
                    fmt::format("'{}' is no class of a memory or of arithmetic that is known",
                                component.class_name),
                    "such as DRAM, SRAM, regfile, smartbuffer_SRAM, intmac");
        return false;
    }
    components_.push_back(std::move(component));
    return true;
  }

  void walk_subtree(const std::vector<const Value*>& nodes, const std::string& path,
                    std::int64_t count) {
    if (nodes.size() > 1)
      findings_.problem(nodes[1]->mark(), path, "has branches: one chain of memories is modelled");
    if (nodes.empty()) return;
    const std::string here = path + "[0]";
    ForeignMap map(nodes[0], here, findings_);
    const Named named = name_of(map);
    count = std::min(count * named.count, limits::kMostMesh + 1);
    map.pass_over({"attributes"}, "what a branch says of all its nodes (technology, clock)");
    const auto local = map.list("local");
    for (std::size_t i = 0; i < local.size(); ++i)
      add_local(*local[i], fmt::format("{}.local[{}]", here, i), count);
    walk_subtree(map.list("subtree"), map.path("subtree"), count);
    map.finish();
  }

  void add_local(const Value& value, const std::string& path, std::int64_t count) {
    ForeignMap map(&value, path, findings_);
    const Named named = name_of(map);
    Component component;
    component.name = named.name;
    component.path = path;
    component.mark = value.mark();
    component.attributes = map.take("attributes");
    component.constraints = map.take("constraints");
    component.mesh_x = std::min(count * named.count, limits::kMostMesh + 1);
    component.mesh_y = 0;
    add(map, std::move(component));
    map.finish();
  }

  void walk_nodes(const std::vector<const Value*>& nodes, const std::string& path, bool parallel) {
    for (std::size_t i = 0; i < nodes.size(); ++i)
      walk_node(*nodes[i], fmt::format("{}[{}]", path, i), parallel);
  }

  void walk_node(const Value& value, const std::string& path, bool parallel) {
    ForeignMap map(&value, path, findings_);
    const std::string& tag = value.tag();
    if (tag == "!Hierarchical" || tag == "!Parallel") {
      walk_nodes(map.list("nodes"), map.path("nodes"), parallel || tag == "!Parallel");
    } else if (tag == "!Component" || tag == "!Container") {
      add_node(map, value, tag == "!Container", parallel);
    } else {
      map.problem("", tag.empty() ? "has no tag" : fmt::format("the tag {} is not modelled", tag),
                  "one of !Component, !Container, !Hierarchical, !Parallel");
      return;
    }
    map.finish();
  }

  void add_node(ForeignMap& map, const Value& value, bool is_container, bool parallel) {
    const Named named = name_of(map);
    Mesh own{named.count, 1};
    ForeignMap spatial = map.map("spatial");
    own.x *= spatial.integer("meshX", 1, limits::kMostMesh).value_or(1);
    own.y *= spatial.integer("meshY", 1, limits::kMostMesh).value_or(1);
    spatial.finish();
    if (parallel && own.x * own.y > 1)
      map.problem("spatial", "a mesh in one of several parallel nodes is not modelled",
                  "put a !Container with the mesh before the !Parallel");
    mesh_.x = std::min(mesh_.x * own.x, limits::kMostMesh + 1);
    mesh_.y = std::min(mesh_.y * own.y, limits::kMostMesh + 1);
    Component component;
    component.name = named.name;
    component.path = map.path("");
    component.mark = value.mark();
    component.attributes = map.take("attributes");
    component.constraints = map.take("constraints");
    component.mesh_x = mesh_.x;
    component.mesh_y = mesh_.y;
    component.in_parallel = parallel;
    if (!is_container) {
      add(map, std::move(component));
      return;
    }
    component.kind = Component::Kind::container;
    components_.push_back(std::move(component));
  }

  Findings& findings_;
  Mesh mesh_;
  std::vector<Component> components_;
};

}  // namespace

std::vector<Component> read_components(const Value& architecture, Findings& findings) {
  Walker walker(findings);
  walker.walk(architecture);
  return walker.take();
}

}  // namespace hwflow::chip::timeloop
