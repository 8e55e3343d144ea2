#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

std::string refusal(const std::string& json) {
  const auto value = parse_json(json, "f.json");
  return value ? "accepted" : to_text(value.error());
}

TEST(JsonReader, KeepsPlacesOfEveryKindOfToken) {
  const auto value =
      parse_json("{\"a\": 5,\n \"b\\n\": [1.5,\n  true\n], \"c\": {\"d\": \"x\"}}", "");
  ASSERT_TRUE(value) << to_text(value.error());
  EXPECT_EQ(value->find("a")->mark(), (Mark{1, 7}));
  EXPECT_EQ(value->find("b\n")->mark(), (Mark{2, 9}));
  EXPECT_EQ(value->find("b\n")->as_list()->at(0).mark(), (Mark{2, 10}));
  EXPECT_EQ(value->find("b\n")->as_list()->at(1).mark(), (Mark{3, 3}));
  EXPECT_EQ(value->find("c")->find("d")->mark(), (Mark{4, 15}));
  EXPECT_EQ(*value->find("a")->as_int(), 5);
}

TEST(JsonReader, ReadsWideIntegersExactly) {
  EXPECT_EQ(*parse_json("9223372036854775807", "")->as_int(), 9223372036854775807);
  EXPECT_EQ(*parse_json("-9223372036854775808", "")->as_int(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*parse_json("9223372036854775808", "")->as_double(), 9223372036854775808.0);
}

TEST(JsonReader, RefusesBrokenTextWithItsPlace) {
  EXPECT_THAT(refusal("{\"a\": 1,\n \"b\": }"), testing::StartsWith("f.json:2:7: "));
  EXPECT_EQ(refusal("{\"a\": 1, \"a\": 2}"), "f.json:1:10: key 'a' appears twice\n");
  EXPECT_THAT(refusal(""), testing::StartsWith("f.json:1:1: "));
  EXPECT_THAT(refusal("\"\xff\""), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("1e999"), testing::StartsWith("f.json:1:"));
  EXPECT_THAT(refusal(std::string(100'000, '[')), testing::HasSubstr("deeper than 64 levels"));
}

TEST(JsonReader, ReadFileChoosesByExtensionAndNamesWhatItCannotOpen) {
  const auto folder = std::filesystem::path(testing::TempDir());
  std::ofstream(folder / "schema_read.json") << "{\"a\":\t1}";
  std::ofstream(folder / "schema_read.yaml") << "a: 1";
  EXPECT_EQ(*read_file(folder / "schema_read.json"), *read_file(folder / "schema_read.yaml"));
  EXPECT_EQ(read_file(folder).error().front().reason, "is a directory");
  const auto missing = read_file("no/such/file.yaml");
  EXPECT_EQ(to_text(missing.error()), "no/such/file.yaml: there is no such file\n");
}

TEST(JsonReader, RefusesFilesBeyondTheLimit) {
  const std::string large(kMostBytes + 1, ' ');
  EXPECT_EQ(refusal(large), "f.json: is larger than 16 MiB\n");
  EXPECT_EQ(to_text(parse_yaml(large, "f.yaml").error()), "f.yaml: is larger than 16 MiB\n");
}

}  // namespace
}  // namespace hwflow::schema
