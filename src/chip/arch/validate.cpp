#include "chip/arch/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

#include "chip/arch/limits.hpp"

namespace hwflow::chip {
namespace {

constexpr int kMaxWidthBits = 64;

/// Collects problems below one key path.
class Checker {
 public:
  Checker(Diagnostics& problems, std::string path) : problems_(problems), path_(std::move(path)) {}

  void require(bool good, std::string_view key, std::string reason, std::string hint = {}) const {
    if (good) return;
    problems_.push_back({place(key), std::move(reason), std::move(hint)});
  }
  void size(std::string_view key, std::int64_t value, std::int64_t most) const {
    require(value >= 1, key, fmt::format("must be >= 1, got {}", value));
    require(value <= most, key, fmt::format("must be <= {}, got {}", most, value));
  }
  void width(std::string_view key, int bits) const {
    require(bits >= 1 && bits <= kMaxWidthBits, key,
            fmt::format("must be a width of 1 to {} bits, got {}", kMaxWidthBits, bits));
  }
  void number(std::string_view key, double value, double least, double most) const {
    require(value >= least && value <= most, key,  // false for NaN
            fmt::format("must be a number from {} to {}, got {}", least, most, value));
  }
  void energy(std::string_view key, double value) const {
    number(key, value, 0, limits::kMostEnergyPj);
  }
  void area(std::string_view key, const std::optional<double>& value) const {
    if (value) number(key, *value, 0, limits::kMostAreaUm2);
  }
  void bandwidth(std::string_view key, const std::optional<double>& value) const {
    if (value) number(key, *value, limits::kLeastBandwidth, limits::kMostBandwidth);
  }
  void distinct(std::string_view key, const std::vector<Dim>& dims) const {
    for (const Dim dim : dims) {
      if (std::count(dims.begin(), dims.end(), dim) < 2) continue;
      require(false, key, fmt::format("names dimension '{}' twice", name(dim)));
      return;
    }
  }
  [[nodiscard]] Checker below(std::string_view key) const { return {problems_, place(key)}; }

 private:
  [[nodiscard]] std::string place(std::string_view key) const {
    if (key.empty()) return path_;
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  Diagnostics& problems_;
  std::string path_;
};

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

void check_fanout(const Checker& at, const Fanout& fanout) {
  at.size("x", fanout.x, limits::kMostMesh);
  at.size("y", fanout.y, limits::kMostMesh);
  at.distinct("x_dims", fanout.x_dims);
  at.distinct("y_dims", fanout.y_dims);
  at.energy("hop_energy_pj_per_bit", fanout.hop_energy_pj_per_bit);
}

void check_room(const Checker& at, const MemoryLevel& level) {
  bool shared = false;
  for (const Role role : kRoles) {
    const auto& bits = level.partition_bits[index(role)];
    const std::string key = fmt::format("partition_bits.{}", name(role));
    if (bits) {
      at.size(key, *bits, limits::kMostBits);
      at.require(level.keeps.contains(role), key,
                 fmt::format("reserves room for {}, which the level does not keep", name(role)));
    }
    shared = shared || (level.keeps.contains(role) && !bits);
  }
  if (!level.capacity_bits) return;
  at.size("capacity_bits", *level.capacity_bits, limits::kMostBits);
  at.require(shared || level.keeps == RoleSet{}, "capacity_bits",
             "no role shares it: every kept role has its own partition");
}

void check_ports(const Checker& at, const MemoryLevel& level) {
  const auto& read = level.read_bandwidth_bits_per_cycle;
  const auto& write = level.write_bandwidth_bits_per_cycle;
  at.bandwidth("read_bandwidth_bits_per_cycle", read);
  at.bandwidth("write_bandwidth_bits_per_cycle", write);
  if (!level.shared_port) return;
  at.require(read.has_value(), "shared_port", "needs read_bandwidth_bits_per_cycle");
  at.require(!write.has_value(), "write_bandwidth_bits_per_cycle",
             "a shared port has one bandwidth, read_bandwidth_bits_per_cycle");
}

void check_level(const Checker& at, const MemoryLevel& level) {
  at.require(is_name(level.name), "name",
             fmt::format("'{}' is not a name of letters, digits, '_' and '-'", level.name));
  at.require(level.keeps != RoleSet{}, "keeps", "a level must keep at least one role");
  check_room(at, level);
  check_ports(at, level);
  at.size("word_bits", level.word_bits, limits::kMostWordBits);
  at.energy("read_energy_pj_per_bit", level.read_energy_pj_per_bit);
  at.energy("write_energy_pj_per_bit", level.write_energy_pj_per_bit);
  at.energy("leakage_pj_per_cycle", level.leakage_pj_per_cycle);
  at.area("area_um2", level.area_um2);
  at.distinct("temporal_dims", level.temporal_dims);
  check_fanout(at.below("fanout"), level.fanout);
}

void check_first_level(const Checker& at, const MemoryLevel& level) {
  at.require(level.keeps == RoleSet{{true, true, true}}, "keeps",
             "the first level is the outside memory and must keep weights, inputs and outputs");
  const bool limited = level.capacity_bits.has_value() ||
                       std::any_of(level.partition_bits.begin(), level.partition_bits.end(),
                                   [](const auto& bits) { return bits.has_value(); });
  at.require(!limited, "capacity_bits",
             "the first level is the outside memory: its room is unlimited");
}

void check_kind(const Checker& at, const BitParallelEngine& engine) {
  at.width("width_bits", engine.width_bits);
}

void check_kind(const Checker& at, const VectorisedEngine& engine) {
  at.width("width_bits", engine.width_bits);
  const auto& widths = engine.supported_bits;
  const bool rising =
      std::adjacent_find(widths.begin(), widths.end(), std::greater_equal<>()) == widths.end();
  at.require(!widths.empty() && rising, "supported_bits", "must be a rising list of widths");
  if (widths.empty() || engine.width_bits < 1) return;
  for (const int bits : widths) {
    at.require(bits >= 1 && engine.width_bits % std::max(bits, 1) == 0, "supported_bits",
               fmt::format("{} does not divide width_bits {}", bits, engine.width_bits));
  }
  at.require(widths.back() == engine.width_bits, "supported_bits",
             fmt::format("the widest must be width_bits {}", engine.width_bits));
}

void check_kind(const Checker& at, const BitSerialEngine& engine) {
  at.width("digit_weights", engine.digit_weights);
  at.width("digit_inputs", engine.digit_inputs);
}

void check_engine(const Checker& at, const ComputeEngine& engine, bool kind_is_good) {
  at.width("reference_weight_bits", engine.reference_weight_bits);
  at.width("reference_input_bits", engine.reference_input_bits);
  at.energy("mac_energy_pj", engine.mac_energy_pj);
  at.energy("leakage_pj_per_cycle", engine.leakage_pj_per_cycle);
  at.area("area_um2", engine.area_um2);
  const auto in_range = [](int bits) { return bits >= 1 && bits <= kMaxWidthBits; };
  if (!kind_is_good || !in_range(engine.reference_weight_bits) ||
      !in_range(engine.reference_input_bits)) {
    return;
  }
  at.require(engine.rate(engine.reference_weight_bits, engine.reference_input_bits).has_value(),
             "reference_weight_bits",
             fmt::format("the engine cannot compute its own reference widths {} x {}",
                         engine.reference_weight_bits, engine.reference_input_bits));
}

void check_names(const Checker& at, const std::vector<MemoryLevel>& levels) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto [entry, is_new] = first.emplace(levels[i].name, i);
    at.require(is_new, fmt::format("levels[{}].name", i),
               fmt::format("'{}' is also the name of levels[{}]", levels[i].name, entry->second));
  }
}

void check_units(const Checker& at, const std::vector<MemoryLevel>& levels) {
  std::int64_t units = 1;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    for (const std::int64_t size : {levels[i].fanout.x, levels[i].fanout.y}) {
      if (size < 1) return;  // told already
      if (size > limits::kMostMesh / units) {
        at.require(false, fmt::format("levels[{}].fanout", i),
                   fmt::format("makes more than {} compute units", limits::kMostMesh));
        return;
      }
      units *= size;
    }
  }
}

