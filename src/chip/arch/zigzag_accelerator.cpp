#include "chip/arch/zigzag_accelerator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chip/arch/foreign_map.hpp"
#include "chip/arch/limits.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

/// A memory under reading, with the array dimensions that it does not serve: it has an instance
/// for each of their units.
struct Memory {
  MemoryLevel level;
  std::vector<bool> unserved;
  schema::Mark mark;
};

class Reader {
 public:
  explicit Reader(const Documents::Document& document) : document_(document) {
    findings_.origin = document.origin;
  }

  Expected<AcceleratorInput> read() {
    ForeignMap map(&document_.value, "", findings_);
    fields_.name = map.text("name").value_or("zigzag");
    fields_.source = fmt::format("read from {}", document_.origin);
    fields_.energy_table = fields_.source;
    read_array(map);
    ForeignMap memories = map.map("memories");
    if (const auto* entries = document_.value.find("memories")->as_map())
      for (const auto& entry : *entries)
        if (const Value* value = memories.take(entry.key)) read_memory(entry.key, *value);
    map.pass_over({"dataflows"}, "limits the map space: a given mapping is not held against it");
    map.finish();
    if (memories_.empty()) map.problem("memories", "has none");
    if (findings_.problems.empty()) build();
    if (!findings_.problems.empty()) return Unexpected{std::move(findings_.problems)};
    auto made = Accelerator::make(std::move(fields_));
    if (!made) {
      for (const Diagnostic& d : made.error())
        findings_.problems.push_back(
            {fmt::format("{}: as a machine: {}", document_.origin, d.place), d.reason, d.hint});
      return Unexpected{std::move(findings_.problems)};
    }
    return AcceleratorInput{std::move(*made), Format::zigzag, findings_.all_notes(),
                            std::move(mesh_names_)};
  }

 private:
  void read_array(ForeignMap& map) {
    const bool older = map.has("multipliers");
    ForeignMap array = map.map(older ? "multipliers" : "operational_array");
    dims_ = array.words("dimensions");
    for (const Value* size : array.list("sizes")) {
      const auto* number = size->as_int();
      const bool good = number != nullptr && *number >= 1 && *number <= limits::kMostMesh;
      if (!good) array.problem("sizes", "must hold integers from 1");
      sizes_.push_back(good ? *number : 1);
    }
    if (dims_.empty() || dims_.size() != sizes_.size() || dims_.size() > 4)
      array.problem("dimensions", fmt::format("{} dimensions and {} sizes: one to four of each",
                                              dims_.size(), sizes_.size()));
    fields_.engine.mac_energy_pj =
        array.number(older ? "multiplier_energy" : "unit_energy", 0, limits::kMostEnergyPj)
            .value_or(0.0);
    read_precision(array);
    array.pass_over({"unit_area", "multiplier_area"}, "no count depends on it");
    array.refuse({"is_imc"}, Value(false), "computing in memory is not modelled");
    array.refuse({"imc_type", "adc_resolution", "bit_serial_precision"}, Value(0),
                 "computing in memory is not modelled");
    array.finish();
  }

  void read_precision(ForeignMap& array) {
    int bits = 8;
    const auto precision = array.list("input_precision");
    for (const Value* each : precision)
      if (const auto* number = each->as_int(); number != nullptr && *number >= 1 && *number <= 32)
        bits = std::max(bits, static_cast<int>(*number));
    fields_.engine.kind = BitParallelEngine{64};  // ZigZag's units take operands of any width
    fields_.engine.reference_weight_bits = fields_.engine.reference_input_bits = bits;
    fields_.engine.scaling = ComputeEngine::EnergyScaling::constant;
    fields_.float_bits = bits;
    fields_.partial_sum_bits = 2 * bits;
  }

