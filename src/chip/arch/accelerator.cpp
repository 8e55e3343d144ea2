#include "chip/arch/accelerator.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "chip/arch/validate.hpp"

namespace hwflow::chip {
namespace {

std::string text_of(const std::vector<Dim>& dims) {
  std::string text;
  for (const Dim dim : dims) text += name(dim);
  return text;
}

template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "-";
}

std::string text_of(const RoleSet& roles) {
  std::string text;
  for (const Role role : kRoles) text += roles.contains(role) ? '1' : '0';
  return text;
}

std::string text_of(const Fanout& fanout) {
  return fmt::format("{}x{} [{}] [{}] {:d}{:d}{:d} {}", fanout.x, fanout.y, text_of(fanout.x_dims),
                     text_of(fanout.y_dims), fanout.multicast, fanout.spatial_reduction,
                     fanout.forwarding, fanout.hop_energy_pj_per_bit);
}

std::string text_of(const MemoryLevel& level) {
  std::string partitions;
  for (const auto& bits : level.partition_bits) partitions += text_of(bits) + ',';
  return fmt::format(
      "{} keeps {} room {} {} word {} {:d}{:d}{:d} energy {} {} bandwidth {} {} leak {} "
      "area {} temporal [{}] fanout {}",
      level.name, text_of(level.keeps), text_of(level.capacity_bits), partitions, level.word_bits,
      level.whole_words, level.double_buffered, level.shared_port, level.read_energy_pj_per_bit,
      level.write_energy_pj_per_bit, text_of(level.read_bandwidth_bits_per_cycle),
      text_of(level.write_bandwidth_bits_per_cycle), level.leakage_pj_per_cycle,
      text_of(level.area_um2), text_of(level.temporal_dims), text_of(level.fanout));
}

struct EngineText {
  std::string operator()(const BitParallelEngine& engine) const {
    return fmt::format("parallel {}", engine.width_bits);
  }
  std::string operator()(const VectorisedEngine& engine) const {
    return fmt::format("vectorised {} {} {}", engine.width_bits,
                       fmt::join(engine.supported_bits, ","), static_cast<int>(engine.fusion));
  }
  std::string operator()(const BitSerialEngine& engine) const {
    return fmt::format("serial {} {}", engine.digit_weights, engine.digit_inputs);
  }
};

std::string text_of(const ComputeEngine& engine) {
  return fmt::format("{} energy {} at {} {} {} registers {} leak {} area {}",
                     std::visit(EngineText{}, engine.kind), engine.mac_energy_pj,
                     engine.reference_weight_bits, engine.reference_input_bits,
                     static_cast<int>(engine.scaling), text_of(engine.operand_registers),
                     engine.leakage_pj_per_cycle, text_of(engine.area_um2));
}

std::string text_of(const CountingRules& rules) {
  std::string text =
      fmt::format("{:d}{:d}{:d}{:d}{:d}{:d}{:d}{:d}", rules.halo_reuse, rules.fetch_stride_gaps,
                  rules.fetch_padding, rules.skip_first_partial_sum_read, rules.count_drain_reads,
                  rules.box_tiles, rules.read_back_to_all, rules.hide_transfers);
  if (rules.skip_only_update_read) text += " only";  // keys of other machines stay as they were
  if (rules.move_every_turn) text += " turns";
  if (rules.whole_transfers) text += " whole";
  return text;
}

}  // namespace

Expected<Accelerator> Accelerator::make(Fields fields) {
  Diagnostics problems = validate(fields);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Accelerator(std::move(fields));
}

std::int64_t Accelerator::instances(LevelIndex level) const {
  HWFLOW_CHECK(level < fields_.levels.size(), "no such level");
  std::int64_t count = 1;
  for (LevelIndex above = 0; above < level; ++above) {
    count *= fields_.levels[above].fanout.instances();
  }
  return count;
}

std::int64_t Accelerator::compute_units() const {
  const LevelIndex innermost = fields_.levels.size() - 1;
  return instances(innermost) * fields_.levels[innermost].fanout.instances();
}

std::string Accelerator::key() const {
  std::string text = fmt::format("clock {} psum {} float {}", fields_.clock_mhz,
                                 fields_.partial_sum_bits, fields_.float_bits);
  for (const MemoryLevel& level : fields_.levels) text += " | " + text_of(level);
  text += " | engine " + text_of(fields_.engine);
  text += " | counting " + text_of(fields_.counting);
  return text;
}

}  // namespace hwflow::chip
