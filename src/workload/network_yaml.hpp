#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "workload/network.hpp"

namespace hwflow {

/// A network file: `schema: 1`, `name`, and `nodes` in topological order, each with name, kind,
/// inputs (the node before it where left out) and the attributes of its kind.
/// Errors  every wrong or unknown key with its line; what Network::make refuses.
[[nodiscard]] Expected<Network> read_network_yaml(const std::filesystem::path& file);
[[nodiscard]] Expected<Network> network_from_yaml(const std::string& text,
                                                  const std::string& origin);

/// The text that network_from_yaml() reads back to an equal network.
[[nodiscard]] std::string to_yaml(const Network& network);

/// JSON Schema (draft 2020-12) of network files, without their key `schema`.
[[nodiscard]] std::string network_json_schema();
/// Type, range, default and meaning of a dotted key. Errors  unknown key, with the nearest known.
[[nodiscard]] Expected<std::string> explain_network_key(std::string_view key);
/// docs/formats/network.md: rules, an annotated example, and every key from the field tables.
[[nodiscard]] std::string network_manual();

}  // namespace hwflow
