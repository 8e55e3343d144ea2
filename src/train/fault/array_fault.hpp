#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// A register of a processing element of an array.
enum class Register : std::uint8_t {
  weight,       ///< each weight that passes through
  input,        ///< each input that passes through; what lies outside the image is not fetched
  partial_sum,  ///< what the element adds to an output, all of its products together, without bias
};
constexpr auto enum_names(Register) {
  return std::array{std::pair{std::string_view{"weight"}, Register::weight},
                    std::pair{std::string_view{"input"}, Register::input},
                    std::pair{std::string_view{"partial-sum"}, Register::partial_sum}};
}

/// Products of a layer, by the indices of its loops: all combinations. Channels k and c count
/// within their group g; each list is in rising order.
struct MacSet {
  std::vector<std::int64_t> g, k, c, p, q, r, s;
  [[nodiscard]] std::int64_t count() const {
    return static_cast<std::int64_t>(g.size() * k.size() * c.size() * p.size() * q.size() *
                                     r.size() * s.size());
  }
  bool operator==(const MacSet&) const = default;
};

/// All products of a compute node.
[[nodiscard]] MacSet all_macs(const integer::Plan& plan, std::size_t node);

/// What a faulty register does to one layer: the products that its element computes read it.
struct ArrayUpset {
  std::uint32_t node = 0;
  Register place = Register::weight;
  Effect effect = Effect::stuck_at_0;
  std::uint64_t bits = 0;
  MacSet macs;
};

/// Width of a register's word where the layer uses it.
[[nodiscard]] Word word_of(const integer::Plan& plan, std::size_t node, Register place);

/// What the disturbed products of a layer add to its sums.
class ArrayChange {
 public:
  /// Both outlive the object.
  ArrayChange(const integer::Plan& plan, const ArrayUpset& upset);
  /// To output (channel, row, column), one of upset.macs. `codes`: of the layer's input.
  [[nodiscard]] std::int64_t operator()(const integer::Workspace::Codes& codes,
                                        std::int64_t channel, std::int64_t row,
                                        std::int64_t column) const;

 private:
  [[nodiscard]] std::int64_t error_of(std::int64_t value) const;

  const integer::Plan& plan_;
  const ArrayUpset& upset_;
  Word word_;
  std::int64_t reach_ = 0;            ///< values -reach..reach are in the table
  std::vector<std::int32_t> errors_;  ///< read value - stored value
};

}  // namespace hwflow::train::fault
