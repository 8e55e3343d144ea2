#include "chip/mapping/uneven_references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

#include "chip/mapping/reference_json.hpp"
#include "chip/mapping/uneven_nest.hpp"

namespace hwflow::chip::reference {
namespace {

constexpr LayerBits kWords{16, 16, 16, 16};

std::optional<Dim> dim_of(const std::string& name) {
  static const std::map<std::string, Dim> kDimsByName{
      {"N", Dim::n}, {"B", Dim::n},  {"K", Dim::k},  {"M", Dim::k},  {"m", Dim::k},
      {"C", Dim::c}, {"c", Dim::c},  {"P", Dim::p},  {"OY", Dim::p}, {"p", Dim::p},
      {"Q", Dim::q}, {"OX", Dim::q}, {"q", Dim::q},  {"R", Dim::r},  {"FY", Dim::r},
      {"r", Dim::r}, {"S", Dim::s},  {"FX", Dim::s}, {"s", Dim::s}};
  const auto found = kDimsByName.find(name);
  if (found == kDimsByName.end()) return std::nullopt;
  return found->second;
}

std::optional<Role> role_of(const std::string& letter) {
  if (letter == "W" || letter == "F") return Role::weights;
  if (letter == "I") return Role::inputs;
  if (letter == "O") return Role::outputs;
  return std::nullopt;
}

/// `layer` or `problem`: bounds by name, and a stride for both axes.
Expected<Operator> read_operator(const Node& node) {
  DimArray bounds = kOnes;
  ConvShape shape;
  for (const std::string& key : node.keys()) {
    const std::int64_t value = node.at(key).integer(1, std::int64_t{1} << 20);
    if (const auto dim = dim_of(key)) bounds[index(*dim)] = value;
    if (key == "stride" || key == "U") shape.stride_height = shape.stride_width = value;
  }
  shape.n = bounds[index(Dim::n)];
  shape.in_channels = bounds[index(Dim::c)];
  shape.out_channels = bounds[index(Dim::k)];
  shape.kernel_height = bounds[index(Dim::r)];
  shape.kernel_width = bounds[index(Dim::s)];
  shape.in_height = shape.stride_height * (bounds[index(Dim::p)] - 1) + shape.kernel_height;
  shape.in_width = shape.stride_width * (bounds[index(Dim::q)] - 1) + shape.kernel_width;
  return make_convolution(shape);
}

/// A nest as it is read, with the machine that it is for.
struct Reading {
  Accelerator::Fields machine;
  UnevenNest nest;
};

/// "{O: [[(FX, 3), (K, 16)], [...]], W: ...}": loops of each tensor by memory level, innermost
/// first.
using LoopLists = std::map<Role, std::vector<std::vector<Loop>>>;

class LoopListParser {
 public:
  LoopListParser(const Node& node, std::string text) : node_(node), text_(std::move(text)) {}

  LoopLists run() {
    LoopLists lists;
    for (at_ = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) read_word(lists);
      if (at_ >= text_.size()) break;
      if (text_[at_] == '[' && ++depth_ == 2) current(lists).emplace_back();
      if (text_[at_] == ']') --depth_;
    }
    return lists;
  }

 private:
  std::vector<std::vector<Loop>>& current(LoopLists& lists) { return lists[role_]; }

  /// A tensor at depth 0, the dimension of a loop deeper; what stands before a brace is skipped.
  void read_word(LoopLists& lists) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    const std::string word = text_.substr(begin, at_ - begin);
    if (depth_ == 0) {
      if (const auto role = role_of(word)) role_ = *role;
      return;
    }
    const auto dim = dim_of(word);
    Loop loop;
    const std::size_t digits = text_.find_first_of("0123456789", at_);
    if (!dim || digits == std::string::npos || current(lists).empty())
      return node_.problem(fmt::format("'{}' is no dimension of a loop", word));
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data() + digits, end, loop.bound);
    if (error != std::errc{}) return node_.problem(fmt::format("no bound for '{}'", word));
    loop.dim = *dim;
    at_ = static_cast<std::size_t>(stop - text_.data());
    current(lists).back().push_back(loop);
  }

  const Node& node_;
  std::string text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Role role_ = Role::weights;
};

// --- ZigZag
// ---------------------------------------------------------------------------------------

/// Memories that keep a role, from the innermost outward.
std::vector<std::string> memories_of(const Accelerator::Fields& machine, Role role) {
  std::vector<std::string> names;
  for (auto level = machine.levels.rbegin(); level != machine.levels.rend(); ++level)
    if (level->keeps.contains(role)) names.push_back(level->name);
  return names;
}

/// ZigZag knows no port without a limit: e168 had ports of 1024 bits at DRAM, 4096 at the buffer
/// and 32 at the scratchpads (`conventions` of the record).
void limit_ports(Accelerator::Fields& machine) {
  for (MemoryLevel& level : machine.levels) {
    if (level.read_bandwidth_bits_per_cycle) continue;
    const double bits = level.name == "DRAM" ? 1024 : level.name == "GLB" ? 4096 : 32;
    level.read_bandwidth_bits_per_cycle = level.write_bandwidth_bits_per_cycle = bits;
  }
}

