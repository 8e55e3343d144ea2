#include "chip/arch/energy_reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/read.hpp"

namespace hwflow::chip::timeloop {
namespace {

TEST(EnergyReference, NamesLoseTheirPathAndTheDearestOfSeveralEntriesCounts) {
  const auto document = schema::parse_yaml(R"(
version: 0.3
tables:
  - name: system.chip.PE[0..167].spad[1..1]
    actions:
      - {name: read, arguments: {address_delta: 0}, energy: 0.5}
      - {name: read, arguments: {address_delta: 1}, energy: 2}
      - {name: write, energy: 3}
      - {name: update, energy: 4}
      - {name: leak, energy: 0.1}
      - {name: metadata_read, energy: 9}
  - name: mac
    actions: [{name: mac_random, energy: 1}, {name: mac_gated, energy: 7}, {name: idle, energy: 5}]
)",
                                           "ert.yaml");
  Findings findings{"ert.yaml", {}, {}, {}};
  const auto energies = read_energy_reference(*document, findings);
  EXPECT_EQ(to_text(findings.problems), "");
  const ActionEnergies& spad = energies.at("spad");
  EXPECT_EQ(spad.read, 2);
  EXPECT_EQ(spad.write, 3);
  EXPECT_EQ(spad.update, 4);
  EXPECT_EQ(spad.leak, 0.1);
  EXPECT_EQ(energies.at("mac").compute, 1);
  EXPECT_THAT(findings.all_notes(), ::testing::SizeIs(2));
}

TEST(EnergyReference, RefusesActionsWithoutAnEnergy) {
  const auto document = schema::parse_yaml(
      "tables: [{name: m, actions: [{name: read}, {name: write, energy: -1}]}]", "ert.yaml");
  Findings findings{"ert.yaml", {}, {}, {}};
  (void)read_energy_reference(*document, findings);
  EXPECT_THAT(to_text(findings.problems),
              ::testing::HasSubstr("ERT.tables[0].actions[0].energy: is missing"));
  EXPECT_THAT(to_text(findings.problems), ::testing::HasSubstr("got -1"));
}

}  // namespace
}  // namespace hwflow::chip::timeloop
