#include "chip/overlay/product_cost.hpp"

#include <tuple>

#include "chip/overlay/product_orders.hpp"

namespace hwflow::chip {
namespace {

std::tuple<std::int64_t, std::int64_t, std::int64_t> rank(const ProductCost& cost,
                                                          ScheduleRule rule) {
  const std::int64_t cycles = cost.cycles;
  const std::int64_t bits = cost.dram_bits();
  switch (rule) {
    case ScheduleRule::cycles: return {cycles, bits, 0};
    case ScheduleRule::dram: return {bits, cycles, 0};
    case ScheduleRule::balanced: break;
  }
  return {cycles + cost.fetch_cycles + cost.result_cycles, cycles, bits};
}

}  // namespace

ProductCost cost_in_order(const MatrixProduct& product, const BismoShape& design,
                          const OverlayOptions& options, ProductOrder order) {
  const ProductFrame frame = product_frame(product, design, options);
  const std::int64_t weight_rows = order.weights_left ? design.dm : design.dn;
  const std::int64_t input_rows = order.weights_left ? design.dn : design.dm;
  PlacedOperand weights{weights_shape(product, weight_rows, frame, options), {}};
  PlacedOperand inputs{inputs_shape(product, input_rows, frame, options), {}};
  weights.fit =
      operand_fit(weights.shape, order.weights_left ? design.bm : design.bn, frame, options);
  inputs.fit =
      operand_fit(inputs.shape, order.weights_left ? design.bn : design.bm, frame, options);

  ProductCost cost = order.weights_outer ? cost_of_nest(frame, weights, inputs, options)
                                         : cost_of_nest(frame, inputs, weights, options);
  cost.schedule.order = order;
  for (std::int64_t ProductCost::*total :
       {&ProductCost::cycles, &ProductCost::execute_cycles, &ProductCost::fetch_cycles,
        &ProductCost::result_cycles, &ProductCost::fetch_bits, &ProductCost::result_bits})
    cost.*total *= product.count;
  return cost;
}

bool is_preferred(const ProductCost& a, const ProductCost& b, ScheduleRule rule) {
  return rank(a, rule) < rank(b, rule);
}

ProductCost best_cost(const MatrixProduct& product, const BismoShape& design,
                      const OverlayOptions& options, ScheduleRule rule) {
  ProductCost best = cost_in_order(product, design, options, kProductOrders[0]);
  for (std::size_t i = 1; i < kProductOrders.size(); ++i) {
    const ProductCost cost = cost_in_order(product, design, options, kProductOrders[i]);
    if (is_preferred(cost, best, rule)) best = cost;
  }
  return best;
}

}  // namespace hwflow::chip
