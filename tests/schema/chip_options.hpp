#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "schema/field.hpp"

/// Options with one member of every kind that fields() may hold.
namespace hwflow::schema_test {

enum class Fusion : std::uint8_t { lanes, spatial };
constexpr auto enum_names(Fusion /*tag*/) {
  return std::array{std::pair{std::string_view{"lanes"}, Fusion::lanes},
                    std::pair{std::string_view{"spatial"}, Fusion::spatial}};
}

struct BitParallel {
  static constexpr std::string_view kKind = "bit_parallel";
  int width_bits = 16;
  bool operator==(const BitParallel&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        schema::field("width_bits", &BitParallel::width_bits, 1, 64, "Width of a multiplier.")};
  }
};

struct Vectorised {
  static constexpr std::string_view kKind = "vectorised";
  std::vector<int> supported_bits{2, 4, 8};
  Fusion fusion = Fusion::spatial;
  bool operator==(const Vectorised&) const = default;
  static constexpr auto fields() {
    using T = Vectorised;
    return std::tuple{
        schema::field("supported_bits", &T::supported_bits, 1, 64, "Widths of a lane."),
        schema::field("fusion", &T::fusion, "How lanes combine.")};
  }
};

struct Engine {
  std::variant<BitParallel, Vectorised> kind;
  double mac_energy_pj = 1.0;
  bool operator==(const Engine&) const = default;
  static constexpr auto fields() {
    return std::tuple{schema::inlined(&Engine::kind),
                      schema::field("mac_energy_pj", &Engine::mac_energy_pj, schema::above(0.0),
                                    "Energy of one MAC.")};
  }
};

/// Knows nothing of the schema; see the FieldsOf below.
struct Fanout {
  std::int64_t x = 1, y = 1;
  bool operator==(const Fanout&) const = default;
};

struct Level {
  std::string name;
  std::optional<std::int64_t> capacity_bits;
  bool double_buffered = false;
  Fanout fanout;
  bool operator==(const Level&) const = default;
  static constexpr auto fields() {
    using T = Level;
    return std::tuple{
        schema::required("name", &T::name, "Name of the level."),
        schema::field("capacity_bits", &T::capacity_bits, schema::at_least(1), "Its room."),
        schema::field("double_buffered", &T::double_buffered, "Whether transfers overlap."),
        schema::field("fanout", &T::fanout, "Instances of the next level.")};
  }
};

/// A set that a file shows as a list of names.
struct FusionSet {
  bool lanes = false, spatial = false;
  bool operator==(const FusionSet&) const = default;
};

struct Chip {
  std::string name = "a chip";
  double clock_mhz = 200.0;
  std::uint64_t seed = 1;
  std::uint8_t stages = 3;
  std::vector<Level> levels;
  Engine engine;
  std::map<std::string, double> energies_pj;
  FusionSet fusions;
  std::optional<Fanout> mesh;
  bool operator==(const Chip&) const = default;
  static constexpr auto fields() {
    using T = Chip;
    using namespace schema;
    return std::tuple{field("name", &T::name, "Name of the chip."),
                      field("clock_mhz", &T::clock_mhz, 1, 5000, "Clock."),
                      field("seed", &T::seed, "Seed."),
                      field("stages", &T::stages, "Pipeline stages."),
                      required("levels", &T::levels, "Levels from DRAM inward."),
                      field("engine", &T::engine, "What computes."),
                      field("energies_pj", &T::energies_pj, at_least(0), "Energies by name."),
                      field("fusions", &T::fusions, "Ways to combine lanes."),
                      field("mesh", &T::mesh, "Mesh, if any | none.")};
  }
};

}  // namespace hwflow::schema_test

namespace hwflow::schema {

template <>
struct FieldsOf<schema_test::Fanout> {
  static constexpr auto fields() {
    using T = schema_test::Fanout;
    return std::tuple{field("x", &T::x, at_least(1), "Columns."),
                      field("y", &T::y, at_least(1), "Rows.")};
  }
};

template <>
struct ShownAs<schema_test::FusionSet> {
  using Shown = std::vector<schema_test::Fusion>;
  static schema_test::FusionSet from(const Shown& shown) {
    schema_test::FusionSet set;
    for (const auto fusion : shown) {
      (fusion == schema_test::Fusion::lanes ? set.lanes : set.spatial) = true;
    }
    return set;
  }
  static Shown to(const schema_test::FusionSet& set) {
    Shown shown;
    if (set.lanes) shown.push_back(schema_test::Fusion::lanes);
    if (set.spatial) shown.push_back(schema_test::Fusion::spatial);
    return shown;
  }
};

}  // namespace hwflow::schema
