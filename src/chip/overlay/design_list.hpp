#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/overlay/design_space.hpp"

namespace hwflow::chip {

/// The designs of a space that fit a device, one of every pair of mirror images, in ascending order
/// of LUTs, then block RAMs, then place in the space (dn, bm, bn, fastest last; dk before them).
///
/// Mirror images (dm and bm exchanged with dn and bn) cost the same in everything, because either
/// operand may lie on either side. Where the lists of both sides are equal, one of the two is
/// listed: the one with even dm when the other one's is odd (which the published generator can
/// build), else the one of more rows, then entries, on the left.
class DesignList {
 public:
  struct Entry {
    BismoShape design;
    double lut = 0.0;
    std::int64_t bram36 = 0;
    std::uint32_t bram_rank = 0;  ///< among the distinct values
    /// Positions of the designs with the next smaller bm and bn; -1: none. They need no more of
    /// anything but cycles and traffic.
    std::int32_t smaller_bm = -1, smaller_bn = -1;
  };

  /// `space` and `options` are valid.
  DesignList(const DesignSpace& space, const OverlayOptions& options,
             const std::optional<FpgaDevice>& device);

  [[nodiscard]] const DesignSpace& space() const noexcept { return space_; }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  [[nodiscard]] std::size_t bram_ranks() const noexcept { return bram_ranks_; }
  /// Designs of the space that fit, mirror images counted.
  [[nodiscard]] std::size_t feasible() const noexcept { return feasible_; }

  /// Indices into the lists of a space.
  struct Place {
    std::size_t dm = 0, dk = 0, dn = 0, bm = 0, bn = 0;
  };
  /// Where a design, or its mirror image, stands in entries(); -1: it does not fit.
  [[nodiscard]] std::int32_t position(const Place& place) const { return positions_[index(place)]; }
  /// Is the design itself listed, not its mirror image?
  [[nodiscard]] bool is_listed(const Place& place) const;

 private:
  [[nodiscard]] std::size_t index(const Place& place) const;
  [[nodiscard]] BismoShape design(const Place& place) const;
  void list(const OverlayOptions& options, const std::optional<FpgaDevice>& device);
  void set_positions();

  template <class Visit>
  void for_each_place(const Visit& visit) const;

  DesignSpace space_;
  bool is_symmetric_;
  std::vector<Entry> entries_;
  std::vector<std::int32_t> positions_;  ///< by index()
  std::size_t bram_ranks_ = 0;
  std::size_t feasible_ = 0;
};

}  // namespace hwflow::chip
