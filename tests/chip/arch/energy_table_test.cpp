#include "chip/arch/energy_table.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

TEST(EnergyTables, AllParseAndNameTheirSource) {
  EXPECT_GE(builtin_energy_tables().size(), 5u);
  for (const EnergyTable& table : builtin_energy_tables()) {
    EXPECT_GT(table.source.size(), 20u) << table.name;
    EXPECT_EQ(find_energy_table(table.name), &table);
  }
  EXPECT_EQ(find_energy_table("no-such-table"), nullptr);
}

TEST(EnergyTables, RefusesWrongTables) {
  const auto message = [](const std::string& text) {
    const auto read = parse_energy_table(text, "t.yaml");
    return read ? std::string("accepted") : to_text(read.error());
  };
  EXPECT_EQ(message("schema: 1\nname: t\nsource: s\nunit: pj\n"),
            "t.yaml: a table in pj needs node_nm (unit: normalised has no node)\n");
  EXPECT_EQ(message("schema: 1\nname: t\nsource: s\nunit: pj\nnode_nm: 45\n"
                    "memories:\n  a: {access_bits: 0, read_energy_pj: 1, write_energy_pj: 1}\n"),
            "t.yaml:7: memories.a.access_bits: must be >= 1, got 0\n");
}

}  // namespace
}  // namespace hwflow::chip
