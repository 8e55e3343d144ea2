#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/fault/array_fault.hpp"
#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// The plain way to run a fault: a copy of the network with the stored words changed, every node
/// run on every image. What Propagation is held against; it shares none of its shortcuts.
class FullRun {
 public:
  /// `fault_free`: the network as it is, of the same kernels; outlives the object. Of stored words
  /// that are weights or biases a changed copy is compiled, once.
  FullRun(const integer::Plan& fault_free, std::span<const Upset> upsets);

  /// Of an array: registers in the place of stored words.
  FullRun(const integer::Plan& fault_free, std::span<const ArrayUpset> upsets);

  /// `pixels`: planes of bytes; `fault_free`: logits of the same image.
  [[nodiscard]] Verdict run(const std::uint8_t* pixels, std::span<const std::int64_t> fault_free);
  /// Of the last run that did not crash.
  [[nodiscard]] const integer::Workspace& workspace() const { return workspace_; }

 private:
  void change_scale(const Upset& upset);
  void run_node(std::size_t node, const std::uint8_t* pixels);
  void disturb_sums(std::size_t node);
  void disturb_codes(std::size_t node);
  void disturb_products(const ArrayUpset& upset);
  void store_sum(std::size_t node, std::int64_t element, std::int64_t sum);
  void store_code(std::size_t slot, std::int64_t element, std::int64_t code);
  template <class Visit>
  void for_each_product(std::size_t node, std::int64_t element, const Visit& visit) const;
  [[nodiscard]] std::int64_t bias_of(std::size_t node, std::int64_t element) const;
  [[nodiscard]] std::int64_t plain_sum(std::size_t node, std::int64_t element) const;

  std::vector<Upset> upsets_;
  std::vector<ArrayUpset> array_;
  const integer::Plan* fault_free_;
  std::unique_ptr<integer::Plan> plan_;  ///< the faulty one
  integer::Workspace workspace_;
};

}  // namespace hwflow::train::fault
