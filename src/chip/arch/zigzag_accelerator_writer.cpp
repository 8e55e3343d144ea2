#include <fmt/format.h>

#include <cmath>

#include "chip/arch/zigzag_accelerator.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

class Writer {
 public:
  explicit Writer(const Accelerator& accelerator) : fields_(accelerator.fields()) {}

  ForeignText write() {
    find_mesh();
    tell_losses();
    Value memories = Value::map();
    for (std::size_t l = fields_.levels.size(); l-- > 0;)
      memories.set(fields_.levels[l].name, memory(l));
    Value document = Value::map();
    document.set("name", fields_.name);
    document.set("operational_array", array());
    document.set("memories", memories);
    notes_.emplace_back("areas and latencies of memories are written as 0 and 1");
    return {schema::to_yaml(document), std::move(notes_), std::move(losses_)};
  }

 private:
  void loss(std::string place, std::string reason, std::string hint = {}) {
    losses_.push_back({std::move(place), std::move(reason), std::move(hint)});
  }

  /// D1 columns and D2 rows of the mesh; a second mesh gets D3 and D4.
  void find_mesh() {
    for (std::size_t l = 0; l < fields_.levels.size(); ++l) {
      const Fanout& fanout = fields_.levels[l].fanout;
      if (fanout.instances() == 1) continue;
      if (meshes_.size() == 2)
        loss(fmt::format("levels[{}].fanout", l), "is a third mesh: ZigZag's array has D1 to D4");
      meshes_.push_back(l);
    }
  }

  void tell_losses() {
    for (std::size_t l = 0; l < fields_.levels.size(); ++l) {
      const MemoryLevel& level = fields_.levels[l];
      const std::string place = fmt::format("levels[{}]", l);
      if (!level.read_bandwidth_bits_per_cycle ||
          (!level.shared_port && !level.write_bandwidth_bits_per_cycle))
        loss(place + ".read_bandwidth_bits_per_cycle",
             "is unlimited: ZigZag's ports have a width, and an energy for an access of it",
             "give read and write bandwidths");
      if (level.double_buffered) loss(place + ".double_buffered", "ZigZag's files do not say it");
      if (level.fanout.hop_energy_pj_per_bit > 0)
        loss(place + ".fanout.hop_energy_pj_per_bit", "ZigZag has no network energy");
      if (level.leakage_pj_per_cycle > 0)
        loss(place + ".leakage_pj_per_cycle", "ZigZag has no leakage");
      for (const auto& bits : level.partition_bits)
        if (bits)
          loss(place + ".partition_bits", "ZigZag's memories share their room",
               "make a level for each role");
    }
    if (fields_.engine.leakage_pj_per_cycle > 0)
      loss("engine.leakage_pj_per_cycle", "ZigZag has no leakage");
    if (!std::holds_alternative<BitParallelEngine>(fields_.engine.kind))
      loss("engine.kind", "ZigZag's units take one cycle for a MAC of any width");
  }

  [[nodiscard]] Value array() const {
    Value dims = Value::list(), sizes = Value::list();
    for (std::size_t m = 0; m < meshes_.size() && m < 2; ++m) {
      const Fanout& fanout = fields_.levels[meshes_[m]].fanout;
      dims.append(fmt::format("D{}", 2 * m + 1)).append(fmt::format("D{}", 2 * m + 2));
      sizes.append(fanout.x).append(fanout.y);
    }
    if (meshes_.empty()) {
      dims.append("D1");
      sizes.append(1);
    }
    Value map = Value::map();
    map.set("is_imc", false);
    map.set("input_precision", Value::list().append(fields_.float_bits).append(fields_.float_bits));
    map.set("unit_energy", fields_.engine.mac_energy_pj_at(fields_.float_bits, fields_.float_bits));
    map.set("unit_area", 0.0);
    map.set("dimensions", dims);
    map.set("sizes", sizes);
    return map;
  }

  [[nodiscard]] Value memory(std::size_t l) const {
    const MemoryLevel& level = fields_.levels[l];
    constexpr std::int64_t kUnlimited = std::int64_t{1} << 50;
    const double reads =
        level.read_bandwidth_bits_per_cycle.value_or(static_cast<double>(level.word_bits));
    const double writes =
        level.shared_port
            ? reads
            : level.write_bandwidth_bits_per_cycle.value_or(static_cast<double>(level.word_bits));
    Value map = Value::map();
    map.set("size", level.capacity_bits.value_or(kUnlimited));
    map.set("r_cost", level.read_energy_pj_per_bit * reads);
    map.set("w_cost", level.write_energy_pj_per_bit * writes);
    map.set("area", 0.0);
    map.set("latency", 1);
    Value operands = Value::list();
    for (const Role role : kRoles)
      if (level.keeps.contains(role)) operands.append(memory_operand(role));
    map.set("operands", operands);
    map.set("ports", ports(level, reads, writes));
    Value served = Value::list();
    for (std::size_t m = 0; m < meshes_.size() && m < 2; ++m)
      if (meshes_[m] >= l)
        served.append(fmt::format("D{}", 2 * m + 1)).append(fmt::format("D{}", 2 * m + 2));
    if (meshes_.empty()) served.append("D1");
    map.set("served_dimensions", served);
    return map;
  }

  static Value port(const char* name, const char* type, double bits, const MemoryLevel& level,
                    bool reads, bool writes) {
    Value map = Value::map();
    map.set("name", name);
    map.set("type", type);
    const auto whole = static_cast<std::int64_t>(std::ceil(bits));
    map.set("bandwidth_min", whole);
    map.set("bandwidth_max", bits == static_cast<double>(whole) ? Value(whole) : Value(bits));
    Value allocation = Value::list();
    for (const Role role : kRoles) {
      if (!level.keeps.contains(role)) continue;
      const std::string operand(memory_operand(role));
      if (writes) allocation.append(operand + ", fh");
      if (reads) allocation.append(operand + ", tl");
      if (role != Role::outputs) continue;
      if (writes) allocation.append(operand + ", fl");
      if (reads) allocation.append(operand + ", th");
    }
    map.set("allocation", allocation);
    return map;
  }

  static Value ports(const MemoryLevel& level, double reads, double writes) {
    Value list = Value::list();
    if (level.shared_port) {
      list.append(port("rw_port_1", "read_write", reads, level, true, true));
    } else {
      list.append(port("r_port_1", "read", reads, level, true, false));
      list.append(port("w_port_1", "write", writes, level, false, true));
    }
    return list;
  }

  const Accelerator::Fields& fields_;
  std::vector<std::size_t> meshes_;  ///< levels with a mesh below
  std::vector<std::string> notes_;
  Diagnostics losses_;
};

}  // namespace

ForeignText write_accelerator(const Accelerator& accelerator) {
  return Writer(accelerator).write();
}

}  // namespace hwflow::chip::zigzag
