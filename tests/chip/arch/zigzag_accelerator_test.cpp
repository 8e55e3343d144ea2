#include "chip/arch/zigzag_accelerator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusals.hpp"

namespace hwflow::chip::zigzag {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::Contains;
using ::testing::HasSubstr;

Expected<AcceleratorInput> read(const std::string& text) {
  return hwflow::chip::read_accelerator(Documents::parse(text, "hw.yaml").value());
}

std::string problems_of(const std::string& text) {
  const auto machine = read(text);
  return machine ? "accepted" : to_text(machine.error());
}

constexpr const char* kMachine = R"(
name: tpu
operational_array:
  input_precision: [8, 8]
  unit_energy: 0.5
  dimensions: [D1, D2]
  sizes: [4, 3]
memories:
  weight_reg: {size: 8, r_bw: 8, w_bw: 16, r_cost: 2, w_cost: 8, area: 0, latency: 1,
               operands: [I2], ports: [{fh: w_port_1, tl: r_port_1}], served_dimensions: []}
  sum_reg: {size: 32, r_bw: 16, w_bw: 16, r_cost: 4, w_cost: 4, rw_port: 1, latency: 1,
            operands: [O], ports: [], served_dimensions: [D1]}
  dram:
    size: 1000000
    r_cost: 640
    w_cost: 640
    latency: 1
    operands: [I1, I2, O]
    ports:
      - {name: r, type: read, bandwidth_min: 64, bandwidth_max: 64, allocation: ["I1, tl"]}
      - {name: w, type: write, bandwidth_min: 64, bandwidth_max: 64, allocation: ["I1, fh"]}
    served_dimensions: [D1, D2]
)";

/// A memory has an instance for each unit of what it does not serve: sums one for each of 3 rows.
TEST(ZigZagAccelerator, ServedDimensionsMakeTheMeshes) {
  const auto machine = read(kMachine);
  ASSERT_TRUE(machine) << to_text(machine.error());
  const auto& levels = machine->accelerator.levels();
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[0].name, "dram");
  EXPECT_EQ(levels[0].fanout.y, 3);
  EXPECT_EQ(levels[1].name, "sum_reg");
  EXPECT_EQ(levels[1].fanout.x, 4);
  EXPECT_TRUE(levels[1].shared_port);
  EXPECT_EQ(levels[1].capacity_bits, 32);
  EXPECT_EQ(machine->accelerator.compute_units(), 12);
  EXPECT_DOUBLE_EQ(levels[2].read_energy_pj_per_bit, 2.0 / 8);
  EXPECT_DOUBLE_EQ(levels[2].write_energy_pj_per_bit, 8.0 / 16);
  EXPECT_DOUBLE_EQ(levels[0].read_energy_pj_per_bit, 640.0 / 64);
  EXPECT_DOUBLE_EQ(machine->accelerator.engine().mac_energy_pj, 0.5);
  EXPECT_THAT(machine->mesh_names, Contains(MeshName{"D1", 1, 4, 1}));
}

TEST(ZigZagAccelerator, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  ASSERT_EQ(problems_of(kMachine), "accepted");
  expect_refusals(
      kMachine, problems_of,
      {{"sizes: [4, 3]", "sizes: [4]", "2 dimensions and 1 sizes"},
       {"sizes: [4, 3]", "sizes: [4, many]", "sizes: must hold integers from 1"},
       {"unit_energy: 0.5", "unit_enregy: 0.5",
        "hw.yaml:5: operational_array.unit_enregy: is a key without a meaning"},
       {"unit_energy: 0.5", "is_imc: true", "computing in memory is not modelled"},
       {"operands: [I2]", "operands: [I3]", "'I3' is none of I1, I2, O"},
       {"served_dimensions: []", "served_dimensions: [D2]",
        "serves D2, which 'sum_reg' further out does not"},
       {"served_dimensions: []", "served_dimensions: [D5]", "'D5' is no dimension"},
       {"size: 8,", "", "memories.weight_reg.size: is missing"},
       {"r_bw: 8,", "", "no read or no write port with a bandwidth"},
       {"r_cost: 2,", "auto_cost_extraction: true,", "costs are not extracted with CACTI"},
       {"type: read,", "type: raed,", "'raed' is none of read, write, read_write"}});
}

TEST(ZigZagAccelerator, WritesWhatItReadsAndNamesWhatZigZagCannotSay) {
  const auto e168bw = load_accelerator("e168bw").value();
  const ForeignText text = zigzag::write_accelerator(e168bw);
  EXPECT_EQ(to_text(text.losses), "");
  const auto back = read(text.text);
  ASSERT_TRUE(back) << to_text(back.error()) << text.text;
  const auto& levels = back->accelerator.levels();
  ASSERT_EQ(levels.size(), e168bw.levels().size());
  for (const MemoryLevel& level : e168bw.levels()) {
    const auto same = std::find_if(levels.begin(), levels.end(),
                                   [&](const auto& each) { return each.name == level.name; });
    ASSERT_NE(same, levels.end()) << level.name;
    EXPECT_EQ(same->keeps, level.keeps);
    EXPECT_EQ(same->capacity_bits, level.capacity_bits);
    EXPECT_EQ(same->fanout.instances(), level.fanout.instances());
    EXPECT_DOUBLE_EQ(same->read_energy_pj_per_bit, level.read_energy_pj_per_bit);
  }
  const auto e168 = load_accelerator("e168").value();  // ports without a limit
  EXPECT_THAT(to_text(zigzag::write_accelerator(e168).losses), HasSubstr("is unlimited"));
}

}  // namespace
}  // namespace hwflow::chip::zigzag
