#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "train/quant/integer_kernels.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train::integer {

/// One stored copy of a node's result: its codes on the grid that a reader wants.
///
/// Codes of at most 8 bits are stored as unsigned bytes, code + offset (128 for signed grids);
/// wider ones as int32. Layout (row, column, channel).
struct Slot {
  std::size_t node = 0;
  QuantizerGrid grid;
  FeatureShape shape;
  bool wide = false;
  std::int32_t offset = 0;
  std::int32_t low = 0, high = 0;    ///< the grid's range cut by the node's activation
  std::vector<std::size_t> sources;  ///< slots read by a node that only moves data
  Requantizer requantizer;           ///< sums -> narrow codes (compute nodes)
  std::vector<FixedPoint> factors;   ///< sums -> codes, per channel (compute, average pooling)
  AddRequantizer add;                ///< add nodes
  std::vector<std::int32_t> table;   ///< input node: [channel][pixel value] -> code
};

enum class Kernel : std::uint8_t { none, dense, depthwise, wide };

/// What the kernels need of the weight codes of a compute node, whatever its scales and biases:
/// made once, shared by all plans that give the layer these codes.
struct PreparedWeights {
  Kernel kernel = Kernel::none;     ///< the fastest that the codes allow; what they are packed for
  PackedWeights packed;             ///< dense
  std::vector<std::int32_t> plain;  ///< depthwise [tap][c]; wide [group][tap][c][out]
  std::vector<std::int64_t> sums;   ///< of the codes of an output channel
  std::vector<std::int64_t> reaches;  ///< the largest magnitude of a sum without its bias
};
using SharedWeights = std::shared_ptr<const PreparedWeights>;

/// `conv`: as convolution_of(). `is_wide`: the input codes have more than 8 bits.
[[nodiscard]] SharedWeights prepare_weights(std::span<const std::int16_t> codes,
                                            const ConvShape& conv, bool is_wide, KernelSet kernels);
/// The geometry of a compute node; a fully connected one reads its whole input.
[[nodiscard]] ConvShape convolution_of(const Network& network, std::size_t node);

/// Everything about a node that does not depend on the image.
struct PreparedNode {
  Kernel kernel = Kernel::none;
  std::vector<std::size_t> inputs;  ///< slots read (arithmetic nodes)
  std::vector<std::size_t> slots;   ///< slots written
  ConvShape conv;                   ///< a fully connected node as a convolution
  SharedWeights weights;            ///< compute nodes; packed for `kernel`
  std::vector<std::int32_t> bias;   ///< narrow kernels, correction for the offset included
  std::vector<std::int64_t> wide_bias;
  std::vector<double> sum_scales;  ///< real value of one unit of a sum, per channel
};

struct Plan {
  IntegerNetwork network;
  KernelSet kernels = KernelSet::best;
  std::vector<PreparedNode> nodes = {};
  std::vector<Slot> slots = {};
  std::size_t output = 0;  ///< the arithmetic node whose sums are the logits
  double logit_unit = 1.0;
  std::vector<std::int64_t> logit_factors = {};  ///< per channel, or per edge of an add
};

/// Codes of one image. Reused from image to image. Not copied: it points into itself.
struct Workspace {
  Workspace() = default;
  Workspace(Workspace&&) = default;
  Workspace& operator=(Workspace&&) = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() = default;

  /// Where the codes of a slot lie: in the workspace, or wherever its user says.
  struct Codes {
    std::span<std::uint8_t> narrow;
    std::span<std::int32_t> wide;
  };
  std::vector<Codes> codes;  ///< one per slot
  std::vector<std::uint8_t> own_narrow;
  std::vector<std::int32_t> own_wide;
  std::vector<std::uint8_t> padded;
  std::vector<std::int32_t> padded_wide;
  std::vector<std::int32_t> sums;
  std::vector<std::int64_t> wide_sums;
  std::vector<std::int64_t> logits;
};

/// `weights`: of each node those prepared before, for these codes and kernels, or null; empty:
/// none.
[[nodiscard]] Expected<Plan> compile(IntegerNetwork network, KernelSet kernels,
                                     std::span<const SharedWeights> weights = {});
/// Prepares a compute node again after biases or scales (not codes) of network.nodes[node].compute
/// changed. Logits keep their unit.
void prepare_again(Plan& plan, std::size_t node);

/// Room for the codes of every slot.
[[nodiscard]] Workspace make_workspace(const Plan& plan);
/// Runs one node on one image; `pixels` is the image (planes of bytes), read by the input node
/// only.
void run_node(const Plan& plan, std::size_t node, const std::uint8_t* pixels, Workspace& workspace);

/// Sums of a compute node with a narrow kernel for one image, bias included: (row, column,
/// channel), channels filled up to a multiple of kChannelBlock. The node's input slots are filled.
void compute_sums(const Plan& plan, std::size_t node, Workspace& workspace,
                  std::span<std::int32_t> sums);
[[nodiscard]] std::size_t sum_count(const Plan& plan, std::size_t node);
/// What run_node() makes of such sums: the node's slots; logits where it is the output.
void store_sums(const Plan& plan, std::size_t node, std::span<const std::int32_t> sums,
                Workspace& workspace);
/// Adds such sums.
void add_moments(const Plan& plan, std::size_t node, std::span<const std::int32_t> sums,
                 SumStatistics& moments);
/// Adds the sums of one image; the node's input slots are filled, its own stay as they are.
void add_moments(const Plan& plan, std::size_t node, Workspace& workspace, SumStatistics& moments);

/// The activation of the last layer, on logits that are its sums.
void finish_logits(const Plan& plan, Workspace& workspace);

/// The code at (channel, row, column) of a slot.
[[nodiscard]] std::int32_t code_at(const Slot& slot, const Workspace::Codes& codes,
                                   std::int64_t element);

}  // namespace hwflow::train::integer
