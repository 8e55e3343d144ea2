#include "train/nn/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#include "tests/train/nn/temporary_folder.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

/// The bytes of a file: 8 bytes of header length (little-endian), header, data.
std::string file_bytes(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
  return length + header + data;
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

using Bytes = std::vector<unsigned char>;
std::string text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

struct DtypeCase {
  const char* dtype;
  Bytes data;
  std::vector<float> values;
};

TEST(Safetensors, ConvertsEveryDtype) {
  const float inf = std::numeric_limits<float>::infinity();
  // IEEE 754 by hand: half has 5 exponent bits (bias 15) and 10 mantissa bits, bfloat16 is the
  // upper half of a float.
  const std::vector<DtypeCase> cases{
      {"F32", {0x00, 0x00, 0xC0, 0x3F, 0x00, 0x00, 0x20, 0xC1}, {1.5F, -10.0F}},
      {"F64", {0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0x00, 0xC0}, {1.5F, -2.0F}},
      {"F16", {0x00, 0x3C, 0x00, 0xC0}, {1.0F, -2.0F}},
      {"F16", {0x01, 0x00, 0x00, 0x7C}, {0x1.0p-24F, inf}},        // least subnormal, infinity
      {"F16", {0xFF, 0x83, 0xFF, 0x7B}, {-0x3FFp-24F, 65504.0F}},  // -largest subnormal, largest
      {"BF16", {0xC0, 0x3F, 0x80, 0xC2}, {1.5F, -64.0F}},
      {"I64", {5, 0, 0, 0, 0, 0, 0, 0, 0xFE, 255, 255, 255, 255, 255, 255, 255}, {5.0F, -2.0F}},
      {"I32", {0, 1, 0, 0, 0xFF, 255, 255, 255}, {256.0F, -1.0F}},
      {"I16", {0, 1, 0xFF, 0xFF}, {256.0F, -1.0F}},
      {"I8", {0x7F, 0x80}, {127.0F, -128.0F}},
      {"U8", {0x7F, 0x80}, {127.0F, 128.0F}},
      {"BOOL", {0, 1}, {0.0F, 1.0F}}};
  const TemporaryFolder folder;
  for (const DtypeCase& c : cases) {
    const std::string size = std::to_string(c.data.size());
    const auto file = folder.write(
        "x", file_bytes("{" + entry("t", c.dtype, "[2]", "[0," + size + "]") + "}", text(c.data)));
    const auto read = read_safetensors(file);
    ASSERT_TRUE(read) << c.dtype << ": " << to_text(read.error());
    EXPECT_EQ(read->tensors.at("t").values, c.values) << c.dtype;
  }
}

TEST(Safetensors, ReadsMetadataAndScalarsAndEmptyTensors) {
  const TemporaryFolder folder;
  const std::string header = R"({"__metadata__":{"k":"v"},)" +
                             entry("scalar", "U8", "[]", "[0,1]") + "," +
                             entry("empty", "F32", "[0,3]", "[1,1]") + "}";
  const auto read = read_safetensors(folder.write("x", file_bytes(header, text({7}))));
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->metadata.at("k"), "v");
  EXPECT_EQ(read->tensors.at("scalar"), (FloatTensor{{}, {7.0F}}));
  EXPECT_EQ(read->tensors.at("empty"), (FloatTensor{{0, 3}, {}}));
}

TEST(Safetensors, WhatIsWrittenIsReadBack) {
  Safetensors content;
  content.metadata = {{"command", "say \"hi\"\n"}, {"accents", "\xC3\xA9"}};
  content.tensors["b.weight"] = {{2, 3}, {1.0F, -0.0F, 1e-45F, 3.4e38F, 0.1F, -7.0F}};
  content.tensors["a"] = {{}, {42.0F}};
  content.tensors["none"] = {{0}, {}};
  const TemporaryFolder folder;
  const auto file = folder.path() / "out.safetensors";
  write_safetensors(file, content);
  const auto read = read_safetensors(file);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->tensors, content.tensors);
  EXPECT_TRUE(std::signbit(read->tensors.at("b.weight").values[1]));
  EXPECT_EQ(read->metadata, content.metadata);
  // Nothing but the file itself is left, and its data are aligned to 8 bytes as the format asks.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ((std::filesystem::file_size(file) - 7 * sizeof(float)) % 8, 0U);
}

TEST(Safetensors, AFailedWriteThrowsAndLeavesTheOldFile) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_safetensors(folder.path() / "absent" / "x", {}), std::system_error);
  const auto old = folder.write("old", "old content");
  std::filesystem::create_directory(folder.path() / "old.d");
  EXPECT_THROW(write_safetensors(folder.path() / "old.d", {}), std::system_error);
  EXPECT_EQ(std::filesystem::file_size(old), 11U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
}

struct WrongFile {
  const char* what;
  std::string bytes;
  const char* reason;
};