std::optional<Reading> read_zigzag(const Node& item) {
  Reading reading;
  const auto machine = load_accelerator(item.at("acc").text());
  if (!machine) item.at("acc").problem("is no built-in accelerator");
  const auto temporal = item.at("temporal_mapping"), spatial = item.at("spatial_mapping");
  const LoopLists loops = LoopListParser(temporal, temporal.text()).run();
  LoopLists spread = LoopListParser(spatial, spatial.text()).run();
  if (!machine) return std::nullopt;
  reading.machine = machine->fields();
  limit_ports(reading.machine);
  for (const auto& [role, levels] : loops) {
    std::size_t count = 0;
    for (const auto& level : levels) count += level.size();
    if (role == Role::outputs)
      for (const auto& level : levels)
        reading.nest.temporal.insert(reading.nest.temporal.end(), level.begin(), level.end());
    const auto memories = memories_of(reading.machine, role);
    if (memories.size() != levels.size()) {
      temporal.problem(fmt::format("{} levels of {}, the machine has {}", levels.size(), name(role),
                                   memories.size()));
      return std::nullopt;
    }
    for (std::size_t l = 0; l < levels.size(); ++l) {
      count -= levels[l].size();
      reading.nest.tiles.push_back({memories[l], role, count});
    }
  }
  std::reverse(reading.nest.temporal.begin(), reading.nest.temporal.end());
  UnevenNest::Spread axes;
  for (const MemoryLevel& level : reading.machine.levels)
    if (level.fanout.instances() > 1) axes.memory = level.name;
  for (const auto& level : spread[Role::outputs])
    for (const Loop& loop : level) (axes.x.empty() ? axes.x : axes.y).push_back(loop);
  reading.nest.spreads.push_back(std::move(axes));
  return reading;
}

void read_zigzag_counts(const Node& item,
                        const std::map<std::pair<std::string, Role>, std::string>& level_of,
                        ReferenceResult& result) {
  const Node tensors = item.at("word16_accesses");
  for (const std::string& tensor : tensors.keys()) {
    const auto role = role_of(tensor);
    if (!role) continue;
    for (const Node& row : tensors.at(tensor).elements()) {
      const auto level = level_of.find({row.at("level").text(), *role});
      if (level == level_of.end()) continue;
      const auto words = [&](const char* key) {
        return static_cast<std::int64_t>(row.at(key).number());
      };
      ReferenceCounts counts{level->second,
                             *role,
                             words("read_to_below"),
                             words("write_from_above"),
                             words("write_from_below"),
                             std::nullopt};
      counts.drains = words("read_to_above");
      result.counts.push_back(std::move(counts));
    }
  }
  result.energy_pj = item.at("energy").number();
  result.cycles = static_cast<std::int64_t>(item.at("latency_total").number());
  result.compute_cycles = static_cast<std::int64_t>(item.at("ideal_temporal_cycles").number());
}

// --- AccelForge
// -----------------------------------------------------------------------------------

Accelerator::Fields machine_d2() {
  constexpr std::int64_t kWordBits = 16;
  constexpr RoleSet kAll{{true, true, true}};
  Accelerator::Fields fields;
  fields.name = "D2";
  fields.technology = "normalised";
  fields.partial_sum_bits = static_cast<int>(kWordBits);
  fields.engine.mac_energy_pj = 1;
  fields.levels.resize(2);
  fields.levels[0].name = "DRAM";
  fields.levels[1].name = "GLB";
  fields.levels[1].capacity_bits = 32768 * kWordBits;
  for (MemoryLevel& level : fields.levels) {
    level.keeps = kAll;
    const double energy = (level.name == "DRAM" ? 200.0 : 6.0) / static_cast<double>(kWordBits);
    level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = energy;
  }
  return fields;
}

/// "GLB stores F", or [dimension, elements of the tile inside].
std::optional<Reading> read_accelforge(const Node& item, const Operator& op) {
  Reading reading;
  reading.machine = machine_d2();
  for (const Role role : kRoles) reading.nest.tiles.push_back({"DRAM", role, 0});
  DimArray tile = op.bounds();
  for (const Node& node : item.at("nest_outer_to_inner").elements()) {
    if (node.is_text()) {
      const std::string text = node.text();
      const std::size_t stores = text.find(" stores ");
      const auto role =
          stores == std::string::npos ? std::nullopt : role_of(text.substr(stores + 8));
      if (!role) node.problem(fmt::format("'{}' is no storage", text));
      if (role)
        reading.nest.tiles.push_back({text.substr(0, stores), *role, reading.nest.temporal.size()});
      continue;
    }
    const std::vector<Node> pair = node.elements();
    const auto dim = pair.size() == 2 ? dim_of(pair[0].text()) : std::nullopt;
    if (!dim) {
      node.problem("must be [dimension, elements]");
      return std::nullopt;
    }
    const std::int64_t inside = pair[1].integer(1, tile[index(*dim)]);
    reading.nest.temporal.push_back({*dim, (tile[index(*dim)] - 1) / inside + 1});
    tile[index(*dim)] = inside;
  }
  return reading;
}

