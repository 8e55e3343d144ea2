#include "schema/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
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

/// What a path says beyond a key that it lies in: nothing for the key itself, "[1]: two" for
/// "a.b[1]: two" in "a.b". None when it does not lie there.
std::optional<std::string_view> beyond(std::string_view path, std::string_view key) {
  if (!path.starts_with(key)) return std::nullopt;
  const std::string_view rest = path.substr(key.size());
  const bool whole = rest.empty() || rest[0] == '.' || rest[0] == '[' || rest[0] == ':';
  return whole ? std::optional(rest) : std::nullopt;
}

/// The place of a problem at `path` when this setting is to blame for it.
std::optional<std::string> place_at(std::string_view setting, std::string_view path) {
  const std::string place = fmt::format("--set {}", printable(setting));
  const std::string_view key = setting.substr(0, setting.find('='));
  const std::string_view value = setting.substr(std::min(key.size() + 1, setting.size()));
  if (const auto rest = beyond(path, key)) {
    if (rest->empty()) return place;
    if (rest->starts_with(": ")) {
      const std::string_view named = rest->substr(2);  // what the value means
      return named == value ? place : fmt::format("{}: {}", place, named);
    }
    return fmt::format("{}: {}", place, path);
  }
  // One of the parts of what is wrong was set.
  if (beyond(key, path)) return fmt::format("{}: {}", place, path);
  return std::nullopt;
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

void place_at_settings(Diagnostics& problems, std::span<const std::string> settings,
                       std::string_view origin) {
  const std::string in_document = fmt::format("{}: ", origin);
  constexpr std::string_view kInSetting = "--set: ";
  for (Diagnostic& problem : problems) {
    std::string_view path = problem.place;
    if (path.starts_with(kInSetting)) {
      path.remove_prefix(kInSetting.size());
    } else if (path.starts_with(in_document)) {
      path.remove_prefix(in_document.size());
    } else {
      continue;
    }
    for (std::size_t i = settings.size(); i-- > 0;) {
      if (auto place = place_at(settings[i], path)) {
        problem.place = std::move(*place);
        break;
      }
    }
  }
}

}  // namespace hwflow::schema
