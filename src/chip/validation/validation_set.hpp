#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "chip/validation/row_stationary.hpp"
#include "schema/field.hpp"

namespace hwflow::schema {

template <>
struct FieldsOf<chip::RowMapping> {
  static constexpr auto fields() {
    using T = chip::RowMapping;
    const Range sizes = between(1, 1 << 20);
    return std::tuple{
        required("m", &T::m, sizes, "Output channels with partial sums in the buffer."),
        required("n", &T::n, sizes, "Images of a pass."),
        required("e", &T::e, sizes, "Output rows of a pass."),
        required("p", &T::p, sizes, "Filters of a PE."),
        required("q", &T::q, sizes, "Channels of a PE."),
        required("r", &T::r, sizes, "Sets of PEs on other channels."),
        required("t", &T::t, sizes, "Sets of PEs on other filters.")};
  }
};

template <>
struct FieldsOf<chip::RowLimits> {
  static constexpr auto fields() {
    using T = chip::RowLimits;
    const Range sizes = between(1, 1 << 24);
    return std::tuple{
        field("rows", &T::rows, sizes, "Rows of the array."),
        field("columns", &T::columns, sizes, "Columns of the array."),
        field("banks", &T::banks, sizes, "Banks of the global buffer."),
        field("bank_words", &T::bank_words, sizes, "Words of a bank, for one role as a whole."),
        field("filter_words", &T::filter_words, sizes, "Words of the filter buffer."),
        field("input_spad_words", &T::input_spad_words, sizes, "Input words of a PE."),
        field("filter_spad_words", &T::filter_spad_words, sizes, "Filter words of a PE."),
        field("sum_spad_words", &T::sum_spad_words, sizes, "Partial sums of a PE."),
        field("row_bus_words_per_cycle", &T::row_bus_words_per_cycle, sizes,
              "Inputs from the buffer to the array.")};
  }
};

}  // namespace hwflow::schema

/// Published results to compare with: the files of validation/ (docs/formats/validation.md).
namespace hwflow::chip {

/// How our side of a set is computed.
enum class ValidationMethod : std::uint8_t {
  row_stationary,  ///< the Eyeriss chip: mappings given or planned, fine model and `chip`
  given_mapping,   ///< fine model on the mappings of the file
  least_traffic,   ///< mid model: least DRAM traffic of all tilings, roofline
  best_mapping,    ///< mapper, least energy
};
constexpr auto enum_names(ValidationMethod /*unused*/) {
  using M = ValidationMethod;
  return std::array{std::pair{std::string_view{"row_stationary"}, M::row_stationary},
                    std::pair{std::string_view{"given_mapping"}, M::given_mapping},
                    std::pair{std::string_view{"least_traffic"}, M::least_traffic},
                    std::pair{std::string_view{"best_mapping"}, M::best_mapping}};
}

/// What the Eyeriss chip has and its accelerator file cannot say.
struct ChipKeys {
  RowLimits limits;
  double filter_bus_words_per_cycle = 4;
  double bits_per_nonzero = 64.0 / 3.0;
  double clock_mw = 0.0, energy_scale = 1.0;

  static constexpr auto fields() {
    using T = ChipKeys;
    using namespace schema;
    return std::tuple{inlined(&T::limits),
                      field("filter_bus_words_per_cycle", &T::filter_bus_words_per_cycle,
                            between(1, 1e6), "Filters into the scratchpads, which stop the array."),
                      field("bits_per_nonzero", &T::bits_per_nonzero, between(1, 64),
                            "DRAM bits of one value that is not zero; zeros cost nothing."),
                      field("clock_mw", &T::clock_mw, between(0, 1e6),
                            "Power at all times: clock, control, leakage."),
                      field("energy_scale", &T::energy_scale, between(0, 1e3),
                            "Energy of the chip for each pJ of its energy table.")};
  }
};

struct ValidationLayer {
  std::string name;
  std::int64_t in_channels = 1, out_channels = 1, size = 1, kernel = 1, stride = 1, pad = 0;
  std::optional<std::int64_t> pad_after, batch;
  std::int64_t groups = 1;
  double input_zeros = 0.0, output_zeros = 0.0;
  std::optional<double> stored_output_share;
  std::optional<RowMapping> rows;
  std::optional<std::string> loops, machine;
  std::map<std::string, double> published;

