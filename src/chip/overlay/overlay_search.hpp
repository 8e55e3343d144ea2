#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "chip/overlay/design_space.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A design and what a network costs on it. Objectives: the last four, all minimised.
struct OverlayPoint {
  BismoShape design;
  ScheduleRule rule = ScheduleRule::balanced;  ///< by which its layers choose their schedules
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  double lut = 0.0;
  std::int64_t bram36 = 0;
  bool operator==(const OverlayPoint&) const = default;
};

/// The objectives of a front; those left out do not matter.
struct OverlayObjectives {
  bool cycles = true, dram_bits = true, lut = true, bram36 = true;
};

/// The objectives that count, in this order: cycles, dram_bits, lut, bram36.
[[nodiscard]] std::vector<double> values_of(const OverlayPoint& point,
                                            const OverlayObjectives& objectives = {});

struct OverlaySearchOptions {
  OverlayOptions overlay;
  DesignSpace space;
  std::vector<ScheduleRule> rules = {ScheduleRule::balanced};  ///< each gives points of its own
  std::optional<FpgaDevice> device = kZ7020;  ///< designs that do not fit it are left out
  /// Tables are dropped, all of them, before they take more; one product's table stays.
  std::size_t most_table_bytes = std::size_t{1} << 30;
};

/// The inner search of AnaCoNGA, exact: all designs of a space for one network after another.
///
/// For every product (shape and widths of a layer) a table of its cost on all designs is made once
/// and kept for all networks to come; a network is a sum of tables. The front is exact over designs
/// and rules: every design is costed, none is left out by a bound or a sample. It is not the front
/// over all schedules: layers choose by one rule, not each by its own.
///
/// Results do not depend on threads, nor on what was asked before. All members may be called from
/// several threads at once.
/// Source  AnaCoNGA (DATE 2022) nests a search for hardware in one for quantization; here it is
///         exhaustive instead of genetic.
class OverlaySearch {
 public:
  /// Errors  everything wrong with space, options and rules; no design that fits the device.
  [[nodiscard]] static Expected<OverlaySearch> make(OverlaySearchOptions options);

  /// Points that no other one dominates, of points equal in all objectives that count the first
  /// one, in ascending order of LUTs, block RAMs, cycles, DRAM bits. Layers without multiplications
  /// cost nothing; a network without any other layer has the smallest designs at no cost.
  /// Errors  those of matrix_product(), of all layers; totals above 2^53.
  /// Cost    a few additions for each design and distinct product, and the sweep; tables first.
  [[nodiscard]] Expected<std::vector<OverlayPoint>> front(
      std::span<const Layer> layers, const OverlayObjectives& objectives = {}) const;

  /// All points that fit, mirror images left out, in ascending order of LUTs, then block RAMs; the
  /// rules of a design side by side. Errors  as front().
  [[nodiscard]] Expected<std::vector<OverlayPoint>> points(std::span<const Layer> layers) const;

  [[nodiscard]] const OverlaySearchOptions& options() const noexcept;
  [[nodiscard]] std::size_t feasible_designs() const noexcept;  ///< mirror images counted
  [[nodiscard]] std::size_t listed_designs() const noexcept;    ///< mirror images left out
  [[nodiscard]] std::size_t tables() const;                     ///< kept at present

  OverlaySearch(OverlaySearch&&) noexcept;
  OverlaySearch& operator=(OverlaySearch&&) noexcept;
  ~OverlaySearch();

 private:
  struct State;
  explicit OverlaySearch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hwflow::chip
