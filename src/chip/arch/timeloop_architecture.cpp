#include "chip/arch/timeloop_architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "chip/arch/energy_reference.hpp"
#include "chip/arch/energy_table.hpp"
#include "chip/arch/limits.hpp"
#include "chip/arch/timeloop_components.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

constexpr RoleSet kAll{{true, true, true}};
constexpr std::string_view kFallbackTable = "eyeriss-isca16";
constexpr std::int64_t kMost = limits::kMostBits;

/// What the attributes of a component say.
struct Attributes {
  std::optional<std::int64_t> word_bits, block, words;
  std::optional<double> read_bandwidth, write_bandwidth, shared_bandwidth;
  std::int64_t buffering = 1;
};

/// One storage or compute component under reading.
struct Part {
  Component node;
  Attributes attributes;
  RoleSet keeps = kAll;
};

template <class... Keys>
std::optional<std::int64_t> first_integer(ForeignMap& map, Keys... keys) {
  std::optional<std::int64_t> found;
  for (const char* key : {keys...}) {
    const auto value = map.integer(key, 1, kMost);
    if (!found) found = value;
  }
  return found;
}

/// Columns and rows of a 0.3 component: `meshX` columns of its instances, all in one row without.
void read_mesh(ForeignMap& map, Component& node) {
  const auto instances = map.integer("instances", 1, limits::kMostMesh);
  const auto x = map.integer("meshX", 1, limits::kMostMesh);
  const auto y = map.integer("meshY", 1, limits::kMostMesh);
  if (node.mesh_y != 0) return;  // 0.4: `spatial` says it
  const std::int64_t count = std::max(node.mesh_x, instances.value_or(1));
  const std::int64_t columns = x ? *x : y ? std::max<std::int64_t>(1, count / *y) : count;
  node.mesh_x = columns;
  node.mesh_y = y.value_or(std::max<std::int64_t>(1, count / columns));
  if (node.mesh_x * node.mesh_y != count)
    map.problem(x ? "meshX" : "meshY",
                fmt::format("a mesh of {} x {} for {} instances", node.mesh_x, node.mesh_y, count));
}

/// Words of one instance: `entries`, `sizeKB`, or rows of `width` bits.
void read_room(ForeignMap& map, Attributes& attributes) {
  const auto width = first_integer(map, "width", "memory_width");
  const auto depth = first_integer(map, "depth", "memory_depth");
  const auto entries = first_integer(map, "entries", "size");
  const auto kilobytes = map.number("sizeKB", 0, 1e12);
  const std::int64_t word = attributes.word_bits.value_or(16);
  if (!attributes.block && width) attributes.block = std::max<std::int64_t>(1, *width / word);
  const std::int64_t block = attributes.block.value_or(1);
  if (width && *width != block * word)
    map.problem(map.has("width") ? "width" : "memory_width",
                fmt::format("rows of {} bits hold {} words of {} bits: clusters or rests of "
                            "rows are not modelled",
                            *width, block, word));
  if (entries) {
    attributes.words = entries;
  } else if (kilobytes) {
    attributes.words = static_cast<std::int64_t>(*kilobytes * 8192 / static_cast<double>(word));
  } else if (depth && *depth <= kMost / block) {
    attributes.words = *depth * block;
  }
}

void read_bandwidth(ForeignMap& map, Attributes& attributes) {
  attributes.read_bandwidth = map.number("read_bandwidth", 0, limits::kMostBandwidth);
  attributes.write_bandwidth = map.number("write_bandwidth", 0, limits::kMostBandwidth);
  attributes.shared_bandwidth = map.number("shared_bandwidth", 0, limits::kMostBandwidth);
  if (attributes.shared_bandwidth && (attributes.read_bandwidth || attributes.write_bandwidth))
    map.problem("shared_bandwidth", "stands beside a bandwidth of reads or writes",
                "a level has one shared port or ports of their own");
}

