#include "chip/mapping/mapping_file.hpp"

#include <fmt/format.h>

#include <map>

#include "schema/schema.hpp"

namespace hwflow::chip {
namespace {

using schema::Value;

/// A mapping file as it is written; the Reader takes results with more keys as well.
struct LayerText {
  std::string name, mapping;

  static constexpr auto fields() {
    using T = LayerText;
    return std::tuple{
        schema::required("name", &T::name, "Name of a layer of the network, once in the file."),
        schema::required("mapping", &T::mapping,
                         "Its loops from DRAM inward, \"DRAM: k4 p2 | GLB: c8 ; x q14 | ...\": a "
                         "level, its temporal loops from the outermost, after ; the loops across "
                         "the mesh below it.")};
  }
};

struct MappingText {
  std::string accelerator;
  std::vector<LayerText> layers;

  static constexpr auto fields() {
    using T = MappingText;
    return std::tuple{
        schema::field("accelerator", &T::accelerator,
                      "Name of the accelerator that the mappings are for; may be left out."),
        schema::required("layers", &T::layers, "Mappings, one for each layer.")};
  }
};

class Reader {
 public:
  Reader(std::string_view origin, const Accelerator& accelerator)
      : origin_(origin), accelerator_(accelerator) {}

  Expected<std::vector<LayerMapping>> read(const Value& document) {
    check_head(document);
    const Value* layers = document.find("layers");
    const Value::List* list = layers != nullptr ? layers->as_list() : nullptr;
    if (list == nullptr) {
      problem(layers != nullptr ? *layers : document, "layers", "must be a list of layers");
    } else {
      for (std::size_t i = 0; i < list->size(); ++i) {
        read_layer((*list)[i], fmt::format("layers[{}]", i));
      }
      tell_repeated();
    }
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    return std::move(mappings_);
  }

 private:
  void problem(const Value& at, const std::string& path, std::string reason,
               std::string hint = {}) {
    problems_.push_back(
        {schema::place_of(origin_, at.mark(), path), std::move(reason), std::move(hint)});
  }

  void check_head(const Value& document) {
    const Value* version = document.find("schema");
    if (version != nullptr && *version != Value(schema::kSchemaVersion)) {
      problem(*version, "schema", fmt::format("must be {}", schema::kSchemaVersion));
    }
    const Value* name = document.find("accelerator");
    if (name != nullptr && *name != Value(accelerator_.name())) {
      problem(*name, "accelerator",
              fmt::format("these mappings are not for '{}'", accelerator_.name()));
    }
  }

  /// The text under a key of a layer; null pointer with the reason told.
  const std::string* text(const Value& layer, const std::string& path, std::string_view key) {
    const Value* value = layer.find(key);
    const std::string* found = value != nullptr ? value->as_string() : nullptr;
    if (found == nullptr) {
      problem(value != nullptr ? *value : layer, fmt::format("{}.{}", path, key), "must be a text");
    }
    return found;
  }

  void read_layer(const Value& layer, const std::string& path) {
    const std::string* name = text(layer, path, "name");
    const std::string* line = text(layer, path, "mapping");
    if (name != nullptr) {
      const auto [first, is_new] = first_.emplace(*name, path);
      if (!is_new) {
        problem(layer, path + ".name",
                fmt::format("'{}' is also the name of {}", *name, first->second));
      }
    }
    if (line == nullptr) return;
    auto mapping = mapping_from_text(*line, accelerator_);
    if (!mapping) {
      // A mapping of another machine is wrong in the same way in every layer.
      for (const Diagnostic& d : mapping.error()) {
        const auto [told, is_new] =
            told_.emplace(d.place + ": " + d.reason, Told{problems_.size()});
        if (is_new) {
          problem(*layer.find("mapping"), fmt::format("{}.{}", path, d.place), d.reason, d.hint);
        } else {
          ++told->second.repeated;
        }
      }
    } else if (name != nullptr) {
      mappings_.push_back({*name, std::move(*mapping)});
    }
  }

  /// A problem of a mapping, and in how many other layers it is the same.
  struct Told {
    std::size_t problem = 0;
    std::size_t repeated = 0;
  };

  void tell_repeated() {
    for (const auto& [text, told] : told_) {
      if (told.repeated == 0) continue;
      problems_[told.problem].reason +=
          fmt::format(", as in {} more place{}", told.repeated, told.repeated == 1 ? "" : "s");
    }
  }

  std::string_view origin_;
  const Accelerator& accelerator_;
  std::map<std::string, std::string> first_;  ///< place of each layer name
  std::map<std::string, Told> told_;          ///< by place in the mapping and reason
  std::vector<LayerMapping> mappings_;
  Diagnostics problems_;
};

}  // namespace

std::string mappings_to_yaml(const std::vector<LayerMapping>& mappings,
                             const Accelerator& accelerator) {
  MappingText file{accelerator.name(), {}};
  for (const auto& [layer, mapping] : mappings) {
    file.layers.push_back({layer, to_text(mapping, accelerator)});
  }
  return schema::to_yaml(schema::to_document(file));
}

std::string mapping_json_schema() { return schema::json_schema<MappingText>("hwflow mapping"); }

Expected<std::string> explain_mapping_key(std::string_view key) {
  return schema::explain<MappingText>(key);
}

Expected<std::vector<LayerMapping>> parse_mappings(std::string_view text, std::string_view origin,
                                                   const Accelerator& accelerator) {
  const auto document = schema::parse_yaml(text, origin);
  if (!document) return Unexpected{document.error()};
  return Reader(origin, accelerator).read(*document);
}

Expected<std::vector<LayerMapping>> mappings_from_value(const schema::Value& document,
                                                        std::string_view origin,
                                                        const Accelerator& accelerator) {
  return Reader(origin, accelerator).read(document);
}

Expected<std::vector<LayerMapping>> load_mappings(const std::filesystem::path& file,
                                                  const Accelerator& accelerator) {
  const auto document = schema::read_file(file);
  if (!document) return Unexpected{document.error()};
  return Reader(file.string(), accelerator).read(*document);
}

}  // namespace hwflow::chip
