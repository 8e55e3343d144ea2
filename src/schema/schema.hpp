#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "schema/bind.hpp"
#include "schema/field.hpp"
#include "schema/manual.hpp"
#include "schema/read.hpp"
#include "schema/settings.hpp"
#include "schema/write.hpp"

/// One declaration per option: from a fields() table come reading, checking, explaining and
/// showing. Everything here is for .cpp files; a header that declares options needs only
/// schema/field.hpp.
///
///     struct LevelOptions {
///       std::string name;
///       std::optional<std::int64_t> capacity_bits;
///       std::vector<Dim> dims;                       // enum with enum_names(Dim)
///       static constexpr auto fields() {
///         using T = LevelOptions;
///         using namespace schema;
///         return std::tuple{required("name", &T::name, "Name of the level."),
///                           field("capacity_bits", &T::capacity_bits, at_least(1), "Room."),
///                           field("dims", &T::dims, "Dimensions that may turn here.")};
///       }
///     };
///
///     Expected<Value> document = schema::read_file("level.yaml");
///     Diagnostics wrong = schema::apply_setting(*document, "capacity_bits=1024");
///     Expected<LevelOptions> level = schema::read_document<LevelOptions>(*document, "level.yaml");
///     std::string effective = schema::to_yaml(schema::to_value(*level));
///
/// Members may be bool, integers, floating point, std::string, enums, structs with fields(),
/// std::variant of such structs (selected by the key `kind`; see KindName), std::optional,
/// std::vector and std::map<std::string, ...> of all these, and what ShownAs maps to them.
/// `inlined(&T::engine)` puts the keys of a struct or variant among those of its owner.
namespace hwflow::schema {

/// A T from a tree; keys that are left out keep the defaults of T.
/// origin   name of the file or text, for places.
/// Errors   every problem at once: "arch.yaml:12: levels[1].capacity_bits: must be >= 1, got -8".
template <class T>
[[nodiscard]] Expected<T> read(const Value& value, std::string_view origin) {
  Diagnostics problems = check_value(value, describe<T>(), origin);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  T object{};
  assign(object, value);
  return object;
}

/// The number that every file carries in its key `schema`.
inline constexpr int kSchemaVersion = 1;

/// Takes the key `schema` out of a document. Errors  it is missing or not kSchemaVersion.
[[nodiscard]] Diagnostics take_version(Value& document, std::string_view origin);

/// As read(), for a whole file: `schema: 1` at its top is checked.
template <class T>
[[nodiscard]] Expected<T> read_document(Value document, std::string_view origin) {
  Diagnostics problems = take_version(document, origin);
  const Diagnostics others = check_value(document, describe<T>(), origin);
  problems.insert(problems.end(), others.begin(), others.end());
  if (!problems.empty()) return Unexpected{std::move(problems)};
  T object{};
  assign(object, document);
  return object;
}

/// to_value() with `schema: 1` before it: what read_document() reads back.
template <class T>
[[nodiscard]] Value to_document(const T& object) {
  Value document = Value::map();
  document.set("schema", kSchemaVersion);
  const Value keys = to_value(object);
  for (const auto& entry : *keys.as_map()) document.set(entry.key, entry.value);
  return document;
}

template <class T>
[[nodiscard]] std::string json_schema(std::string_view title) {
  return json_schema_text(describe<T>(), title);
}
template <class T>
[[nodiscard]] Expected<std::string> explain(std::string_view key) {
  return explain_key(describe<T>(), key);
}
template <class T>
[[nodiscard]] std::vector<std::string> list_keys() {
  return list_keys(describe<T>());
}
template <class T>
[[nodiscard]] std::string markdown_table() {
  return markdown_rows(describe<T>());
}

}  // namespace hwflow::schema