  void read_memory(const std::string& name, const Value& value) {
    ForeignMap map(&value, fmt::format("memories.{}", name), findings_);
    Memory memory;
    memory.mark = value.mark();
    memory.level.name = name;
    memory.level.capacity_bits = map.integer("size", 1, limits::kMostBits);
    if (!memory.level.capacity_bits) map.problem("size", "is missing");
    for (const std::string& operand : map.words("operands")) {
      const auto role = role_of(operand);
      if (!role) map.problem("operands", fmt::format("'{}' is none of I1, I2, O", operand));
      if (role) memory.level.keeps.has[index(*role)] = true;
    }
    read_served(map, memory);
    read_ports(map, memory.level);
    map.refuse({"auto_cost_extraction"}, Value(false), "costs are not extracted with CACTI",
               "write r_cost and w_cost");
    map.refuse({"double_buffering_support"}, Value(false),
               "double buffering doubles tiles and is not modelled for ZigZag");
    map.pass_over({"area", "mem_type", "latency", "min_r_granularity", "min_w_granularity",
                   "shared_memory_group_id"},
                  "no count depends on it");
    map.finish();
    memories_.push_back(std::move(memory));
  }

  void read_served(ForeignMap& map, Memory& memory) {
    memory.unserved.assign(dims_.size(), true);
    for (const std::string& dim : map.words("served_dimensions")) {
      const auto found = std::find(dims_.begin(), dims_.end(), dim);
      if (found == dims_.end())
        map.problem("served_dimensions", fmt::format("'{}' is no dimension of the array", dim),
                    fmt::format("its dimensions: {}", fmt::join(dims_, " ")));
      else
        memory.unserved[static_cast<std::size_t>(found - dims_.begin())] = false;
    }
  }

