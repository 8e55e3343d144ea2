#include "chip/overlay/cost_table.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "chip/overlay/product_orders.hpp"

namespace hwflow::chip {
namespace {

/// What the memories of one side do for either operand, by depth of the memory.
struct SideFits {
  std::vector<OperandFit> weights, inputs;
  std::vector<std::size_t> same_as;  ///< the first depth at which both fit alike

  SideFits(const OperandShape& of_weights, const OperandShape& of_inputs,
           const std::vector<std::int64_t>& depths, const ProductFrame& frame,
           const OverlayOptions& options) {
    for (std::size_t i = 0; i < depths.size(); ++i) {
      weights.push_back(operand_fit(of_weights, depths[i], frame, options));
      inputs.push_back(operand_fit(of_inputs, depths[i], frame, options));
      std::size_t first = 0;
      while (weights[first] != weights[i] || inputs[first] != inputs[i]) ++first;
      same_as.push_back(first);
    }
  }
};

/// Fills the table for one dm, dk, dn at a time.
class TableBuilder {
 public:
  TableBuilder(const MatrixProduct& product, const DesignList& designs,
               const OverlayOptions& options, const std::vector<ScheduleRule>& rules)
      : product_(product), designs_(designs), options_(options), rules_(rules) {
    const std::size_t size = designs.entries().size() * rules.size();
    table_.cycles.resize(size);
    table_.dram_bits.resize(size);
  }

  CostTable build() {
    const DesignSpace& space = designs_.space();
    DesignList::Place place;
    for (place.dm = 0; place.dm < space.dm.size(); ++place.dm)
      for (place.dk = 0; place.dk < space.dk.size(); ++place.dk)
        for (place.dn = 0; place.dn < space.dn.size(); ++place.dn) add_array(place);
    return std::move(table_);
  }

 private:
  void add_array(DesignList::Place place) {
    const DesignSpace& space = designs_.space();
    if (designs_.position(place) < 0) return;  // not even with the smallest memories
    const BismoShape array{space.dm[place.dm], space.dk[place.dk], space.dn[place.dn], 0, 0};
    const ProductFrame frame = product_frame(product_, array, options_);
    for (const bool left : {true, false}) {
      const std::int64_t rows = left ? array.dm : array.dn;
      weights_[left] = weights_shape(product_, rows, frame, options_);
      inputs_[left] = inputs_shape(product_, rows, frame, options_);
    }
    const SideFits left(weights_[true], inputs_[true], space.bm, frame, options_);
    const SideFits right(weights_[false], inputs_[false], space.bn, frame, options_);
    known_.assign(space.bm.size() * space.bn.size(), -1);
    for (place.bm = 0; place.bm < space.bm.size(); ++place.bm) {
      for (place.bn = 0; place.bn < space.bn.size(); ++place.bn) {
        const std::int32_t position = designs_.position(place);
        if (position < 0 || !designs_.is_listed(place)) continue;
        std::int32_t& known =
            known_[left.same_as[place.bm] * space.bn.size() + right.same_as[place.bn]];
        if (known < 0) {
          known = position;
          add_design(position, frame, left, right, place);
        } else {
          copy(known, position);
        }
      }
    }
  }

  void copy(std::int32_t from, std::int32_t to) {
    const std::size_t rules = rules_.size();
    for (std::size_t r = 0; r < rules; ++r) {
      const std::size_t source = static_cast<std::size_t>(from) * rules + r;
      const std::size_t target = static_cast<std::size_t>(to) * rules + r;
      table_.cycles[target] = table_.cycles[source];
      table_.dram_bits[target] = table_.dram_bits[source];
    }
  }

  void add_design(std::int32_t position, const ProductFrame& frame, const SideFits& left,
                  const SideFits& right, const DesignList::Place& place) {
    std::array<ProductCost, kProductOrders.size()> costs;
    for (std::size_t i = 0; i < kProductOrders.size(); ++i) {
      const ProductOrder order = kProductOrders[i];
      const PlacedOperand weights{weights_[order.weights_left], order.weights_left
                                                                    ? left.weights[place.bm]
                                                                    : right.weights[place.bn]};
      const PlacedOperand inputs{inputs_[!order.weights_left], order.weights_left
                                                                   ? right.inputs[place.bn]
                                                                   : left.inputs[place.bm]};
      costs[i] = order.weights_outer ? cost_of_nest(frame, weights, inputs, options_)
                                     : cost_of_nest(frame, inputs, weights, options_);
    }
    for (std::size_t r = 0; r < rules_.size(); ++r) {
      const ProductCost& best = *std::min_element(costs.begin(), costs.end(),
                                                  [&](const ProductCost& a, const ProductCost& b) {
                                                    return is_preferred(a, b, rules_[r]);
                                                  });
      const std::size_t at = static_cast<std::size_t>(position) * rules_.size() + r;
      table_.cycles[at] = static_cast<double>(best.cycles * product_.count);
      table_.dram_bits[at] = static_cast<double>(best.dram_bits() * product_.count);
    }
  }

  const MatrixProduct& product_;
  const DesignList& designs_;
  const OverlayOptions& options_;
  const std::vector<ScheduleRule>& rules_;
  CostTable table_;
  std::array<OperandShape, 2> weights_, inputs_;  ///< [is on the left]
  std::vector<std::int32_t> known_;  ///< position of the design costed for a pair of fits
};

}  // namespace

CostTable make_cost_table(const MatrixProduct& product, const DesignList& designs,
                          const OverlayOptions& options, const std::vector<ScheduleRule>& rules) {
  return TableBuilder(product, designs, options, rules).build();
}

}  // namespace hwflow::chip