void read_attributes(Part& part, Findings& findings) {
  ForeignMap map(part.node.attributes, part.node.path + ".attributes", findings);
  Attributes& found = part.attributes;
  found.word_bits = first_integer(map, "word_bits", "datawidth", "word_width");
  const auto multiplier = map.integer("multiplier_width", 1, 64);
  if (!found.word_bits) found.word_bits = multiplier;
  found.block = first_integer(map, "block_size", "vector_width");
  read_mesh(map, part.node);
  read_room(map, found);
  read_bandwidth(map, found);
  found.buffering = first_integer(map, "multiple_buffering").value_or(1);
  if (found.buffering > 2)
    map.problem("multiple_buffering", "single (1) and double (2) buffering are modelled");
  map.refuse({"cluster_size", "cluster_area"}, Value(1), "clusters are not modelled");
  map.refuse({"min_utilization"}, Value(0), "mappings are not refused for using too little");
  map.refuse({"allow_overbooking"}, Value(false), "a tile must fit");
  map.refuse({"reduction_supported"}, Value(true), "partial sums are added where they arrive");
  map.pass_over({"type",
                 "technology",
                 "global_cycle_seconds",
                 "n_banks",
                 "n_ports",
                 "n_rd_ports",
                 "n_wr_ports",
                 "n_rdwr_ports",
                 "has_power_gating",
                 "power_gated_at",
                 "n_buffets",
                 "update_fifo_depth",
                 "num_ports",
                 "area",
                 "version",
                 "latency",
                 "adder_width",
                 "pipeline_stages",
                 "num_pipeline_stages",
                 "exponent",
                 "mantissa",
                 "network_read",
                 "network_fill",
                 "network_drain",
                 "network_update",
                 "action_latency_cycles",
                 "n_buffers",
                 "addr_gen_cycles",
                 "energy_per_hop",
                 "power_gating",
                 "vdd",
                 "voltage"},
                "belongs to energy and area estimation");
  map.finish();
}

/// `keep` and `bypass` of a constraint or directive.
void apply_keeps(ForeignMap& map, Part& part) {
  const auto apply = [&](std::string_view key, bool kept) {
    const std::vector<std::string> names = map.words(key);
    for (const std::string& name : names) {
      const auto role = role_of(name);
      if (!role)
        map.problem(key, fmt::format("'{}' is no data space", name), "Weights, Inputs, Outputs");
      if (role) part.keeps.has[index(*role)] = kept;
    }
    return !names.empty();
  };
  RoleSet before = part.keeps;
  if (part.node.in_parallel) part.keeps = {};
  const bool keeps = apply("keep", true);
  if (part.node.in_parallel && !keeps) part.keeps = before;
  apply("bypass", false);
}

class Reader {
 public:
  explicit Reader(const Documents& documents) : documents_(documents) {}

  Expected<AcceleratorInput> read() {
    const auto [architecture, origin] = documents_.find("architecture");
    findings_.origin = origin;
    for (Component& node : read_components(*architecture, findings_)) take(std::move(node));
    apply_constraints();
    refuse_other_sections();
    if (parts_.empty() || compute_ == nullptr) {
      findings_.problem(architecture->mark(), "architecture",
                        parts_.empty() ? "has no memory" : "has no arithmetic unit",
                        "such as class DRAM, SRAM, intmac");
    }
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    build();
    if (findings_.problems.empty()) price();
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    auto made = Accelerator::make(std::move(fields_));
    if (!made) {
      for (const Diagnostic& d : made.error())
        findings_.problems.push_back(
            {fmt::format("{}: as a machine: {}", origin, d.place), d.reason, d.hint});
      return Unexpected{std::move(findings_.problems)};
    }
    return AcceleratorInput{std::move(*made), format_of(*architecture), findings_.all_notes(),
                            std::move(mesh_names_)};
  }

 private:
  static Format format_of(const Value& architecture) {
    return architecture.find("nodes") != nullptr ? Format::timeloop : Format::timeloop_0_3;
  }

