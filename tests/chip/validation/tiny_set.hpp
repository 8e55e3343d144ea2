#pragma once

namespace hwflow::chip {

/// The least that a validation set says: one product of a matrix and a vector, its mapping given.
constexpr const char* kTinySet = R"(schema: 1
set: tiny
title: One product
source: by hand
machine: e168
method: given_mapping
layers:
  - name: fc
    in_channels: 2
    out_channels: 3
    size: 1
    loops: "DRAM: k3 c2 | GLB: | ifmap_spad: | weights_spad: | psum_spad:"
    published: {macs: 6}
)";

}  // namespace hwflow::chip
