#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "schema/schema.hpp"
#include "tests/schema/chip_options.hpp"

namespace hwflow::schema {
namespace {

using schema_test::Chip;

const Value& at(const Value& value, std::initializer_list<const char*> path) {
  const Value* here = &value;
  for (const char* key : path) {
    here = here->find(key);
    HWFLOW_CHECK(here != nullptr, key);
  }
  return *here;
}

Value schema_of_chip() { return *parse_json(json_schema<Chip>("chip"), "schema"); }

TEST(JsonSchema, IsJsonAndNamesEveryKey) {
  const std::string text = json_schema<Chip>("chip");
  ASSERT_TRUE(parse_json(text, "schema"));
  for (const KeyInfo& row : flatten(describe<Chip>())) {
    const std::string key = row.path.substr(row.path.find_last_of('.') + 1);
    EXPECT_NE(text.find('"' + key + "\": {"), std::string::npos) << row.path;
  }
}

TEST(JsonSchema, SaysRangesRequiredAndClosed) {
  const Value schema = schema_of_chip();
  EXPECT_EQ(at(schema, {"$schema"}), Value("https://json-schema.org/draft/2020-12/schema"));
  EXPECT_EQ(at(schema, {"required"}), Value::list().append("levels"));
  EXPECT_EQ(at(schema, {"additionalProperties"}), Value(false));
  const Value& clock = at(schema, {"properties", "clock_mhz"});
  EXPECT_EQ(at(clock, {"minimum"}), Value(1.0));
  EXPECT_EQ(at(clock, {"maximum"}), Value(5000.0));
  EXPECT_EQ(at(clock, {"default"}), Value(200.0));
  EXPECT_EQ(at(clock, {"description"}), Value("Clock."));
  const Value& level = at(schema, {"properties", "levels", "items"});
  EXPECT_EQ(at(level, {"required"}), Value::list().append("name"));
  const Value& capacity = at(level, {"properties", "capacity_bits", "anyOf"});
  EXPECT_EQ(capacity.as_list()->at(0), Value::map().set("type", "integer").set("minimum", 1));
  EXPECT_EQ(capacity.as_list()->at(1), Value::map().set("type", "null"));
}

TEST(JsonSchema, OffersOneClosedObjectPerKind) {
  const Value schema = schema_of_chip();
  const auto& choices = *at(schema, {"properties", "engine", "oneOf"}).as_list();
  ASSERT_EQ(choices.size(), 2U);
  EXPECT_EQ(at(choices[0], {"properties", "kind", "const"}), Value("bit_parallel"));
  EXPECT_EQ(at(choices[1], {"properties", "kind", "const"}), Value("vectorised"));
  EXPECT_EQ(choices[0].find("properties")->find("fusion"), nullptr);
  EXPECT_EQ(at(choices[1], {"properties", "fusion", "enum"}),
            Value::list().append("lanes").append("spatial"));
  EXPECT_EQ(at(choices[0], {"properties", "mac_energy_pj", "exclusiveMinimum"}), Value(0.0));
  EXPECT_EQ(at(choices[0], {"required"}), Value::list().append("kind"));
}

}  // namespace
}  // namespace hwflow::schema
