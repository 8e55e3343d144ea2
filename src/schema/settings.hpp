#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "schema/value.hpp"

namespace hwflow::schema {

/// Carries out one `--set` argument, "a.b[0].c=value", on a document; the value is YAML.
/// Maps on the way are created, list elements are not. Errors of type and range come from read().
/// Errors   (as a non-empty result) no '=', broken path, broken value, an index beyond the list,
///          a path through a scalar; the document is then unchanged.
[[nodiscard]] Diagnostics apply_setting(Value& document, std::string_view setting);

/// Problems with what a setting set are placed at the setting, "--set a.b=7", instead of at the key
/// of the document, "origin: a.b" or "--set: a.b"; of several settings of a key the last counts.
void place_at_settings(Diagnostics& problems, std::span<const std::string> settings,
                       std::string_view origin);

/// One step of a path: a key, or an index.
struct PathStep {
  std::string key;
  std::optional<std::size_t> index;
  bool operator==(const PathStep&) const = default;
};
/// "a.b[0].c" in steps; nothing when it is no path. `[]` is an index without a number.
[[nodiscard]] std::optional<std::vector<PathStep>> parse_path(std::string_view path);

}  // namespace hwflow::schema
