#include "chip/overlay/matrix_product.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

/// The two factors of a product; of two activations the first one takes the place of the weights.
struct Factors {
  const Operand* weights = nullptr;
  const Operand* inputs = nullptr;
};

Factors factors(const Operator& op) {
  Factors found;
  for (const Operand& operand : op.operands()) {
    if (operand.role == Role::outputs) continue;
    if (operand.role == Role::weights) {
      found.weights = &operand;
    } else {
      if (found.inputs != nullptr) found.weights = found.inputs;
      found.inputs = &operand;
    }
  }
  return found;
}

void check_width(const char* name, int bits, int most, Diagnostics& problems) {
  if (bits >= 1 && bits <= most) return;
  problems.push_back({name, fmt::format("must be in [1, {}] on an overlay, got {}", most, bits),
                      bits > most ? "quantize the layer" : ""});
}

/// Sorts the dimensions by the operands that they index.
Diagnostics set_sizes(const Operator& op, const Factors& of, MatrixProduct& product) {
  Diagnostics problems;
  for (const Dim dim : kDims) {
    const std::int64_t bound = op.bound(dim);
    if (bound == 1) continue;
    const bool weights = of.weights->indexed_by(dim);
    const bool inputs = of.inputs->indexed_by(dim);
    const bool outputs = op.output().indexed_by(dim);
    if (weights && inputs && outputs) {
      product.count *= bound;
    } else if (weights && inputs) {
      product.k *= bound;
    } else if (weights && outputs) {
      product.m *= bound;
    } else if (inputs && outputs) {
      product.n *= bound;
    } else {
      problems.push_back({std::string(name(dim)), "indexes one operand only", ""});
    }
  }
  return problems;
}

}  // namespace

double MatrixProduct::binary_operations() const {
  return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n) *
         static_cast<double>(weight_bits * input_bits) * static_cast<double>(count);
}

double most_work(const MatrixProduct& product) {
  // At most, every pair of planes of every result reads two vectors of its own. Padding: an edge of
  // the array, a word of k; whole chunks of k may double what is read.
  const auto padded = [](std::int64_t size, double padding) {
    return static_cast<double>(size) + padding;
  };
  return 4.0 * padded(product.m, 256) * padded(product.n, 256) * padded(product.k, 1024) *
         static_cast<double>(product.weight_bits * product.input_bits) *
         static_cast<double>(product.count);
}

Expected<std::optional<MatrixProduct>> matrix_product(const Layer& layer) {
  if (layer.op.macs() == 0) return std::optional<MatrixProduct>{};
  const Factors of = factors(layer.op);
  if (of.weights == nullptr || of.inputs == nullptr)
    return Unexpected{Diagnostics{{layer.name, "multiplies without two operands", ""}}};

  MatrixProduct product;
  const bool is_constant = of.weights->role == Role::weights;
  product.weight_bits = is_constant ? layer.bits.weights : layer.bits.inputs;
  product.input_bits = layer.bits.inputs;
  product.output_bits = layer.bits.outputs;
  Diagnostics problems = set_sizes(layer.op, of, product);
  if (is_constant) check_width("bits.weights", product.weight_bits, kMaxOverlayBits, problems);
  check_width("bits.inputs", product.input_bits, kMaxOverlayBits, problems);
  check_width("bits.outputs", product.output_bits, 64, problems);
  if (problems.empty() && most_work(product) > kMostExactWork)
    problems.push_back({"layer", "is too large: more than 2^52 cycles or bits are possible", ""});
  if (!problems.empty()) {
    for (Diagnostic& problem : problems) problem.place = layer.name + ": " + problem.place;
    return Unexpected{std::move(problems)};
  }
  product.input_elements =
      std::min(ceil_div(of.inputs->elements(), product.count), product.k * product.n);
  return std::optional{product};
}

}  // namespace hwflow::chip