  void take(Component node) {
    Part part{std::move(node), {}, kAll};
    if (part.node.kind == Component::Kind::container) {
      ForeignMap attributes(part.node.attributes, part.node.path + ".attributes", findings_);
      attributes.pass_over({"technology", "global_cycle_seconds", "version", "has_power_gating"},
                           "belongs to energy and area estimation");
      attributes.finish();
    } else {
      read_attributes(part, findings_);
    }
    read_constraints(part);
    if (part.node.kind == Component::Kind::compute && compute_ != nullptr) {
      findings_.note(fmt::format("'{}' is a second arithmetic unit: only '{}' computes",
                                 part.node.name, compute_->node.name));
      return;
    }
    all_.push_back(std::make_unique<Part>(std::move(part)));
    if (all_.back()->node.kind == Component::Kind::compute) compute_ = all_.back().get();
    if (all_.back()->node.kind == Component::Kind::storage) parts_.push_back(all_.back().get());
  }

  void read_constraints(Part& part) {
    ForeignMap map(part.node.constraints, part.node.path + ".constraints", findings_);
    ForeignMap data_space = map.map(map.has("dataspace") ? "dataspace" : "data_space");
    apply_keeps(data_space, part);
    data_space.finish();
    map.pass_over({"temporal", "spatial", "max_overbooked_proportion", "utilization"},
                  "limits the map space: a given mapping is not held against it");
    map.finish();
  }

  Part* storage(const std::string& name) {
    for (Part* part : parts_)
      if (part->node.name == name) return part;
    return nullptr;
  }

  /// Version 0.3 says what levels keep in a section of its own.
  void apply_constraints() {
    for (const char* section : {"architecture_constraints", "constraints"}) {
      const auto [value, origin] = documents_.find(section);
      if (value == nullptr) continue;
      findings_.origin = origin;
      ForeignMap map(value, section, findings_);
      map.take("version");
      const auto targets = map.list("targets");
      for (std::size_t i = 0; i < targets.size(); ++i)
        apply_target(*targets[i], fmt::format("{}.targets[{}]", section, i));
      map.finish();
    }
    findings_.origin = documents_.find("architecture").origin;
  }

  void apply_target(const Value& value, const std::string& path) {
    ForeignMap map(&value, path, findings_);
    const std::string type = map.text("type").value_or("");
    if (type != "bypass" && type != "datatype" && type != "dataspace")
      return findings_.note(
          "constraints of loops limit the map space: a given mapping is not "
          "held against them");
    const std::string target = map.text("target").value_or("");
    Part* part = storage(target);
    if (part == nullptr) return map.problem("target", fmt::format("no level '{}'", target));
    apply_keeps(map, *part);
    map.finish();
  }

  void refuse_other_sections() {
    const auto [sparse, origin] = documents_.find("sparse_optimizations");
    if (sparse == nullptr || sparse->is_null()) return;
    ForeignMap map(sparse, "sparse_optimizations", findings_);
    for (const char* key : {"targets"})
      if (!map.list(key).empty())
        map.problem(key, "sparse storage and gating change counts and are not modelled");
  }

  [[nodiscard]] std::int64_t word_bits() const {
    return parts_.front()->attributes.word_bits.value_or(16);
  }

  void build() {
    fields_.name = "timeloop";
    fields_.source = fmt::format("read from {}", findings_.origin);
    const std::int64_t word = word_bits();
    if (word > 64)
      return findings_.problem(parts_.front()->node.mark, parts_.front()->node.path,
                               fmt::format("words of {} bits; at most 64 are modelled", word));
    fields_.partial_sum_bits = fields_.float_bits = static_cast<int>(word);
    fields_.engine.kind = BitParallelEngine{static_cast<int>(word)};
    fields_.engine.reference_weight_bits = fields_.engine.reference_input_bits =
        static_cast<int>(word);
    fields_.engine.scaling = ComputeEngine::EnergyScaling::constant;
    for (const Part* part : parts_) {
      if (part->attributes.word_bits.value_or(word) != word)
        findings_.note(fmt::format(
            "words of '{}' have {} bits and count as {}, as at '{}': "
            "counts, room and energies are those of its words",
            part->node.name, *part->attributes.word_bits, word, parts_.front()->node.name));
      if (part->keeps != RoleSet{}) fields_.levels.push_back(level_of(*part, word));
    }
    set_fanouts();
  }

