#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Words that another tool counted for one tensor at one level, all instances together.
struct ReferenceCounts {
  std::string level;
  Role role = Role::weights;
  std::int64_t reads = 0, fills = 0, updates = 0;
  std::optional<std::int64_t> tile_words{};  ///< of one instance
  std::optional<std::int64_t> drains{};      ///< out of the level upwards
};

/// As ReferenceCounts, where a tool tells only reads (drains among them) and writes.
struct ReferenceAccesses {
  std::string level;
  Role role = Role::weights;
  std::int64_t reads = 0, writes = 0;
};

/// What another tool says a mapping costs.
struct ReferenceResult {
  std::vector<ReferenceCounts> counts;
  std::vector<ReferenceAccesses> accesses{};
  std::optional<std::int64_t> cycles;
  std::optional<std::int64_t> compute_cycles{};  ///< without stalls
  std::optional<double> energy_pj;
};

/// The best of a map space, proved by enumeration.
struct ReferenceOptimum {
  std::string counting;   ///< "TL", "TL_no_forwarding" or "exact"
  std::string space;      ///< "any_axis", "one_axis", "perfect", "ragged" or empty
  std::string objective;  ///< "min_energy", "min_cycles", "min_edp" or "min_dram_words"
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t dram_words = 0;
  std::optional<Mapping> mapping;  ///< one that reaches it
};

/// One case of a neutral reference file.
struct ReferenceCase {
  std::string id;
  Layer layer;
  Accelerator accelerator;
  std::optional<Mapping> mapping;
  std::optional<ReferenceResult> result;
  std::vector<ReferenceOptimum> optima;
  std::string unsaid{};  ///< why a recorded mapping is none here; empty: it is, or there is none
};

/// Reads the neutral reference format (JSON): `architectures` with levels from DRAM inward, `cases`
/// with `layer`, `arch`, `mapping` and `result` or `optima`.
///
/// The file's M C P Q R S N G are our k c p q r s n g, its `Wdilation` belongs to p and r; C and M
/// count channels of one group, and there is no padding. Everything is 16 bits wide, partial sums
/// included. Energies are per 16-bit word. What a level keeps is said by the case's mapping (all
/// three tensors when it is not), so each case has its own accelerator. Spatial loops stand below
/// the level that the file names; the fan-out is the mesh of the next level over that of the level.
/// Counting rules are left at their defaults: the caller chooses.
///
/// Records of ZigZag and AccelForge have a boundary for every tensor and `cases` as a map: a memory
/// whose tensors have different ones becomes several levels (read_uneven_cases()).
/// Errors  every case that cannot be read, with its id and the key.
[[nodiscard]] Expected<std::vector<ReferenceCase>> parse_reference_cases(std::string_view json,
                                                                         std::string_view origin);
/// Errors  as above; a file that cannot be read.
[[nodiscard]] Expected<std::vector<ReferenceCase>> load_reference_cases(
    const std::filesystem::path& file);

}  // namespace hwflow::chip