  /// Widths of the read and the write ports: `r_bw` and `w_bw`, or those of the `ports`.
  void read_ports(ForeignMap& map, MemoryLevel& level) {
    auto read_bits = map.number("r_bw", limits::kLeastBandwidth, limits::kMostBandwidth);
    auto write_bits = map.number("w_bw", limits::kLeastBandwidth, limits::kMostBandwidth);
    const auto ports = map.list("ports");
    int both = 0, one_way = 0;
    for (std::size_t i = 0; i < ports.size(); ++i)
      read_port(*ports[i], map.path(fmt::format("ports[{}]", i)), read_bits, write_bits, both,
                one_way);
    both += static_cast<int>(map.integer("rw_port", 0, 64).value_or(0));
    one_way += static_cast<int>(map.integer("r_port", 0, 64).value_or(0) +
                                map.integer("w_port", 0, 64).value_or(0));
    if (!read_bits || !write_bits) {
      map.problem("ports", "no read or no write port with a bandwidth");
      return;
    }
    level.read_bandwidth_bits_per_cycle = read_bits;
    level.shared_port = both == 1 && one_way == 0 && *read_bits == *write_bits;
    if (!level.shared_port) level.write_bandwidth_bits_per_cycle = write_bits;
    if (both > 1 || one_way > 2 || (both == 1 && one_way > 0))
      findings_.note(
          fmt::format("'{}' has several ports: modelled as one for reading and one for "
                      "writing, which cycles may tell",
                      level.name));
    level.word_bits =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(*read_bits), 1, limits::kMostWordBits);
    const auto read_cost = map.number("r_cost", 0, 1e15),
               write_cost = map.number("w_cost", 0, 1e15);
    if (!read_cost || !write_cost)
      map.problem("r_cost", "costs of reading and writing are missing");
    level.read_energy_pj_per_bit = read_cost.value_or(0) / *read_bits;
    level.write_energy_pj_per_bit = write_cost.value_or(0) / *write_bits;
  }

  void read_port(const Value& value, const std::string& path, std::optional<double>& read_bits,
                 std::optional<double>& write_bits, int& both, int& one_way) {
    ForeignMap port(&value, path, findings_);
    port.take("name");
    port.pass_over({"fh", "tl", "fl", "th", "allocation"},
                   "which port an operand takes; reading and writing are told apart");
    const std::string type = port.text("type").value_or("");
    const auto bits = port.number("bandwidth_max", limits::kLeastBandwidth, limits::kMostBandwidth);
    port.pass_over({"bandwidth_min"}, "no count depends on it");
    if (!type.empty()) {
      const bool reads = type != "write", writes = type != "read";
      if (type != "read" && type != "write" && type != "read_write")
        port.problem("type", fmt::format("'{}' is none of read, write, read_write", type));
      if (!bits) port.problem("bandwidth_max", "is missing");
      set_bits(port, reads, bits, read_bits);
      set_bits(port, writes, bits, write_bits);
      (reads && writes ? both : one_way) += 1;
    }
    port.finish();
  }

  static void set_bits(ForeignMap& port, bool applies, const std::optional<double>& bits,
                       std::optional<double>& kept) {
    if (!applies || !bits) return;
    if (kept && *kept != *bits)
      port.problem("bandwidth_max",
                   "ports of one direction with different bandwidths are not "
                   "modelled");
    kept = bits;
  }

  /// Levels from the outermost inward; each adds dimensions that it does not serve.
  void build() {
    std::reverse(memories_.begin(), memories_.end());
    const auto count = [](const Memory& memory) {
      return std::count(memory.unserved.begin(), memory.unserved.end(), true);
    };
    std::stable_sort(memories_.begin(), memories_.end(),
                     [&](const Memory& a, const Memory& b) { return count(a) < count(b); });
    for (std::size_t m = 0; m < memories_.size(); ++m) {
      const Memory* inner = m + 1 < memories_.size() ? &memories_[m + 1] : nullptr;
      add_level(memories_[m], inner, m);
    }
    fields_.levels.front().capacity_bits.reset();
    if (count(memories_.front()) != 0)
      findings_.problem(
          memories_.front().mark, "memories",
          fmt::format("the outermost, '{}', has several instances", memories_.front().level.name));
  }

  void add_level(const Memory& memory, const Memory* inner, LevelIndex at) {
    fields_.levels.push_back(memory.level);
    Fanout& fanout = fields_.levels.back().fanout;
    for (std::size_t d = 0; d < dims_.size(); ++d) {
      const bool splits_inside = inner == nullptr || inner->unserved[d];
      if (memory.unserved[d] && !splits_inside)
        findings_.problem(inner->mark,
                          fmt::format("memories.{}.served_dimensions", inner->level.name),
                          fmt::format("serves {}, which '{}' further out does not: memories are "
                                      "one chain",
                                      dims_[d], memory.level.name),
                          "this machine has no order of levels");
      if (memory.unserved[d] || !splits_inside) continue;
      const bool column = d % 2 == 0;
      (column ? fanout.x : fanout.y) *= sizes_[d];
      mesh_names_.push_back({dims_[d], at, column ? sizes_[d] : 1, column ? 1 : sizes_[d]});
    }
  }

  const Documents::Document& document_;
  Findings findings_;
  std::vector<std::string> dims_;
  std::vector<std::int64_t> sizes_;
  std::vector<Memory> memories_;  ///< as in the file, then from the outermost
  Accelerator::Fields fields_;
  std::vector<MeshName> mesh_names_;
};

}  // namespace

std::optional<Role> role_of(std::string_view memory_operand_name) {
  for (const Role role : kRoles)
    if (memory_operand(role) == memory_operand_name) return role;
  return std::nullopt;
}

std::string_view memory_operand(Role role) {
  switch (role) {
    case Role::weights: return "I2";
    case Role::inputs: return "I1";
    case Role::outputs: return "O";
  }
  return "";
}

bool is_accelerator(const schema::Value& document) {
  return document.find("memories") != nullptr &&
         (document.find("operational_array") != nullptr || document.find("multipliers") != nullptr);
}

Expected<AcceleratorInput> read_accelerator(const Documents& documents) {
  return Reader(documents.all().front()).read();
}

}  // namespace hwflow::chip::zigzag