std::vector<WrongFile> wrong_files() {
  const std::string good = entry("t", "F32", "[1]", "[0,4]");
  const std::string data(4, '\0');
  return {
      {"empty file", "", "header length alone takes 8"},
      {"seven bytes", std::string(7, 'x'), "header length alone takes 8"},
      {"header longer than file", std::string(8, '\x10'), "goes beyond"},
      {"header length of 2^64 - 1", std::string(8, '\xFF') + "{}", "goes beyond"},
      {"header is cut", file_bytes("{" + good + "}", data).substr(0, 30), "goes beyond"},
      {"not JSON", file_bytes("{oops", ""), "is not JSON"},
      {"an array", file_bytes("[1]", ""), "not a JSON object"},
      {"deep nesting", file_bytes(std::string(100'000, '['), ""), "is not JSON"},
      {"invalid UTF-8", file_bytes("{\"\xFF\":1}", ""), "is not JSON"},
      {"tensor is a number", file_bytes(R"({"t":3})", ""), "not described by an object"},
      {"name twice", file_bytes("{" + good + "," + good + "}", data), "in the header twice"},
      {"no dtype", file_bytes(R"({"t":{"shape":[1],"data_offsets":[0,4]}})", data), "has no dtype"},
      {"unknown dtype", file_bytes("{" + entry("t", "F8_E4M3", "[4]", "[0,4]") + "}", data),
       "not one that we read"},
      {"negative size", file_bytes("{" + entry("t", "F32", "[-1]", "[0,4]") + "}", data),
       "whole numbers >= 0"},
      {"fractional size", file_bytes("{" + entry("t", "F32", "[1.5]", "[0,4]") + "}", data),
       "whole numbers >= 0"},
      {"one offset", file_bytes("{" + entry("t", "F32", "[1]", "[0]") + "}", data),
       "pair of whole numbers"},
      {"negative offset", file_bytes("{" + entry("t", "F32", "[1]", "[-4,0]") + "}", data),
       "pair of whole numbers"},
      {"offsets backwards", file_bytes("{" + entry("t", "F32", "[1]", "[4,0]") + "}", data),
       "leave the 4 bytes"},
      {"offsets beyond", file_bytes("{" + entry("t", "F32", "[2]", "[0,8]") + "}", data),
       "leave the 4 bytes"},
      {"size contradicts shape", file_bytes("{" + entry("t", "F32", "[2]", "[0,4]") + "}", data),
       "contradict"},
      {"product overflows",
       file_bytes("{" + entry("t", "F32", "[4294967296,4294967296]", "[0,4]") + "}", data),
       "contradict"},
      {"overlap", file_bytes("{" + good + "," + entry("u", "F32", "[1]", "[0,4]") + "}", data),
       "inside another tensor"},
      {"hole",
       file_bytes("{" + good + "," + entry("u", "U8", "[1]", "[5,6]") + "}", std::string(6, '\0')),
       "leaves a hole"},
      {"bytes left over", file_bytes("{" + good + "}", data + "x"), "1 bytes after"},
      {"metadata is a list", file_bytes(R"({"__metadata__":[]})", ""), "is not an object"},
      {"metadata value is a number", file_bytes(R"({"__metadata__":{"a":1}})", ""),
       "is not a string"},
  };
}

TEST(Safetensors, RefusesWrongFilesByName) {
  const TemporaryFolder folder;
  for (const WrongFile& wrong : wrong_files()) {
    const auto read = read_safetensors(folder.write("wrong.safetensors", wrong.bytes));
    ASSERT_FALSE(read) << wrong.what;
    EXPECT_THAT(read.error().at(0).reason, HasSubstr(wrong.reason)) << wrong.what;
    EXPECT_THAT(read.error().at(0).place, HasSubstr("wrong.safetensors")) << wrong.what;
  }
}

TEST(Safetensors, TellsAllProblemsAtOnce) {
  const TemporaryFolder folder;
  const std::string header = "{" + entry("a", "F99", "[1]", "[0,4]") + "," +
                             entry("b", "F32", "[-1]", "[0,4]") + "," +
                             entry("c", "F32", "[1]", "[0,400]") + "}";
  const auto read = read_safetensors(folder.write("x", file_bytes(header, std::string(4, '\0'))));
  ASSERT_FALSE(read);
  ASSERT_EQ(read.error().size(), 3U);
  EXPECT_THAT(read.error()[0].place, HasSubstr("'a'"));
  EXPECT_THAT(read.error()[1].place, HasSubstr("'b'"));
  EXPECT_THAT(read.error()[2].place, HasSubstr("'c'"));
}

TEST(Safetensors, EveryTruncationOfAGoodFileIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "good";
  write_safetensors(file, {{{"t", {{2}, {1.0F, 2.0F}}}}, {{"k", "v"}}});
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(read_safetensors(folder.write("cut", bytes.substr(0, length)))) << length;
  }
  EXPECT_FALSE(read_safetensors(folder.path() / "absent"));
}

}  // namespace
}  // namespace hwflow::train
