#include "schema/manual.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/schema.hpp"
#include "tests/schema/chip_options.hpp"

namespace hwflow::schema {
namespace {

using schema_test::Chip;

TEST(Manual, ListsEveryKeyOnce) {
  // Read off the fields() tables by hand.
  EXPECT_THAT(list_keys<Chip>(),
              testing::ElementsAre(
                  "name", "clock_mhz", "seed", "stages", "levels", "levels[].name",
                  "levels[].capacity_bits", "levels[].double_buffered", "levels[].fanout",
                  "levels[].fanout.x", "levels[].fanout.y", "engine", "engine.mac_energy_pj",
                  "engine.kind", "engine.width_bits (kind: bit_parallel)",
                  "engine.supported_bits (kind: vectorised)", "engine.fusion (kind: vectorised)",
                  "energies_pj", "fusions", "mesh", "mesh.x", "mesh.y"));
}

TEST(Manual, ExplainsAKeyHoweverItsIndexIsWritten) {
  const std::string expected =
      "levels[].capacity_bits\n"
      "  Its room.\n"
      "  type:    integer >= 1, or null\n"
      "  default: null\n";
  for (const char* key :
       {"levels[].capacity_bits", "levels[3].capacity_bits", "levels.capacity_bits"}) {
    EXPECT_EQ(*explain<Chip>(key), expected);
  }
}

TEST(Manual, ExplainsAnObjectWithItsKeys) {
  EXPECT_EQ(*explain<Chip>("levels[].fanout"),
            "levels[].fanout\n"
            "  Instances of the next level.\n"
            "  type:    object\n"
            "  default: see its keys\n"
            "  keys:\n"
            "    levels[].fanout.x\n"
            "    levels[].fanout.y\n");
}

TEST(Manual, ExplainsTypesAndDefaults) {
  EXPECT_THAT(*explain<Chip>("clock_mhz"), testing::HasSubstr("number >= 1 and <= 5000"));
  EXPECT_THAT(*explain<Chip>("stages"), testing::HasSubstr("integer from 0 to 255"));
  EXPECT_THAT(*explain<Chip>("engine.supported_bits"),
              testing::AllOf(testing::HasSubstr("list of (integer from 1 to 64)"),
                             testing::HasSubstr("default: [ 2, 4, 8 ]")));
  EXPECT_THAT(*explain<Chip>("engine.kind"),
              testing::AllOf(testing::HasSubstr("one of bit_parallel, vectorised"),
                             testing::HasSubstr("default: required")));
}

TEST(Manual, RefusesUnknownKeysWithTheNearest) {
  EXPECT_EQ(to_text(explain<Chip>("engine.width").error()),
            "engine.width: unknown key (did you mean 'engine.width_bits'?)\n");
}

TEST(Manual, TableHasOneRowPerKeyAndEscapesBars) {
  const std::string table = markdown_table<Chip>();
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2 + 22);  // head, rule, 22 keys
  EXPECT_THAT(table, testing::HasSubstr("| `mesh` | object, or null | null | Mesh, if any \\| "
                                        "none. |\n"));
  EXPECT_THAT(table, testing::HasSubstr("| `levels[].name` | string | required | Name of the "
                                        "level. |\n"));
}

}  // namespace
}  // namespace hwflow::schema