  MemoryLevel level_of(const Part& part, std::int64_t word) {
    MemoryLevel level;
    level.name = part.node.name;
    level.keeps = part.keeps;
    level.word_bits = word;
    level.double_buffered = part.attributes.buffering == 2;
    const bool outermost = &part == parts_.front();
    if (outermost && part.attributes.words && part.node.class_name != "DRAM")
      findings_.note(fmt::format("the room of '{}' is not checked: the outermost level holds all",
                                 level.name));
    if (!outermost && part.attributes.words && *part.attributes.words <= kMost / word)
      level.capacity_bits = *part.attributes.words * word;
    const auto bits = [&](const std::optional<double>& words) {
      return words ? std::optional(*words * static_cast<double>(word)) : std::nullopt;
    };
    level.read_bandwidth_bits_per_cycle = bits(part.attributes.read_bandwidth);
    level.write_bandwidth_bits_per_cycle = bits(part.attributes.write_bandwidth);
    if (part.attributes.shared_bandwidth) {
      level.read_bandwidth_bits_per_cycle = bits(part.attributes.shared_bandwidth);
      level.shared_port = true;
    }
    return level;
  }

  /// Columns and rows of `inner` in one instance of `outer`.
  std::pair<std::int64_t, std::int64_t> mesh_between(const Component& outer,
                                                     const Component& inner) {
    if (inner.mesh_x % outer.mesh_x == 0 && inner.mesh_y % outer.mesh_y == 0)
      return {inner.mesh_x / outer.mesh_x, inner.mesh_y / outer.mesh_y};
    findings_.problem(inner.mark, inner.path,
                      fmt::format("a mesh of {} x {} below one of {} x {}", inner.mesh_x,
                                  inner.mesh_y, outer.mesh_x, outer.mesh_y));
    return {1, 1};
  }

  void set_fanouts() {
    const Component* kept = &parts_.front()->node;
    if (kept->mesh_x * kept->mesh_y != 1)
      findings_.problem(kept->mark, kept->path, "the outermost level has several instances");
    LevelIndex level = 0;
    const Component* outer = kept;          // last component of any kind
    const Component* outer_storage = kept;  // last storage, kept or not
    for (const auto& part : all_) {
      const Component& node = part->node;
      if (&node == kept) continue;
      const auto [x, y] = mesh_between(*outer, node);
      if (node.kind == Component::Kind::container) {
        if (x * y > 1) {
          mesh_names_.push_back({node.name, level, x, y});
          mesh_names_.push_back({fmt::format("inter_{}_spatial", node.name), level, x, y});
        }
      } else {
        const auto [from_x, from_y] = mesh_between(*outer_storage, node);
        mesh_names_.push_back({outer_storage->name, level, from_x, from_y});
        outer_storage = &node;
      }
      outer = &node;
      const bool is_level = node.kind == Component::Kind::storage && part->keeps != RoleSet{};
      if (!is_level && node.kind != Component::Kind::compute) continue;
      const auto [fan_x, fan_y] = mesh_between(*kept, node);
      fields_.levels[level].fanout.x = fan_x;
      fields_.levels[level].fanout.y = fan_y;
      if (node.kind == Component::Kind::compute) break;
      ++level;
      kept = &node;
    }
  }

