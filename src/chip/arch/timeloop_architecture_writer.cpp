#include <fmt/format.h>

#include <cmath>

#include "chip/arch/timeloop_architecture.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

/// Whole numbers without a fraction, as people write them.
Value number(double x) {
  if (x == std::floor(x) && std::abs(x) < 1e15) return Value(static_cast<std::int64_t>(x));
  return Value(x);
}

Value tagged(const char* tag) {
  Value map = Value::map();
  map.set_tag(tag);
  return map;
}

class Writer {
 public:
  Writer(const Accelerator& accelerator, Format format)
      : accelerator_(accelerator),
        fields_(accelerator.fields()),
        format_(format),
        word_(fields_.float_bits) {}

  ForeignText write() {
    tell_losses();
    Value document = Value::map();
    document.set("architecture", format_ == Format::timeloop ? nodes() : subtree());
    if (format_ == Format::timeloop_0_3) document.set("architecture_constraints", constraints());
    document.set("ERT", energies());
    return {schema::to_yaml(document), std::move(notes_), std::move(losses_)};
  }

 private:
  void loss(std::string place, std::string reason, std::string hint = {}) {
    losses_.push_back({std::move(place), std::move(reason), std::move(hint)});
  }

  void tell_losses() {
    notes_.push_back(fmt::format(
        "Timeloop counts words of one width: {} bits here; compare with --semantics timeloop and "
        "layers of that width",
        word_));
    if (fields_.partial_sum_bits != word_)
      loss("partial_sum_bits",
           fmt::format("{} bits, and words have {}: Timeloop has one width for both",
                       fields_.partial_sum_bits, word_),
           "set partial_sum_bits to float_bits");
    for (LevelIndex l = 0; l < fields_.levels.size(); ++l)
      tell_losses(fields_.levels[l], fmt::format("levels[{}]", l));
    const ComputeEngine& engine = fields_.engine;
    if (!std::holds_alternative<BitParallelEngine>(engine.kind))
      loss("engine.kind", "Timeloop's arithmetic takes one cycle for a MAC of any width",
           "only bit_parallel can be said");
    if (engine.operand_registers != RoleSet{})
      loss("engine.operand_registers", "Timeloop has no register at the MAC",
           "add a level of one word");
  }

  void tell_losses(const MemoryLevel& level, const std::string& place) {
    if (level.capacity_bits && room(level) != level.capacity_bits)
      loss(place + ".partition_bits", "Timeloop's levels share their room",
           "make a level for each role");
    if (!level.capacity_bits && !room(level) && has_partition(level))
      loss(place + ".partition_bits", "Timeloop's levels share their room",
           "make a level for each role");
    const Fanout& fanout = level.fanout;
    if (!fanout.multicast) loss(place + ".fanout.multicast", "Timeloop always multicasts");
    if (!fanout.spatial_reduction)
      loss(place + ".fanout.spatial_reduction", "Timeloop always adds on the way up");
    if (fanout.hop_energy_pj_per_bit > 0)
      loss(place + ".fanout.hop_energy_pj_per_bit",
           "the energy of hops belongs to a network model that is not written");
    if (!fanout.x_dims.empty() || !fanout.y_dims.empty() || !level.temporal_dims.empty())
      notes_.push_back(
          fmt::format("'{}': which dimensions may have loops is left out; it limits "
                      "the map space, not the counts",
                      level.name));
  }

  static bool has_partition(const MemoryLevel& level) {
    for (const auto& bits : level.partition_bits)
      if (bits) return true;
    return false;
  }

  /// Bits of one instance; a partition of the only role that is kept is all of it.
  [[nodiscard]] static std::optional<std::int64_t> room(const MemoryLevel& level) {
    int roles = 0;
    std::optional<std::int64_t> only;
    for (const Role role : kRoles) {
      if (!level.keeps.contains(role)) continue;
      ++roles;
      only = level.partition_bits[index(role)];
    }
    if (roles == 1 && only) return only;
    return has_partition(level) ? std::nullopt : level.capacity_bits;
  }

  [[nodiscard]] Value attributes(const MemoryLevel& level) const {
    Value map = Value::map();
    const bool plain = format_ == Format::timeloop_0_3;
    map.set("width", word_);
    map.set(plain ? "word-bits" : "datawidth", word_);
    if (plain) map.set("block-size", 1);
    if (const auto bits = room(level)) map.set("depth", *bits / word_);
    const auto words = [&](double bits) { return number(bits / word_); };
    if (level.read_bandwidth_bits_per_cycle)
      map.set(level.shared_port ? "shared_bandwidth" : "read_bandwidth",
              words(*level.read_bandwidth_bits_per_cycle));
    if (level.write_bandwidth_bits_per_cycle)
      map.set("write_bandwidth", words(*level.write_bandwidth_bits_per_cycle));
    if (level.double_buffered) map.set(plain ? "multiple-buffering" : "multiple_buffering", 2);
    return map;
  }

  [[nodiscard]] std::string class_of(LevelIndex l) const {
    const MemoryLevel& level = fields_.levels[l];
    if (l == 0) return "DRAM";
    constexpr std::int64_t kLargestRegisterFile = 8192;  // bits; only a name
    const auto bits = room(level);
    return bits && *bits <= kLargestRegisterFile ? "regfile" : "SRAM";
  }

  static void set_keeps(const MemoryLevel& level, Value& map) {
    Value keep = Value::list(), bypass = Value::list();
    for (const Role role : kRoles)
      (level.keeps.contains(role) ? keep : bypass).append(data_space(role));
    map.set("keep", keep);
    map.set("bypass", bypass);
  }