  static constexpr auto fields() {
    using T = ValidationLayer;
    using namespace schema;
    const Range sizes = between(1, 1 << 20);
    const Range share = between(0, 1);
    return std::tuple{
        required("name", &T::name, "Name of the layer, once in the file."),
        required("in_channels", &T::in_channels, sizes, "Of all groups together."),
        required("out_channels", &T::out_channels, sizes, "Of all groups together."),
        required("size", &T::size, sizes, "Rows and columns of the input, padding left out."),
        field("kernel", &T::kernel, sizes, "Rows and columns of a filter."),
        field("stride", &T::stride, sizes, "Of rows and columns."),
        field("pad", &T::pad, between(0, 1 << 10), "Rows above and columns left of the input."),
        field("pad_after", &T::pad_after, between(0, 1 << 10),
              "Rows below and columns right of it; default as pad."),
        field("batch", &T::batch, between(1, 1 << 16), "Images; default that of the file."),
        field("groups", &T::groups, sizes, "Groups of channels."),
        field("input_zeros", &T::input_zeros, share, "Share of the inputs that are zero."),
        field("output_zeros", &T::output_zeros, share,
              "Share of the outputs that are zero when they leave the chip."),
        field("stored_output_share", &T::stored_output_share, share,
              "Outputs that leave the chip, where pooling on the way out drops some."),
        field("rows", &T::rows, "Row-stationary mapping; none = planned."),
        field("loops", &T::loops, "Loops of a mapping, as 'hwflow map' writes them."),
        field("machine", &T::machine, "Accelerator of this layer; default that of the file."),
        field("published", &T::published, between(0, 1e18), "Quantities with their figures.")};
  }
};

/// How far ours may be from the published number before a test fails.
struct RatioBounds {
  std::string quantity;
  std::optional<std::string> layer;
  double least = 1.0, most = 1.0;

  static constexpr auto fields() {
    using T = RatioBounds;
    using namespace schema;
    return std::tuple{required("quantity", &T::quantity, "Which numbers."),
                      field("layer", &T::layer, "Of one layer; without it, of all others."),
                      required("least", &T::least, between(0, 1e9), "Least ours / published."),
                      required("most", &T::most, between(0, 1e9), "Most ours / published.")};
  }
};

struct ValidationSet {
  std::string set, title, source, machine;
  ValidationMethod method = ValidationMethod::given_mapping;
  std::string semantics = "exact";
  int bits = 16;
  std::int64_t batch = 1;
  std::optional<ChipKeys> chip;
  std::optional<std::int64_t> max_evaluations;
  std::vector<ValidationLayer> layers;
  std::map<std::string, double> totals;
  std::vector<RatioBounds> distances;
  std::vector<std::string> differs;

  static constexpr auto fields() {
    using T = ValidationSet;
    using namespace schema;
    return std::tuple{
        required("set", &T::set, "Name of the set."),
        required("title", &T::title, "What is compared."),
        required("source", &T::source, "Where the figures come from."),
        required("machine", &T::machine, "Built-in accelerator or file."),
        required("method", &T::method,
                 "row_stationary: the Eyeriss chip. given_mapping: fine model on `loops`. "
                 "least_traffic: mid model. best_mapping: mapper, least energy."),
        field("semantics", &T::semantics,
              "How words are counted: exact, timeloop or timeloop-no-forwarding."),
        field("bits", &T::bits, between(1, 32), "Width of all operands."),
        field("batch", &T::batch, between(1, 1 << 16), "Images."),
        field("chip", &T::chip, "Only with row_stationary: what the accelerator file cannot say."),
        field("max_evaluations", &T::max_evaluations, between(1, 1e9),
              "Only with best_mapping: work for each layer."),
        required("layers", &T::layers, "Layers with their published figures."),
        field("totals", &T::totals, between(0, 1e18), "Published sums over all layers."),
        field("distances", &T::distances, "What ours / published has to be for the tests."),
        field("differs", &T::differs, "What differs between the two sides, and why.")};
  }
};

/// Names and titles of the sets of validation/, compiled in.
struct BuiltinSet {
  std::string name, title;
};
[[nodiscard]] std::vector<BuiltinSet> builtin_validation_sets();

/// Errors  every problem at once, with its place; a set without what its method needs.
[[nodiscard]] Expected<ValidationSet> parse_validation_set(const std::string& yaml_text,
                                                           const std::string& origin);
/// SET of the command line: a built-in name or a YAML file.
[[nodiscard]] Expected<ValidationSet> load_validation_set(const std::string& name_or_file);

[[nodiscard]] ConvShape shape_of(const ValidationLayer& layer, const ValidationSet& set);

/// Keys of a set file as a manual page, and as JSON Schema without its key `schema`.
[[nodiscard]] std::string validation_manual();
[[nodiscard]] std::string validation_json_schema();
/// Type and meaning of a dotted key. Errors  unknown key, with the nearest known one.
[[nodiscard]] Expected<std::string> explain_validation_key(std::string_view key);

}  // namespace hwflow::chip