  void price() {
    const auto [table, origin] = documents_.find("ERT");
    if (table == nullptr) return price_from_fallback();
    const std::string arch_origin = std::exchange(findings_.origin, origin);
    const auto energies = read_energy_reference(*table, findings_);
    fields_.energy_table = fmt::format("energy reference table of {}", origin);
    std::size_t level = 0;
    for (const Part* part : parts_) {
      if (part->keeps == RoleSet{}) continue;
      price_level(*part, energies, *table, fields_.levels[level++]);
    }
    const auto row = energies.find(compute_->node.name);
    if (row == energies.end() || !row->second.compute) {
      findings_.problem(table->mark(), "ERT.tables",
                        fmt::format("has no energy of a computation of '{}'", compute_->node.name));
    } else {
      fields_.engine.mac_energy_pj = *row->second.compute;
      fields_.engine.leakage_pj_per_cycle = row->second.leak.value_or(0.0);
    }
    findings_.origin = arch_origin;
  }

  void price_level(const Part& part, const std::map<std::string, ActionEnergies>& energies,
                   const Value& table, MemoryLevel& level) {
    const auto row = energies.find(part.node.name);
    if (row == energies.end() || !row->second.read || !row->second.write)
      return findings_.problem(
          table.mark(), "ERT.tables",
          fmt::format("has no energies of reading and writing '{}'", part.node.name));
    const ActionEnergies& found = row->second;
    if (found.update && *found.update != *found.write)
      findings_.problem(table.mark(), "ERT.tables",
                        fmt::format("an update of '{}' costs {} pJ and a write {} pJ: one energy "
                                    "is modelled",
                                    part.node.name, *found.update, *found.write));
    const std::int64_t block = part.attributes.block.value_or(1);
    if (block > 1)
      findings_.note(
          fmt::format("an access of '{}' moves {} words: its energy is charged in "
                      "equal parts, rests of a row are not rounded up",
                      part.node.name, block));
    const auto bits = static_cast<double>(block * level.word_bits);
    level.read_energy_pj_per_bit = *found.read / bits;
    level.write_energy_pj_per_bit = *found.write / bits;
    level.leakage_pj_per_cycle = found.leak.value_or(0.0);
  }

  void price_from_fallback() {
    const EnergyTable& table = *find_energy_table(kFallbackTable);
    findings_.note(
        fmt::format("no energy reference table (ERT): energies are those of '{}', "
                    "multiples of one 16-bit MAC: outermost memory 200, buffer 6, "
                    "register file 1 for 16 bits",
                    kFallbackTable));
    fields_.energy_table = table.name;
    fields_.technology = "normalised";
    std::size_t level = 0;
    for (const Part* part : parts_) {
      if (part->keeps == RoleSet{}) continue;
      const bool registers = part->node.class_name.find("reg") != std::string::npos ||
                             part->node.class_name.find("RF") != std::string::npos;
      const MemoryEnergy& entry = table.memories.at(part == parts_.front() ? "dram"
                                                    : registers            ? "rf"
                                                                           : "glb");
      MemoryLevel& priced = fields_.levels[level++];
      const auto bits = static_cast<double>(entry.access_bits);
      priced.read_energy_pj_per_bit = entry.read_energy_pj / bits;
      priced.write_energy_pj_per_bit = entry.write_energy_pj / bits;
    }
    const MacEnergy& mac = table.macs.at("mac");
    ComputeEngine reference;
    reference.mac_energy_pj = mac.energy_pj;
    reference.scaling = mac.scaling;
    const int word = static_cast<int>(word_bits());
    fields_.engine.mac_energy_pj = reference.mac_energy_pj_at(word, word);
  }

  const Documents& documents_;
  Findings findings_;
  std::vector<std::unique_ptr<Part>> all_;  ///< containers too, from the outermost inward
  std::vector<Part*> parts_;                ///< storages
  Part* compute_ = nullptr;
  Accelerator::Fields fields_;
  std::vector<MeshName> mesh_names_;
};

}  // namespace

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : kRoles)
    if (data_space(role) == name) return role;
  return std::nullopt;
}

std::string_view data_space(Role role) {
  switch (role) {
    case Role::weights: return "Weights";
    case Role::inputs: return "Inputs";
    case Role::outputs: return "Outputs";
  }
  return "";
}

Expected<AcceleratorInput> read_architecture(const Documents& documents) {
  return Reader(documents).read();
}

}  // namespace hwflow::chip::timeloop
