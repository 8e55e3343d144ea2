#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "chip/arch/schema_names.hpp"
#include "chip/overlay/design_space.hpp"
#include "schema/field.hpp"

namespace hwflow::study {

/// What a search for hardware minimises.
enum class HardwareObjective : std::uint8_t { latency, dram, lut, bram, energy, area };
constexpr auto enum_names(HardwareObjective) {
  return std::array{std::pair{std::string_view{"latency"}, HardwareObjective::latency},
                    std::pair{std::string_view{"dram"}, HardwareObjective::dram},
                    std::pair{std::string_view{"lut"}, HardwareObjective::lut},
                    std::pair{std::string_view{"bram"}, HardwareObjective::bram},
                    std::pair{std::string_view{"energy"}, HardwareObjective::energy},
                    std::pair{std::string_view{"area"}, HardwareObjective::area}};
}
/// "latency", "dram", ... as in a study file.
[[nodiscard]] std::string_view name(HardwareObjective objective);

/// Which designs there are.
enum class DesignSpaceKind : std::uint8_t {
  overlay,  ///< a bit-serial overlay on an FPGA
  array     ///< the accelerator of the study with other sizes
};
constexpr auto enum_names(DesignSpaceKind) {
  return std::array{std::pair{std::string_view{"overlay"}, DesignSpaceKind::overlay},
                    std::pair{std::string_view{"array"}, DesignSpaceKind::array}};
}
[[nodiscard]] std::string_view name(DesignSpaceKind kind);

/// How the search for plans and that for hardware follow each other.
enum class SearchOrder : std::uint8_t {
  nested,         ///< designs of every plan, before its accuracy is measured
  sequential,     ///< plans first, then designs of those on the front of error and bit operations
  sequential_all  ///< plans first, then designs of all that were measured
};
constexpr auto enum_names(SearchOrder) {
  return std::array{std::pair{std::string_view{"nested"}, SearchOrder::nested},
                    std::pair{std::string_view{"sequential"}, SearchOrder::sequential},
                    std::pair{std::string_view{"sequential_all"}, SearchOrder::sequential_all}};
}
[[nodiscard]] std::string_view name(SearchOrder order);

enum class Device : std::uint8_t { xc7z020, zu3eg, none };
constexpr auto enum_names(Device) {
  return std::array{std::pair{std::string_view{"xc7z020"}, Device::xc7z020},
                    std::pair{std::string_view{"zu3eg"}, Device::zu3eg},
                    std::pair{std::string_view{"none"}, Device::none}};
}

/// One overlay.
struct OverlayDesign {
  std::int64_t dm = 8, dk = 64, dn = 8, bm = 4096, bn = 4096;
  bool operator==(const OverlayDesign&) const = default;