/// A product has up to the bits of both operands together; machines that cut it to fewer exist, but
/// none keeps less of a sum than of one operand.
void check_partial_sums(const Checker& at, const Accelerator::Fields& fields) {
  const int widest =
      std::max(fields.engine.reference_weight_bits, fields.engine.reference_input_bits);
  if (fields.partial_sum_bits < 1 || widest > kMaxWidthBits) return;  // told already
  at.require(fields.partial_sum_bits >= widest, "partial_sum_bits",
             fmt::format("{} bits cannot hold a sum of products of {}-bit operands",
                         fields.partial_sum_bits, widest),
             fmt::format("at least {}; {} keep whole products", widest, 2 * widest));
}

}  // namespace

Diagnostics validate(const Accelerator::Fields& fields) {
  Diagnostics problems;
  const Checker at(problems, "");
  at.require(!fields.name.empty(), "name", "must not be empty");
  at.number("clock_mhz", fields.clock_mhz, limits::kLeastClockMhz, limits::kMostClockMhz);
  at.width("partial_sum_bits", fields.partial_sum_bits);
  at.width("float_bits", fields.float_bits);
  at.require(!fields.levels.empty(), "levels", "an accelerator needs at least one memory level");
  at.require(std::ssize(fields.levels) <= limits::kMostLevels, "levels",
             fmt::format("has {} memory levels, at most {} are modelled", fields.levels.size(),
                         limits::kMostLevels));
  if (!fields.levels.empty()) check_first_level(at.below("levels[0]"), fields.levels.front());
  for (std::size_t i = 0; i < fields.levels.size(); ++i) {
    check_level(at.below(fmt::format("levels[{}]", i)), fields.levels[i]);
  }
  check_names(at, fields.levels);
  check_units(at, fields.levels);
  const std::size_t before = problems.size();
  std::visit([&](const auto& kind) { check_kind(at.below("engine"), kind); }, fields.engine.kind);
  check_engine(at.below("engine"), fields.engine, problems.size() == before);
  check_partial_sums(at, fields);
  if (fields.fpga) {
    at.number("fpga.lut", fields.fpga->lut, 0, 1e12);
    at.require(fields.fpga->bram36 >= 0, "fpga.bram36",
               fmt::format("must be >= 0, got {}", fields.fpga->bram36));
  }
  return problems;
}

}  // namespace hwflow::chip
