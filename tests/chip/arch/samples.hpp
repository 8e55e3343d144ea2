#pragma once

#include "chip/arch/accelerator.hpp"

namespace hwflow::chip::samples {

inline constexpr RoleSet kAllRoles{{true, true, true}};

/// DRAM, a 1 KiB buffer over a 4 x 3 mesh, and a register level for weights only.
inline Accelerator::Fields small_fields() {
  MemoryLevel dram;
  dram.name = "DRAM";
  dram.keeps = kAllRoles;
  MemoryLevel buffer;
  buffer.name = "GLB";
  buffer.keeps = kAllRoles;
  buffer.capacity_bits = 8192;
  buffer.fanout.x = 4;
  buffer.fanout.y = 3;
  MemoryLevel registers;
  registers.name = "RF";
  registers.keeps = RoleSet{{true, false, false}};
  registers.capacity_bits = 64;
  registers.fanout.x = 2;
  Accelerator::Fields fields;
  fields.name = "small";
  fields.levels = {dram, buffer, registers};
  return fields;
}

}  // namespace hwflow::chip::samples