  static constexpr auto fields() {
    using T = OverlayDesign;
    return std::tuple{schema::field("dm", &T::dm, 1, 256, "Rows of dot-product units."),
                      schema::field("dk", &T::dk, 32, 512, "Bits of a dot-product unit."),
                      schema::field("dn", &T::dn, 1, 256, "Columns of dot-product units."),
                      schema::field("bm", &T::bm, 2, 65'536, "Entries of a row's tile memory."),
                      schema::field("bn", &T::bn, 2, 65'536, "Entries of a column's tile memory.")};
  }
};

/// Space of bit-serial overlays: docs/model.md, section 8.
struct OverlaySpaceOptions {
  std::vector<std::int64_t> dm = {2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16};
  std::vector<std::int64_t> dk = {64, 128, 256, 512};
  std::vector<std::int64_t> dn = dm;
  std::vector<std::int64_t> bm = {1024, 2048, 4096, 8192};
  std::vector<std::int64_t> bn = bm;
  Device device = Device::xc7z020;
  std::optional<std::int64_t> most_lut, most_bram36;
  chip::BismoModel model = chip::BismoModel::trets19;
  chip::PipelineFill fill = chip::PipelineFill::per_run;
  chip::Im2col im2col = chip::Im2col::in_dram;
  chip::ResultWidth results = chip::ResultWidth::accumulator;
  std::vector<chip::ScheduleRule> rules = {chip::ScheduleRule::balanced};
  double clock_mhz = 200.0;
  OverlayDesign reference;
  bool operator==(const OverlaySpaceOptions&) const = default;

  static constexpr auto fields() {
    using T = OverlaySpaceOptions;
    return std::tuple{
        schema::field("dm", &T::dm, 1, 256, "Rows of dot-product units, ascending."),
        schema::field("dk", &T::dk, 32, 512, "Bits of a dot-product unit: 32, 64, 128, 256, 512."),
        schema::field("dn", &T::dn, 1, 256, "Columns of dot-product units, ascending."),
        schema::field("bm", &T::bm, 2, 65'536, "Entries of a row's tile memory, ascending."),
        schema::field("bn", &T::bn, 2, 65'536, "Entries of a column's tile memory, ascending."),
        schema::field("device", &T::device, "FPGA that designs must fit; none: any size."),
        schema::field("most_lut", &T::most_lut, schema::at_least(1),
                      "LUTs that a design may take; null: those of the device."),
        schema::field("most_bram36", &T::most_bram36, schema::at_least(1),
                      "Block RAMs of 36 Kbit that a design may take; null: those of the device."),
        schema::field("model", &T::model,
                      "Version of the overlay: LUTs, depth of the pipeline, order of bit planes."),
        schema::field("fill", &T::fill,
                      "When the pipeline of the execute stage fills again. per_sync: when the "
                      "stage waits for a token, as the controllers of 2019 do; per_run: for every "
                      "instruction; hidden: once."),
        schema::field("im2col", &T::im2col,
                      "in_dram: windows are stored and read whole; on_chip: inputs are read once."),
        schema::field("results", &T::results,
                      "Width at which results leave the overlay: the accumulator's 32 bits, or "
                      "that of the layer's outputs."),
        schema::field("rules", &T::rules,
                      "By what the layers of a plan choose their schedules: cycles, dram or "
                      "balanced; each rule gives designs of its own."),
        schema::field("clock_mhz", &T::clock_mhz, schema::above(0), "Clock of every design."),
        schema::field("reference", &T::reference, "The design that others are compared with.")};
  }
};

/// Space of spatial arrays: the accelerator of the study with other sizes.
struct ArraySpaceOptions {
  std::vector<std::int64_t> rows, columns, register_bits, buffer_bits;
  std::vector<double> dram_bits_per_cycle;
  std::int64_t most_exhaustive = 256;
  int population = 40;
  int generations = 10;
  bool operator==(const ArraySpaceOptions&) const = default;

  static constexpr auto fields() {
    using T = ArraySpaceOptions;
    return std::tuple{
        schema::field("rows", &T::rows, 1, 65'536,
                      "Rows of the largest array of the accelerator; empty: as it is."),
        schema::field("columns", &T::columns, 1, 65'536, "Its columns; empty: as they are."),
        schema::field("register_bits", &T::register_bits, 1, 1e12,
                      "Bits of all memories below the array, one unit's together, shared among "
                      "them as now; empty: as it is."),
        schema::field("buffer_bits", &T::buffer_bits, 1, 1e15,
                      "Bits of all memories above the array but DRAM, shared among them as now; "
                      "empty: as it is."),
        schema::field("dram_bits_per_cycle", &T::dram_bits_per_cycle, schema::above(0),
                      "Bandwidth of DRAM, for accelerators that state area_um2 of their outermost "
                      "level, which is multiplied along with it; empty: as it is."),
        schema::field("most_exhaustive", &T::most_exhaustive, 1, 1e6,
                      "All designs are priced when there are no more than these; else NSGA-II "
                      "chooses which."),
        schema::field("population", &T::population, 8, 10'000,
                      "Designs of that NSGA-II; a multiple of 4."),
        schema::field("generations", &T::generations, 0, 10'000, "Generations of that NSGA-II.")};
  }
};

/// Shares of the reference's cost that a design must not pass; those left out: 1.
struct HardwareTargets {
  std::optional<double> latency, dram, lut, bram, energy, area;
  bool operator==(const HardwareTargets&) const = default;
  [[nodiscard]] std::optional<double> of(HardwareObjective objective) const;
  [[nodiscard]] bool empty() const { return *this == HardwareTargets{}; }

  static constexpr auto fields() {
    using T = HardwareTargets;
    return std::tuple{
        schema::field("latency", &T::latency, schema::above(0), "Share of its cycles."),
        schema::field("dram", &T::dram, schema::above(0), "Share of its DRAM traffic."),
        schema::field("lut", &T::lut, schema::above(0), "Share of its LUTs."),
        schema::field("bram", &T::bram, schema::above(0), "Share of its block RAMs."),
        schema::field("energy", &T::energy, schema::above(0), "Share of its energy."),
        schema::field("area", &T::area, schema::above(0), "Share of its area.")};
  }
};

/// Widths of the plan that the reference runs.
struct ReferenceWidths {
  int weights = 8, inputs = 8;
  bool operator==(const ReferenceWidths&) const = default;

  static constexpr auto fields() {
    using T = ReferenceWidths;
    return std::tuple{schema::field("weights", &T::weights, 1, 16, "Bits of weights."),
                      schema::field("inputs", &T::inputs, 1, 16, "Bits of input activations.")};
  }
};

/// A search for hardware joined to that for plans, after AnaCoNGA: docs/hardware_search.md.
struct HardwareSearchOptions {
  DesignSpaceKind space = DesignSpaceKind::overlay;
  SearchOrder order = SearchOrder::nested;
  std::vector<HardwareObjective> objectives;
  OverlaySpaceOptions overlay;
  ArraySpaceOptions array;
  ReferenceWidths reference_widths;
  HardwareTargets targets;
  double accuracy_loss_points = 10.0;
  bool operator==(const HardwareSearchOptions&) const = default;

  /// Those of the study, or those of the space.
  [[nodiscard]] std::vector<HardwareObjective> effective_objectives() const;

  static constexpr auto fields() {
    using T = HardwareSearchOptions;
    return std::tuple{
        schema::field("space", &T::space,
                      "Which designs there are: overlay, a bit-serial overlay on an FPGA; array, "
                      "the accelerator of the study with other sizes."),
        schema::field("order", &T::order,
                      "nested: the designs of every plan are searched first, and its accuracy is "
                      "measured only when one of them meets the targets. sequential: plans are "
                      "searched by accuracy and bit operations, then designs for the front of "
                      "both; sequential_all: for every plan measured."),
        schema::field("objectives", &T::objectives,
                      "What designs minimise: of latency, dram, lut, bram (overlay); energy, "
                      "latency, dram, area (array). Empty: all but dram of an array."),
        schema::field("overlay", &T::overlay, "Designs of space: overlay."),
        schema::field("array", &T::array, "Designs of space: array."),
        schema::field("reference_widths", &T::reference_widths,
                      "Uniform widths that the reference runs: overlay.reference, or the "
                      "accelerator as it is."),
        schema::field(
            "targets", &T::targets,
            "Shares of the reference's costs that a design must not pass; those left out: "
            "1. Without any, designs must also be better than the reference somewhere."),
        schema::field("accuracy_loss_points", &T::accuracy_loss_points, schema::between(0.1, 100),
                      "Points below float that a plan may lose and still count.")};
  }
};

}  // namespace hwflow::study

/// Names of the choices of overlays in files.
namespace hwflow::chip {
constexpr auto enum_names(PipelineFill) {
  return std::array{std::pair{std::string_view{"per_run"}, PipelineFill::per_run},
                    std::pair{std::string_view{"per_sync"}, PipelineFill::per_sync},
                    std::pair{std::string_view{"hidden"}, PipelineFill::hidden}};
}
constexpr auto enum_names(Im2col) {
  return std::array{std::pair{std::string_view{"in_dram"}, Im2col::in_dram},
                    std::pair{std::string_view{"on_chip"}, Im2col::on_chip}};
}
constexpr auto enum_names(ResultWidth) {
  return std::array{std::pair{std::string_view{"accumulator"}, ResultWidth::accumulator},
                    std::pair{std::string_view{"outputs"}, ResultWidth::outputs}};
}
constexpr auto enum_names(ScheduleRule) {
  return std::array{std::pair{std::string_view{"balanced"}, ScheduleRule::balanced},
                    std::pair{std::string_view{"cycles"}, ScheduleRule::cycles},
                    std::pair{std::string_view{"dram"}, ScheduleRule::dram}};
}
}  // namespace hwflow::chip
