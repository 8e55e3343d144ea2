#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "schema/value.hpp"

namespace hwflow::schema {

enum class Kind : std::uint8_t {
  boolean,
  integer,
  number,
  string,
  enumeration,
  list,    ///< elements of one type
  map,     ///< free keys, values of one type
  object,  ///< known keys
};

struct Property;
struct Alternative;

/// What values an option takes: the fields() tables of structs, turned into data.
struct Type {
  Kind kind = Kind::object;
  bool nullable = false;                                            ///< null means "none"
  std::int64_t int_min = std::numeric_limits<std::int64_t>::min();  ///< integer
  std::int64_t int_max = std::numeric_limits<std::int64_t>::max();
  std::optional<double> min, max;  ///< number
  bool min_excluded = false;
  bool distinct = false;             ///< list whose elements differ
  std::vector<std::string> names;    ///< enumeration
  std::vector<Type> element;         ///< exactly one for list and map
  std::vector<Property> properties;  ///< object
  /// Object that is one of several: key that selects, and what each choice adds to `properties`.
  std::string selector_key;
  std::vector<Alternative> alternatives;
};

/// One key of an object.
struct Property {
  std::string key;
  Type type;
  bool required = false;
  Value default_value;  ///< null when required
  std::string sentence;
};

/// One choice of an object with a selector key.
struct Alternative {
  std::string name;
  std::vector<Property> properties;
};

/// "integer >= 1", "one of a, b", "list of strings", "map of numbers", "object".
[[nodiscard]] std::string describe_type(const Type& type);

/// Everything about `value` that `type` does not allow.
/// origin   name of the file or text, for places: "arch.yaml:12: levels[1].capacity_bits".
/// Errors   unknown and missing keys, wrong types, out of range; at most kMostProblems of them.
[[nodiscard]] Diagnostics check_value(const Value& value, const Type& type,
                                      std::string_view origin);
inline constexpr std::size_t kMostProblems = 100;

/// "origin:line: path", leaving out what is empty; "--set: path" for settings.
[[nodiscard]] std::string place_of(std::string_view origin, const Mark& mark,
                                   std::string_view path);

}  // namespace hwflow::schema
