#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "chip/fusion/array_shares.hpp"
#include "chip/fusion/block_layer.hpp"
#include "chip/fusion/fusion_machine.hpp"
#include "chip/fusion/least_work.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// A block as it runs from the buffer inward.
struct MappedBlock {
  Block block;  ///< with the idle rows and columns that are worth it
  Mapping mapping;
  Cost cost;
  std::int64_t macs = 0;         ///< without those of idle rows and columns
  bool mapped_optimally = true;  ///< the mapper proved the block with whole windows
};

/// How long each block is mapped.
enum class MappingEffort : std::uint8_t {
  quick,  ///< to compare schedules: a few per cent above what can be found
  full,
};

struct BlockOptions {
  MappingEffort effort = MappingEffort::full;
  std::int64_t columns = 0;  ///< of the array (ArrayShares); 0: all of it
  // NOLINTNEXTLINE(modernize-use-nullptr): as in block_layer.hpp
  auto operator<=>(const BlockOptions&) const = default;
};

/// Maps blocks of the layers of a graph. Blocks that differ by their place on the map only share
/// one mapping, found where all windows are whole; each costs what that mapping moves and takes
/// where it is. Thread-safe.
class BlockMapper {
 public:
  /// `mappings`: of blocks known already, to which new ones are added; none: it has its own.
  BlockMapper(const FusionGraph& graph, const FusionMachine& machine, MapperOptions options,
              MappingCache* mappings = nullptr);

  /// `layer`: of the graph; `block`: without idle rows and columns; `output_bits`: width of one
  /// output as the group stores it.
  /// Errors  as map_layer().
  [[nodiscard]] Expected<std::shared_ptr<const MappedBlock>> map(std::size_t layer,
                                                                 const Block& block,
                                                                 int output_bits,
                                                                 const BlockOptions& options = {});
  /// What map() does not go below on the whole array, but for the cycles; none: the engine does not
  /// know the widths.
  [[nodiscard]] std::optional<LeastWork> least_work(std::size_t layer, const Block& block,
                                                    int output_bits) const;
  /// Cycles that the ports of the buffer need for the array.
  [[nodiscard]] std::int64_t port_cycles(const PortBits& bits) const;
  /// Cycles that map() does not go below.
  [[nodiscard]] std::int64_t least_cycles(std::size_t layer, const Block& block, int output_bits,
                                          const BlockOptions& options) const;
  /// A layer as a whole from the buffer inward.
  [[nodiscard]] Expected<MappingResult> map_whole(std::size_t layer);
  [[nodiscard]] const ArrayShares& shares() const noexcept { return shares_; }

 private:
  struct Key {
    std::size_t layer = 0;
    Block block;
    int output_bits = 0;
    BlockOptions options;
    // NOLINTNEXTLINE(modernize-use-nullptr): as in block_layer.hpp
    auto operator<=>(const Key&) const = default;
  };
  [[nodiscard]] const Accelerator& machine(const BlockOptions& options) const {
    return options.columns == 0 ? machine_.inner : shares_.machine(options.columns);
  }
  using Result = Expected<std::shared_ptr<const MappedBlock>>;
  [[nodiscard]] Result find(const Key& key);

  const FusionGraph& graph_;
  const FusionMachine& machine_;
  ArrayShares shares_;
  [[nodiscard]] const MapperOptions& options(MappingEffort effort) const {
    return effort == MappingEffort::quick ? quick_ : full_;
  }
  MapperOptions full_, quick_;
  MappingCache own_cache_;
  MappingCache& cache_;
  std::mutex mutex_;  // guards what follows
  std::map<Key, Result> known_;
};

}  // namespace hwflow::chip
