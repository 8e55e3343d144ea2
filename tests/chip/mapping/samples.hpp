#pragma once

#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip::samples {

/// DRAM and a 64 Kbit buffer over a 4 x 3 mesh of MACs.
inline Accelerator two_levels() {
  MemoryLevel dram;
  dram.name = "DRAM";
  dram.keeps = RoleSet{{true, true, true}};
  MemoryLevel buffer;
  buffer.name = "GLB";
  buffer.keeps = RoleSet{{false, true, true}};
  buffer.capacity_bits = 65536;
  buffer.fanout.x = 4;
  buffer.fanout.y = 3;
  Accelerator::Fields fields;
  fields.name = "two-levels";
  fields.levels = {dram, buffer};
  return Accelerator::make(fields).value();
}

/// 3x3 convolution of 5 input and 6 output channels on 7 x 10 output pixels, stride 1, no padding.
inline Layer small_convolution() {
  ConvShape shape;
  shape.in_channels = 5;
  shape.out_channels = 6;
  shape.in_height = 9;
  shape.in_width = 12;
  shape.kernel_height = shape.kernel_width = 3;
  return {"conv", make_convolution(shape).value(), {}};
}

}  // namespace hwflow::chip::samples
