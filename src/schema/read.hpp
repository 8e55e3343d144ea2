#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "schema/value.hpp"

namespace hwflow::schema {

/// How much a text may hold; beyond it is refused, so that a hostile file costs little.
inline constexpr std::size_t kMostBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMostNodes = 1'000'000;  ///< after aliases are copied
inline constexpr int kMostDepth = 64;

/// One YAML 1.2 document (core schema: true/false, integers, floats, null; no yes/no).
/// Anchors and aliases are copied; tags other than the core ones, merge keys and several documents
/// are refused; a local tag of a map (!Component) is kept in Value::tag().
/// Errors   place "origin:line:column", reason; duplicate keys, broken syntax, the limits above.
[[nodiscard]] Expected<Value> parse_yaml(std::string_view text, std::string_view origin);

/// One JSON document (RFC 8259). Errors  as parse_yaml.
[[nodiscard]] Expected<Value> parse_json(std::string_view text, std::string_view origin);

/// A file: JSON when its name ends in .json, YAML otherwise.
/// Errors   as above; a file that cannot be read.
[[nodiscard]] Expected<Value> read_file(const std::filesystem::path& file);

/// The whole text of a file. Errors  cannot be read, more than kMostBytes.
[[nodiscard]] Expected<std::string> read_text(const std::filesystem::path& file);

}  // namespace hwflow::schema
