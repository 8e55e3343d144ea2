#pragma once

#include <array>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/arch/fpga_resources.hpp"
#include "schema/field.hpp"

/// How files spell the types of this room.
namespace hwflow::schema {

template <>
struct EnumNames<Dim> {
  static constexpr auto names() {
    std::array<std::pair<std::string_view, Dim>, kDimCount> table;
    for (std::size_t i = 0; i < kDimCount; ++i) table[i] = {kDimNames[i], kDims[i]};
    return table;
  }
};

template <>
struct EnumNames<Role> {
  static constexpr auto names() {
    std::array<std::pair<std::string_view, Role>, kRoleCount> table;
    for (std::size_t i = 0; i < kRoleCount; ++i) table[i] = {kRoleNames[i], kRoles[i]};
    return table;
  }
};

template <>
struct EnumNames<chip::VectorisedEngine::Fusion> {
  static constexpr auto names() {
    using Fusion = chip::VectorisedEngine::Fusion;
    return std::array{std::pair{std::string_view{"lanes"}, Fusion::lanes},
                      std::pair{std::string_view{"spatial"}, Fusion::spatial}};
  }
};

template <>
struct EnumNames<chip::ComputeEngine::EnergyScaling> {
  static constexpr auto names() {
    using Scaling = chip::ComputeEngine::EnergyScaling;
    return std::array{std::pair{std::string_view{"constant"}, Scaling::constant},
                      std::pair{std::string_view{"product"}, Scaling::product}};
  }
};

template <>
struct ShownAs<chip::RoleSet> {
  using Shown = std::vector<Role>;
  static constexpr bool kDistinct = true;
  static chip::RoleSet from(const Shown& roles) {
    chip::RoleSet set;
    for (const Role role : roles) set.has[index(role)] = true;
    return set;
  }
  static Shown to(const chip::RoleSet& set) {
    Shown roles;
    for (const Role role : kRoles) {
      if (set.contains(role)) roles.push_back(role);
    }
    return roles;
  }
};

template <>
struct EnumNames<chip::BismoModel> {
  static constexpr auto names() {
    using Model = chip::BismoModel;
    return std::array{std::pair{std::string_view{"fpl18"}, Model::fpl18},
                      std::pair{std::string_view{"trets19"}, Model::trets19}};
  }
};

template <>
struct KindName<chip::BitParallelEngine> {
  static constexpr std::string_view value() { return "bit_parallel"; }
};
template <>
struct FieldsOf<chip::BitParallelEngine> {
  static constexpr auto fields() {
    using T = chip::BitParallelEngine;
    return std::tuple{field("width_bits", &T::width_bits, between(1, 64),
                            "Widest operand; every MAC takes one cycle.")};
  }
};

template <>
struct KindName<chip::VectorisedEngine> {
  static constexpr std::string_view value() { return "vectorised"; }
};
template <>
struct FieldsOf<chip::VectorisedEngine> {
  static constexpr auto fields() {
    using T = chip::VectorisedEngine;
    return std::tuple{
        field("width_bits", &T::width_bits, between(1, 64),
              "Width of a unit; wider operands take one pass for each part of this width."),
        field("supported_bits", &T::supported_bits, between(1, 64),
              "Widths that share a unit, rising up to width_bits; operands round up to one."),
        field("fusion", &T::fusion,
              "spatial: (width/w)(width/a) MACs a cycle; lanes: width/max(w,a).")};
  }
};

template <>
struct KindName<chip::BitSerialEngine> {
  static constexpr std::string_view value() { return "bit_serial"; }
};
template <>
struct FieldsOf<chip::BitSerialEngine> {
  static constexpr auto fields() {
    using T = chip::BitSerialEngine;
    return std::tuple{field("digit_weights", &T::digit_weights, between(1, 64),
                            "Bits of the weight that one cycle takes."),
                      field("digit_inputs", &T::digit_inputs, between(1, 64),
                            "Bits of the input that one cycle takes.")};
  }
};

template <>
struct FieldsOf<chip::CountingRules> {
  static constexpr auto fields() {
    using T = chip::CountingRules;
    return std::tuple{
        field("halo_reuse", &T::halo_reuse, "Words already in the tile are not fetched again."),
        field("fetch_stride_gaps", &T::fetch_stride_gaps,
              "Bounding boxes are fetched instead of the words really used."),
        field("fetch_padding", &T::fetch_padding, "Padding is fetched like any word."),
        field("skip_first_partial_sum_read", &T::skip_first_partial_sum_read,
              "A partial sum is not read before it exists."),
        field("count_drain_reads", &T::count_drain_reads,
              "Outputs read out of a buffer on their way up cost a read."),
        field("box_tiles", &T::box_tiles,
              "Input and weight tiles are boxes that keep overlap along one axis only; equal "
              "boxes are multicast (Timeloop)."),
        field("read_back_to_all", &T::read_back_to_all,
              "Partial sums read back go to every instance that adds to them."),
        field("hide_transfers", &T::hide_transfers,
              "Transfers overlap with compute: the busiest part sets the cycles."),
        field("whole_transfers", &T::whole_transfers,
              "Every transfer of a tile takes whole cycles of the ports; the first tiles come "
              "before computing and the last outputs leave after it (ZigZag)."),
        field("skip_only_update_read", &T::skip_only_update_read,
              "An output that arrives once, finished, is not read before, even where first partial "
              "sums are (ZigZag)."),
        field("move_every_turn", &T::move_every_turn,
              "Every turn of a loop above a tile moves the tile, even one that stays the same "
              "(AccelForge).")};
  }
};

template <>
struct FieldsOf<chip::FpgaResources> {
  static constexpr auto fields() {
    using T = chip::FpgaResources;
    return std::tuple{required("lut", &T::lut, between(0, 1e12), "Look-up tables."),
                      required("bram36", &T::bram36, between(0, 1e12), "Block RAMs of 36 Kbit.")};
  }
};

template <>
struct FieldsOf<chip::BismoShape> {
  static constexpr auto fields() {
    using T = chip::BismoShape;
    return std::tuple{
        required("dm", &T::dm, between(1, 1 << 20), "Rows of dot-product units."),
        required("dk", &T::dk, between(1, 1 << 20), "Bits of a dot product in one cycle."),
        required("dn", &T::dn, between(1, 1 << 20), "Columns of dot-product units."),
        required("bm", &T::bm, between(1, 1 << 20), "Entries of the tile memory of a row."),
        required("bn", &T::bn, between(1, 1 << 20), "Entries of the tile memory of a column.")};
  }
};

}  // namespace hwflow::schema
