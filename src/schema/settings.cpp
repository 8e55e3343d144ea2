#include "schema/settings.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "schema/printable.hpp"
#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

Diagnostics refuse(std::string_view setting, std::string reason, std::string hint = {}) {
  return {{fmt::format("--set {}", printable(setting)), std::move(reason), std::move(hint)}};
}

std::string text_of(const std::vector<PathStep>& path, std::size_t steps) {
  std::string text;
  for (std::size_t i = 0; i < steps; ++i) {
    if (path[i].index) {
      text += fmt::format("[{}]", *path[i].index);
    } else {
      text += (text.empty() ? "" : ".") + path[i].key;
    }
  }
  return printable(text);
}

/// The next value along a path, made if it may be; else why not.
Expected<Value*, std::string> advance(Value& value, const std::vector<PathStep>& path,
                                      std::size_t step) {
  const PathStep& to = path[step];
  const std::string here = step == 0 ? "the document" : text_of(path, step);
  if (!to.index) {
    if (!value.is_null() && value.as_map() == nullptr) {
      return Unexpected{fmt::format("{} is {}, not a map", here, value.type_name())};
    }
    if (Value* found = value.find(to.key)) return found;
    value.set(to.key, Value{});
    value.as_map()->back().key_mark = {kFromSetting, 0};
    if (value.mark().line == 0) value.set_mark({kFromSetting, 0});
    return value.find(to.key);
  }
  auto* elements = value.as_list();
  if (elements == nullptr) {
    return Unexpected{fmt::format("{} is {}, not a list", here, value.type_name())};
  }
  if (*to.index >= elements->size()) {
    return Unexpected{
        fmt::format("{} has {} elements, so there is no [{}]", here, elements->size(), *to.index)};
  }
  return &(*elements)[*to.index];
}

bool is_key_character(char c) { return c != '.' && c != '[' && c != ']' && c != '='; }

}  // namespace

std::optional<std::vector<PathStep>> parse_path(std::string_view path) {
  std::vector<PathStep> steps;
  std::size_t at = 0;
  while (at < path.size()) {
    if (path[at] == '[' && !steps.empty()) {
      const std::size_t close = path.find(']', at);
      if (close == std::string_view::npos) return std::nullopt;
      const std::string_view digits = path.substr(at + 1, close - at - 1);
      std::size_t index = 0;
      const char* end = digits.data() + digits.size();
      const auto [stop, error] = std::from_chars(digits.data(), end, index);
      if (!digits.empty() && (error != std::errc{} || stop != end)) return std::nullopt;
      steps.push_back({{}, index});
      at = close + 1;
      continue;
    }
    if (!steps.empty() && path[at++] != '.') return std::nullopt;
    const std::size_t start = at;
    while (at < path.size() && is_key_character(path[at])) ++at;
    if (at == start) return std::nullopt;
    steps.push_back({std::string(path.substr(start, at - start)), std::nullopt});
  }
  if (steps.empty()) return std::nullopt;
  return steps;
}

Diagnostics apply_setting(Value& document, std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    return refuse(setting, "has no '='", "write key=value, as in search.generations=20");
  }
  const auto path = parse_path(setting.substr(0, equals));
  if (!path || setting.substr(0, equals).find("[]") != std::string_view::npos) {
    return refuse(setting, "the key is no path", "write it as in levels[0].capacity_bits");
  }
  auto value = parse_yaml(std::string(setting.substr(equals + 1)) + '\n', "value");
  if (!value) return refuse(setting, "the value is no YAML: " + value.error().front().reason);

  Value changed = document;
  Value* at = &changed;
  for (std::size_t step = 0; step < path->size(); ++step) {
    auto next = advance(*at, *path, step);
    if (!next) return refuse(setting, next.error());
    at = *next;
  }
  *at = std::move(*value);
  at->mark_all({kFromSetting, 0});
  document = std::move(changed);
  return {};
}

}  // namespace hwflow::schema
