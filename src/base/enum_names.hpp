#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hwflow {

/// Of enums with a table `enum_names(Enum)` of (name, value) in their own namespace.
template <class Enum>
[[nodiscard]] constexpr std::string_view enum_name(Enum value) {
  for (const auto& [name, each] : enum_names(value))
    if (each == value) return name;
  return {};
}

/// None: no value has that name.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> enum_value(std::string_view wanted) {
  for (const auto& [name, each] : enum_names(Enum{}))
    if (name == wanted) return each;
  return std::nullopt;
}

}  // namespace hwflow
