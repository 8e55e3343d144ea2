#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapping/mapping.hpp"
#include "schema/value.hpp"

namespace hwflow::chip {

/// A mapping and the name of the layer it is for.
struct LayerMapping {
  std::string layer;
  Mapping mapping;
  bool operator==(const LayerMapping&) const = default;
};

/// Mappings of the layers of a network, as YAML that parse_mappings() reads back:
///     schema: 1
///     accelerator: eyeriss
///     layers:
///       - {name: conv1, mapping: "DRAM: k4 p2 | GLB: c8 ; x q14 | ..."}
[[nodiscard]] std::string mappings_to_yaml(const std::vector<LayerMapping>& mappings,
                                           const Accelerator& accelerator);

/// Reads YAML or JSON of that form. Keys beside these are passed over, so that a result of
/// `hwflow map --json`, which has them among others, is a file of mappings too; `schema` and
/// `accelerator` may be missing but must not contradict.
/// Errors  all at once: no `layers`, a layer without a name or mapping, given twice, a mapping that
///         mapping_from_text() refuses, another accelerator, each with its line.
[[nodiscard]] Expected<std::vector<LayerMapping>> parse_mappings(std::string_view text,
                                                                 std::string_view origin,
                                                                 const Accelerator& accelerator);
/// The same of a document that is read already.
[[nodiscard]] Expected<std::vector<LayerMapping>> mappings_from_value(
    const schema::Value& document, std::string_view origin, const Accelerator& accelerator);
/// Errors  as above; a file that cannot be read.
[[nodiscard]] Expected<std::vector<LayerMapping>> load_mappings(const std::filesystem::path& file,
                                                                const Accelerator& accelerator);

/// JSON Schema (draft 2020-12) of mapping files as mappings_to_yaml() writes them, without their
/// key `schema`.
[[nodiscard]] std::string mapping_json_schema();
/// Type and meaning of a dotted key. Errors  unknown key, with the nearest known one.
[[nodiscard]] Expected<std::string> explain_mapping_key(std::string_view key);

}  // namespace hwflow::chip