/// "GLB|O|read": all reads of a tensor at a memory, drains included.
void read_accelforge_counts(const Node& item,
                            const std::map<std::pair<std::string, Role>, std::string>& level_of,
                            ReferenceResult& result) {
  const Node actions = item.at("actions");
  std::map<std::pair<std::string, Role>, ReferenceAccesses> rows;
  for (const std::string& key : actions.keys()) {
    const std::size_t first = key.find('|'), second = key.find('|', first + 1);
    const auto role = second == std::string::npos
                          ? std::nullopt
                          : role_of(key.substr(first + 1, second - first - 1));
    if (!role) continue;
    const auto level = level_of.find({key.substr(0, first), *role});
    if (level == level_of.end()) continue;
    ReferenceAccesses& row = rows[level->first];
    row.level = level->second;
    row.role = *role;
    const auto words = static_cast<std::int64_t>(actions.at(key).number());
    (key.ends_with("|read") ? row.reads : row.writes) = words;
  }
  for (const auto& [place, row] : rows) result.accesses.push_back(row);
  result.energy_pj = item.at("energy").number();
  result.cycles = static_cast<std::int64_t>(item.at("latency").number());
}

// --- both
// -----------------------------------------------------------------------------------------

/// Which dimension the loops do not cover, if any.
std::string uncovered(const UnevenNest& nest, const Operator& op) {
  DimArray product = kOnes;
  const auto turn = [&](const std::vector<Loop>& loops) {
    for (const Loop& loop : loops) product[index(loop.dim)] *= loop.bound;
  };
  turn(nest.temporal);
  for (const auto& spread : nest.spreads) {
    turn(spread.x);
    turn(spread.y);
  }
  for (const Dim dim : kDims)
    if (product[index(dim)] != op.bound(dim))
      return fmt::format("its loops over {} multiply to {}, the layer has {}", name(dim),
                         product[index(dim)], op.bound(dim));
  return {};
}

std::optional<ReferenceCase> read_case(const std::string& id, const Json& json,
                                       const std::string& place, Diagnostics& problems) {
  const Node item(&json, place, problems);
  const std::size_t before = problems.size();
  const bool zigzag = item.has("temporal_mapping");
  auto op = read_operator(item.at(zigzag ? "layer" : "problem"));
  if (!op) {
    for (const Diagnostic& d : op.error())
      problems.push_back({fmt::format("{}: {}", place, d.place), d.reason, d.hint});
    return std::nullopt;
  }
  const auto reading = zigzag ? read_zigzag(item) : read_accelforge(item, *op);
  if (!reading || problems.size() != before) return std::nullopt;
  std::string unsaid = uncovered(reading->nest, *op);
  auto even = to_even_nest(reading->machine, reading->nest);
  if (!even) {
    const Diagnostic& first = even.error().front();
    if (unsaid.empty()) unsaid = fmt::format("{}: {}", first.place, first.reason);
    even = EvenNest{reading->machine, {}, std::vector<std::string>(reading->nest.tiles.size())};
  }
  std::map<std::pair<std::string, Role>, std::string> level_of;
  for (std::size_t t = 0; t < even->levels.size(); ++t)
    level_of[{reading->nest.tiles[t].memory, reading->nest.tiles[t].role}] = even->levels[t];
  ReferenceResult result;
  if (zigzag) read_zigzag_counts(item, level_of, result);
  if (!zigzag) read_accelforge_counts(item, level_of, result);
  auto machine = Accelerator::make(std::move(even->machine));
  if (!machine || problems.size() != before) {
    if (!machine)
      for (const Diagnostic& d : machine.error())
        problems.push_back({fmt::format("{}: {}", place, d.place), d.reason, d.hint});
    return std::nullopt;
  }
  ReferenceCase made{
      id, Layer{id, std::move(*op), kWords}, std::move(*machine), std::nullopt, std::move(result),
      {}};
  made.unsaid = unsaid;
  if (unsaid.empty()) made.mapping = std::move(even->mapping);
  return made;
}

}  // namespace

bool holds_uneven_cases(const nlohmann::json& document) {
  if (!document.is_object() || !document.contains("cases")) return false;
  return document.at("cases").is_object();
}

Expected<std::vector<ReferenceCase>> read_uneven_cases(const nlohmann::json& document,
                                                       const std::string& origin) {
  Diagnostics problems;
  std::vector<ReferenceCase> cases;
  for (const auto& [id, item] : document.at("cases").items()) {
    auto read = read_case(id, item, fmt::format("{}: cases.{}", origin, id), problems);
    if (read) cases.push_back(std::move(*read));
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return cases;
}

}  // namespace hwflow::chip::reference
