#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/fault/array_fault.hpp"
#include "train/fault/changed_codes.hpp"
#include "train/fault/fault.hpp"
#include "train/fault/golden.hpp"
#include "train/fault/reading_taps.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// Up to which share of changed codes a node is corrected by them alone; beyond it is computed
/// anew. Both ways give the same codes. 0: always anew, 1: never.
struct SparseLimits {
  /// Of a convolution's input, in groups of channels: a changed group costs two dot products
  /// instead of one, and its sums leave the registers. By bench/fault_bench.
  double convolution = 0.1;
  double addition = 0.25;  ///< of its pixels
};

/// Runs faults on one image after the other by what they change: a node whose inputs are as they
/// were is not run, sums are corrected by the changed codes alone while these are few, and a fault
/// whose codes are all as they were after some requantizer is masked, exactly. The verdicts equal
/// those of full_run().
///
/// Not for several threads at once: one object each.
class Propagation {
 public:
  /// `plan` outlives the object.
  explicit Propagation(const integer::Plan& plan, SparseLimits limits = {});

  /// Of the next image, by run_golden(); outlives its use.
  void begin(const Golden& golden);
  /// All upsets together, in one inference; none: masked.
  Verdict run(std::span<const Upset> upsets);
  /// The same of an array, a part for each layer, in the network's order.
  Verdict run(std::span<const ArrayUpset> upsets);

 private:
  using Codes = integer::Workspace::Codes;

  /// Sums of the node at work: rows of one pixel, the fault-free ones until they are asked for.
  struct Sums {
    std::vector<std::int32_t> values;
    std::vector<std::uint8_t> is_own;  ///< per pixel
    std::vector<std::int64_t> pixels;  ///< those that are own, unless all are
    bool all = false;
    std::int64_t stride = 0;
  };

  void begin_run();
  Verdict end_run();
  [[nodiscard]] bool reads_changes(std::size_t node) const;
  void run_node(std::size_t node, std::span<const Upset> upsets, const ArrayUpset* array);
  void run_moves(std::size_t node);
  void run_dense(std::size_t node);
  void run_window(std::size_t node);
  void run_add(std::size_t node);
  void compare_all(std::size_t node);

  void begin_sums(std::size_t node);
  /// False: it was already.
  bool own(std::int64_t pixel);
  std::int32_t* own_sums(std::size_t node, std::int64_t pixel);
  void change_sums(std::size_t node);
  /// False: too much is changed.
  bool change_dense(std::size_t node);
  void change_channels(std::size_t node, std::int64_t pixel);
  void store_sums(std::size_t node);
  void store_all(std::size_t slot);
  void store_pixel(std::size_t slot, std::int64_t pixel);
  void add_pixels(std::size_t node, std::int64_t first, std::int64_t count);

  // Upsets of the node itself: disturbed_node.cpp.
  void disturb(std::size_t node, std::span<const Upset> upsets);
  void disturb_channel(std::size_t node, std::int64_t channel, std::span<const Upset> upsets);
  void disturb_weights(std::size_t node, std::int64_t channel, std::span<const Upset> upsets);
  void disturb_array(const ArrayUpset& upset);
  void disturb_add(std::size_t node, std::span<const Upset> upsets);
  void disturb_codes(std::size_t node, std::span<const Upset> upsets);
  [[nodiscard]] std::int64_t sum_at(std::size_t node, std::int64_t channel,
                                    std::int64_t pixel) const;
  [[nodiscard]] std::int64_t direct_sum(std::size_t node, std::int64_t channel,
                                        std::int64_t pixel) const;
  void store_channel(std::size_t node, std::int64_t channel, std::span<const Upset> upsets);
  void store_code(std::size_t slot, std::int64_t pixel, std::int64_t channel, std::int64_t code);
  void begin_logits();
  void restore();

  const integer::Plan& plan_;
  SparseLimits limits_;
  const Golden* golden_ = nullptr;
  integer::Workspace now_;
  std::vector<ChangedCodes> changed_;           ///< per slot
  std::vector<ReadingTaps> taps_;               ///< per node
  std::vector<std::vector<std::size_t>> read_;  ///< slots, per node
  Sums sums_;
  std::vector<Upset> upsets_;
  ChangedGroups groups_;
  std::vector<std::uint64_t> mask_;                              ///< of one pixel
  std::vector<std::int64_t> disturbed_pixels_, disturbed_sums_;  ///< of the channel at work
  bool has_logits_ = false;  ///< the output was run: now_.logits are this run's
  bool crashed_ = false;
};

}  // namespace hwflow::train::fault
