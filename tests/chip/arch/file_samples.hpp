#pragma once

#include <gtest/gtest.h>

#include <string>

#include "chip/arch/accelerator.hpp"

namespace hwflow::chip::samples {

/// A right file; each refusal below replaces one piece of it.
inline constexpr const char* kGoodFile = R"(schema: 1
name: small
source: this test
energy_table: eyeriss-isca16
clock_mhz: 100
levels:
  - {name: DRAM, keeps: [weights, inputs, outputs], energy: dram}
  - name: GLB
    keeps: [inputs, outputs]
    capacity_bits: 8192
    energy: glb
    fanout: {x: 4, y: 3, x_dims: [k, q], hop_energy: inter_pe}
  - {name: RF, keeps: [weights], capacity_bits: 64, energy: rf}
engine: {kind: bit_parallel, width_bits: 16, energy: mac}
)";

inline std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGoodFile;
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

inline std::string message(const std::string& text) {
  const auto read = parse_accelerator(text, "a.yaml");
  return read ? std::string("accepted") : to_text(read.error());
}

/// One piece of the right file, what stands there instead, and what the reader says.
struct Refusal {
  std::string from, to, message;
};

}  // namespace hwflow::chip::samples
