#include "schema/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

namespace hwflow::schema {
namespace {

template <class... Words>
bool is_any(std::string_view text, Words... words) {
  return ((text == words) || ...);
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> integer(std::string_view digits, int base) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || stop != end || digits.empty()) return std::nullopt;
  return value;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (!exponent.empty() && (exponent[0] == '-' || exponent[0] == '+')) exponent.remove_prefix(1);
    if (!all_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text);
  const std::string_view whole = text.substr(0, dot), fraction = text.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction);
  return all_digits(whole) && (fraction.empty() || all_digits(fraction));
}

Value number(std::string_view text) {
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Beyond the range of a double: infinity, which no field takes, rather than a text.
  if (error == std::errc::result_out_of_range)
    return Value(std::numeric_limits<double>::infinity());
  return Value(value);
}

}  // namespace

Value resolve_plain_scalar(std::string_view text) {
  if (is_any(text, "", "~", "null", "Null", "NULL")) return Value{};
  if (is_any(text, "true", "True", "TRUE")) return Value(true);
  if (is_any(text, "false", "False", "FALSE")) return Value(false);
  if (is_any(text, ".nan", ".NaN", ".NAN")) return Value(std::numeric_limits<double>::quiet_NaN());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_any(text, ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")) return Value(kInfinity);
  if (is_any(text, "-.inf", "-.Inf", "-.INF")) return Value(-kInfinity);
  if (text.starts_with("0x")) {
    const auto value = text.substr(2).starts_with('-') ? std::nullopt : integer(text.substr(2), 16);
    return value ? Value(*value) : Value(text);
  }
  if (text.starts_with("0o")) {
    const auto value = text.substr(2).starts_with('-') ? std::nullopt : integer(text.substr(2), 8);
    return value ? Value(*value) : Value(text);
  }
  if (!looks_like_number(text)) return Value(text);
  if (text.find_first_of(".eE") == std::string_view::npos) {
    if (const auto value = integer(text[0] == '+' ? text.substr(1) : text, 10)) {
      return Value(*value);
    }
  }
  return number(text);
}

}  // namespace hwflow::schema