  Value nodes() {
    Value list = Value::list();
    for (LevelIndex l = 0; l < fields_.levels.size(); ++l) {
      const MemoryLevel& level = fields_.levels[l];
      Value node = tagged("!Component");
      node.set("name", level.name);
      node.set("class", class_of(l));
      node.set("attributes", attributes(level));
      Value keeps = Value::map(), constraints = Value::map();
      set_keeps(level, keeps);
      constraints.set("dataspace", keeps);
      node.set("constraints", constraints);
      list.append(node);
      if (level.fanout.instances() > 1) list.append(container(level));
    }
    Value mac = tagged("!Component");
    mac.set("name", "mac");
    mac.set("class", "intmac");
    Value width = Value::map();
    width.set("datawidth", word_);
    mac.set("attributes", width);
    list.append(mac);
    Value architecture = Value::map();
    architecture.set("version", 0.4);
    architecture.set("nodes", list);
    return architecture;
  }

  static Value container(const MemoryLevel& level) {
    Value node = tagged("!Container");
    node.set("name", level.name + "_mesh");
    Value spatial = Value::map();
    spatial.set("meshX", level.fanout.x);
    spatial.set("meshY", level.fanout.y);
    node.set("spatial", spatial);
    return node;
  }

  /// A branch for the levels from `first` up to the next fan-out, and in it the rest.
  Value branch(LevelIndex first, std::int64_t mesh_x, std::int64_t mesh_y, std::int64_t copies) {
    Value node = Value::map();
    const std::string name = first == 0 ? "system" : fields_.levels[first - 1].name + "_mesh";
    node.set("name", copies > 1 ? fmt::format("{}[0..{}]", name, copies - 1) : name);
    Value local = Value::list();
    LevelIndex l = first;
    const Fanout* fanout = nullptr;
    for (; l < fields_.levels.size() && fanout == nullptr; ++l) {
      local.append(
          component(fields_.levels[l].name, class_of(l), attributes(fields_.levels[l]), mesh_x));
      if (fields_.levels[l].fanout.instances() > 1) fanout = &fields_.levels[l].fanout;
    }
    if (fanout == nullptr) {
      Value width = Value::map();
      width.set("datawidth", word_);
      local.append(component("mac", "intmac", width, mesh_x));
    }
    node.set("local", local);
    if (fanout != nullptr) {
      Value inner = Value::list();
      inner.append(branch(l, mesh_x * fanout->x, mesh_y * fanout->y, fanout->instances()));
      node.set("subtree", inner);
    }
    return node;
  }

  static Value component(const std::string& name, const std::string& class_name, Value attributes,
                         std::int64_t mesh_x) {
    Value node = Value::map();
    node.set("name", name);
    node.set("class", class_name);
    attributes.set("meshX", mesh_x);
    node.set("attributes", std::move(attributes));
    return node;
  }

  Value subtree() {
    Value architecture = Value::map(), list = Value::list();
    // A mesh below the innermost level holds only arithmetic: a branch of its own.
    list.append(branch(0, 1, 1, 1));
    architecture.set("version", 0.3);
    architecture.set("subtree", list);
    return architecture;
  }

  Value constraints() {
    Value targets = Value::list();
    for (const MemoryLevel& level : fields_.levels) {
      Value target = Value::map();
      target.set("target", level.name);
      target.set("type", "bypass");
      set_keeps(level, target);
      targets.append(target);
    }
    Value map = Value::map();
    map.set("version", 0.3);
    map.set("targets", targets);
    return map;
  }

  static void add_action(Value& actions, const char* name, double energy) {
    Value action = Value::map();
    action.set("name", name);
    action.set("arguments", Value::map());
    action.set("energy", number(energy));
    actions.append(action);
  }

  Value energies() const {
    Value tables = Value::list();
    for (LevelIndex l = 0; l < fields_.levels.size(); ++l) {
      const MemoryLevel& level = fields_.levels[l];
      const std::int64_t moved =
          level.whole_words ? (word_ + level.word_bits - 1) / level.word_bits * level.word_bits
                            : word_;
      const auto bits = static_cast<double>(moved);
      Value actions = Value::list();
      add_action(actions, "read", level.read_energy_pj_per_bit * bits);
      add_action(actions, "write", level.write_energy_pj_per_bit * bits);
      add_action(actions, "update", level.write_energy_pj_per_bit * bits);
      add_action(actions, "leak", level.leakage_pj_per_cycle);
      tables.append(row(level.name, accelerator_.instances(l), actions));
    }
    Value actions = Value::list();
    add_action(actions, "compute", fields_.engine.mac_energy_pj_at(word_, word_));
    add_action(actions, "leak", fields_.engine.leakage_pj_per_cycle);
    tables.append(row("mac", accelerator_.compute_units(), actions));
    Value map = Value::map();
    map.set("version", format_ == Format::timeloop ? 0.4 : 0.3);
    map.set("tables", tables);
    return map;
  }

  static Value row(const std::string& name, std::int64_t instances, const Value& actions) {
    Value map = Value::map();
    map.set("name", fmt::format("system.{}[1..{}]", name, instances));
    map.set("actions", actions);
    return map;
  }

  const Accelerator& accelerator_;
  const Accelerator::Fields& fields_;
  Format format_;
  int word_;
  std::vector<std::string> notes_;
  Diagnostics losses_;
};

}  // namespace

ForeignText write_architecture(const Accelerator& accelerator, Format format) {
  return Writer(accelerator, format).write();
}

}  // namespace hwflow::chip::timeloop
