#include "chip/validation/validation_set.hpp"

#include <fmt/format.h>

#include <set>

#include "base/check.hpp"
#include "chip/cost/semantics.hpp"
#include "chip/validation/embedded_sets.hpp"
#include "schema/schema.hpp"

namespace hwflow::chip {
namespace {

constexpr std::string_view kRules = R"(# Validation sets

This page is generated from the tables that read the files; the test of `src/chip/validation` compares it.

A validation set is a YAML file with `schema: 1` at its top, or one of the built-ins of `validation/`:
published figures, and what our side of the comparison is computed from. `hwflow validate SET` prints
both, `docs/validation.md` says what the built-in sets measure.

`method` says how our side is computed and which quantities it knows:

- `row_stationary`: `active_pes`, `buffer_sum_kib`, `buffer_input_kib`, `glb_mb`, `dram_mb`, `dram_dense_mb`,
  `processing_ms`, `total_ms`, `model_ms`, `power_mw`; totals also `frames_per_second` and `dram_per_mac`.
  All are printed, whether published or not.
- `given_mapping`: `cycles`, `compute_cycles`, `energy_pj`, `macs`, `active_units`, `dram_words`, and
  `LEVEL.ROLE.COUNT`, words with COUNT one of reads, fills, updates, drains: `GLB.inputs.reads`.
- `least_traffic`, each for one image: `dram_kib`, `dram_cycles`, `mac_cycles`, `max_cycles`.
- `best_mapping`: `mac_energy`, `dram_energy`, `innermost_energy`, `energy_pj`, `cycles`.

)";

/// What the table of keys cannot say.
class Checks {
 public:
  Checks(const ValidationSet& set, const std::string& origin) : set_(set), origin_(origin) {}

  Diagnostics run() {
    const bool rows = set_.method == ValidationMethod::row_stationary;
    if (rows != set_.chip.has_value())
      add("chip", rows ? "is missing: method row_stationary needs it"
                       : "is only for method row_stationary");
    if (set_.max_evaluations && set_.method != ValidationMethod::best_mapping)
      add("max_evaluations", "is only for method best_mapping");
    if (set_.layers.empty()) add("layers", "is empty");
    if (const auto semantics = semantics_from_name(set_.semantics); !semantics)
      add("semantics", semantics.error().front().reason, semantics.error().front().hint);
    for (std::size_t i = 0; i < set_.layers.size(); ++i)
      check_layer(set_.layers[i], fmt::format("layers[{}]", i));
    for (std::size_t i = 0; i < set_.distances.size(); ++i) {
      const RatioBounds& bounds = set_.distances[i];
      const std::string place = fmt::format("distances[{}]", i);
      if (bounds.least > bounds.most) add(place, "least is more than most");
      if (bounds.layer && *bounds.layer != "total" && !names_.contains(*bounds.layer))
        add(place + ".layer", fmt::format("no layer is named '{}'", *bounds.layer));
    }
    return std::move(problems_);
  }

 private:
  void add(const std::string& key, std::string reason, std::string hint = {}) {
    problems_.push_back({fmt::format("{}: {}", origin_, key), std::move(reason), std::move(hint)});
  }

  void check_layer(const ValidationLayer& layer, const std::string& place) {
    if (!names_.insert(layer.name).second)
      add(place + ".name", fmt::format("'{}' is the name of an earlier layer", layer.name));
    const bool given = set_.method == ValidationMethod::given_mapping;
    if (given != layer.loops.has_value())
      add(place + ".loops",
          given ? "is missing: method given_mapping needs it" : "is only for method given_mapping");
    if (layer.rows && set_.method != ValidationMethod::row_stationary)
      add(place + ".rows", "is only for method row_stationary");
    const auto op = make_convolution(shape_of(layer, set_));
    if (op) return;
    for (const Diagnostic& d : op.error())
      add(fmt::format("{}: {}", place, d.place), d.reason, d.hint);
  }

  const ValidationSet& set_;
  const std::string& origin_;
  std::set<std::string> names_;
  Diagnostics problems_;
};

}  // namespace

ConvShape shape_of(const ValidationLayer& layer, const ValidationSet& set) {
  ConvShape shape;
  shape.n = layer.batch.value_or(set.batch);
  shape.in_channels = layer.in_channels;
  shape.out_channels = layer.out_channels;
  shape.groups = layer.groups;
  shape.in_height = shape.in_width = layer.size;
  shape.kernel_height = shape.kernel_width = layer.kernel;
  shape.stride_height = shape.stride_width = layer.stride;
  shape.pad_top = shape.pad_left = layer.pad;
  shape.pad_bottom = shape.pad_right = layer.pad_after.value_or(layer.pad);
  return shape;
}

std::vector<BuiltinSet> builtin_validation_sets() {
  std::vector<BuiltinSet> list;
  for (const EmbeddedFile& file : embedded_validation_sets()) {
    const auto [text, origin] = named_text(file);
    const auto set = parse_validation_set(text, origin);
    HWFLOW_CHECK(set.has_value(), to_text(set.error()));
    list.push_back({std::string(file.name), set->title});
  }
  return list;
}

Expected<ValidationSet> parse_validation_set(const std::string& yaml_text,
                                             const std::string& origin) {
  auto document = schema::parse_yaml(yaml_text, origin);
  if (!document) return Unexpected{std::move(document).error()};
  auto set = schema::read_document<ValidationSet>(std::move(*document), origin);
  if (!set) return set;
  Diagnostics problems = Checks(*set, origin).run();
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return set;
}

Expected<ValidationSet> load_validation_set(const std::string& name_or_file) {
  const auto found = find_text(embedded_validation_sets(), name_or_file, "validation set");
  if (!found) return Unexpected{found.error()};
  return parse_validation_set(found->text, found->origin);
}

std::string validation_json_schema() {
  return schema::json_schema<ValidationSet>("hwflow validation set");
}

Expected<std::string> explain_validation_key(std::string_view key) {
  return schema::explain<ValidationSet>(key);
}

std::string validation_manual() {
  return std::string(kRules) + "## Keys\n\n" + schema::markdown_table<ValidationSet>();
}

}  // namespace hwflow::chip
