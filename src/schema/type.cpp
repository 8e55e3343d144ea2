#include "schema/type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "schema/bind.hpp"
#include "schema/printable.hpp"

namespace hwflow::schema {
namespace {

std::string integer_range(const Type& type) {
  const bool has_min = type.int_min != std::numeric_limits<std::int64_t>::min();
  const bool has_max = type.int_max != std::numeric_limits<std::int64_t>::max();
  if (has_min && has_max) return fmt::format("integer from {} to {}", type.int_min, type.int_max);
  if (has_min) return fmt::format("integer >= {}", type.int_min);
  if (has_max) return fmt::format("integer <= {}", type.int_max);
  return "integer";
}

std::string number_range(const Type& type) {
  const std::string least =
      type.min ? fmt::format("{} {}", type.min_excluded ? ">" : ">=", *type.min) : std::string{};
  const std::string most = type.max ? fmt::format("<= {}", *type.max) : std::string{};
  if (!least.empty() && !most.empty()) return fmt::format("number {} and {}", least, most);
  if (least.empty() && most.empty()) return "number";
  return fmt::format("number {}{}", least, most);
}

std::string plain_type(const Type& type) {
  switch (type.kind) {
    case Kind::boolean: return "true or false";
    case Kind::integer: return integer_range(type);
    case Kind::number: return number_range(type);
    case Kind::string: return "string";
    case Kind::enumeration: return fmt::format("one of {}", fmt::join(type.names, ", "));
    case Kind::list: return fmt::format("list of ({})", describe_type(type.element.front()));
    case Kind::map: return fmt::format("map of ({})", describe_type(type.element.front()));
    case Kind::object: return "object";
  }
  return {};
}

}  // namespace

std::string describe_type(const Type& type) {
  return type.nullable ? plain_type(type) + ", or null" : plain_type(type);
}

Type scalar_type(Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

std::int64_t integer_of(const Value& value) {
  if (const auto* integer = value.as_int()) return *integer;
  return static_cast<std::int64_t>(*value.as_double());
}

double number_of(const Value& value) {
  if (const auto* integer = value.as_int()) return static_cast<double>(*integer);
  return *value.as_double();
}

void apply_range(Type& type, const Range& range) {
  if (!range.min && !range.max) return;
  if (type.kind == Kind::integer) {
    HWFLOW_CHECK(!range.min_excluded, "an integer's lower limit is written with at_least()");
    if (range.min) type.int_min = static_cast<std::int64_t>(std::ceil(*range.min));
    if (range.max) type.int_max = static_cast<std::int64_t>(std::floor(*range.max));
  } else if (type.kind == Kind::number) {
    type.min = range.min;
    type.max = range.max;
    type.min_excluded = range.min_excluded;
  } else {
    HWFLOW_CHECK(type.kind == Kind::list || type.kind == Kind::map,
                 "a range belongs to a number, or to a list or map of numbers");
    apply_range(type.element.front(), range);
  }
}

void inline_into(Type& outer, const Type& inner) {
  HWFLOW_CHECK(inner.kind == Kind::object, "only structs and variants can be inlined");
  HWFLOW_CHECK(outer.alternatives.empty() || inner.alternatives.empty(),
               "two variants inlined into one struct would share a selector key");
  outer.properties.insert(outer.properties.end(), inner.properties.begin(), inner.properties.end());
  if (!inner.alternatives.empty()) {
    outer.selector_key = inner.selector_key;
    outer.alternatives = inner.alternatives;
  }
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMostBytes = 80;
  std::size_t length = std::min(text.size(), kMostBytes);
  const auto continues = [&] { return (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80; };
  while (length > 0 && length < text.size() && continues()) --length;  // whole UTF-8 characters
  std::string shown;
  for (const char c : text.substr(0, length)) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return length < text.size() ? shown + "..." : shown;
}

std::string key_hint(const std::string& word, const std::vector<std::string>& candidates) {
  for (const std::string& candidate : candidates) {
    if (word.size() >= 3 && candidate.starts_with(word) && candidate != word) {
      return fmt::format("did you mean '{}'?", candidate);
    }
  }
  return nearest_name_hint(word, candidates);
}

std::string place_of(std::string_view origin, const Mark& mark, std::string_view path) {
  std::string place;
  if (mark.line == kFromSetting) {
    place = "--set";
  } else if (!origin.empty() && mark.line > 0) {
    place = fmt::format("{}:{}", origin, mark.line);
  } else {
    place = origin;
  }
  if (place.empty()) return std::string(path);
  return path.empty() ? place : fmt::format("{}: {}", place, path);
}

}  // namespace hwflow::schema
