#include "chip/fusion/level_traffic.hpp"

namespace hwflow::chip {

Moved& Moved::operator+=(const Moved& more) {
  words += more.words;
  bits += more.bits;
  return *this;
}

Moved operator*(std::int64_t times, const Moved& moved) {
  return {times * moved.words, times * moved.bits};
}

RoleTraffic& RoleTraffic::operator+=(const RoleTraffic& more) {
  fills += more.fills;
  drains += more.drains;
  reads += more.reads;
  updates += more.updates;
  return *this;
}

std::int64_t LevelTraffic::read_bits() const {
  std::int64_t bits = 0;
  for (const RoleTraffic& role : roles) bits += role.reads.bits + role.drains.bits;
  return bits;
}

std::int64_t LevelTraffic::written_bits() const {
  std::int64_t bits = 0;
  for (const RoleTraffic& role : roles) bits += role.fills.bits + role.updates.bits;
  return bits;
}

LevelTraffic& LevelTraffic::operator+=(const LevelTraffic& more) {
  for (const Role role : kRoles) of(role) += more.of(role);
  return *this;
}

void add_traffic(const Operator& op, const Cost& cost, LevelIndex first, std::int64_t times,
                 std::vector<LevelTraffic>& levels) {
  for (std::size_t l = 0; l < levels.size(); ++l) {
    for (std::size_t o = 0; o < op.operands().size(); ++o) {
      const TensorTraffic& moved = cost.levels[first + l].operands[o];
      RoleTraffic& role = levels[l].of(op.operands()[o].role);
      role.fills += times * Moved{moved.fills, moved.fill_bits};
      role.drains += times * Moved{moved.drains, moved.drain_bits};
      role.reads += times * Moved{moved.reads, moved.read_bits};
      role.updates += times * Moved{moved.updates, moved.update_bits};
    }
  }
}

}  // namespace hwflow::chip
