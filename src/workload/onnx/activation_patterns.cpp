#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workload/onnx/problem.hpp"
#include "workload/onnx/rewriting.hpp"
#include "workload/onnx/tensor.hpp"

namespace hwflow::onnx_import {
namespace {

using ::onnx::GraphProto;
using ::onnx::NodeProto;

bool is_near(double value, double wanted) {
  return std::abs(value - wanted) <= 1e-3 * std::abs(wanted);
}

/// clip(slope * x + shift, 0, high)
struct Ramp {
  std::string x;
  double slope = 1.0, shift = 0.0, high = 1.0;
};

/// slope * x + shift
struct Line {
  std::string x;
  double slope = 1.0, shift = 0.0;
};

/// A product of tensors and of one number.
struct Product {
  std::vector<std::string> factors;
  double number = 1.0;
};

/// A node with one constant number and one tensor among its two inputs.
struct WithNumber {
  std::string tensor;
  double number = 0.0;
  bool number_is_left = false;
};

struct Found {
  const char* op_type;
  std::string x;
  double alpha = 0.0, beta = 0.0;  ///< of HardSigmoid
};

class Patterns {
 public:
  explicit Patterns(GraphProto& graph) : graph_(graph) {
    for (const auto& tensor : graph.initializer()) tensors_.emplace(tensor.name(), &tensor);
    for (int i = 0; i < graph.node_size(); ++i) {
      const NodeProto& node = graph.node(i);
      for (const std::string& output : node.output()) makers_.emplace(output, i);
      for (const std::string& input : node.input()) ++readers_[input];
    }
    for (const auto& output : graph.output()) ++readers_[output.name()];
  }

  void run() {
    // First what has x as a factor, then ramps alone, which are parts of the former.
    for (const bool with_x : {true, false}) {
      for (int i = 0; i < graph_.node_size(); ++i) {
        if (graph_.node(i).output_size() != 1 || !graph_.node(i).domain().empty()) continue;
        const auto found = with_x ? gated(graph_.node(i)) : ramp_alone(graph_.node(i));
        if (found) replace(*graph_.mutable_node(i), *found);
      }
    }
    remove_unread();
  }

 private:
  const NodeProto* maker(const std::string& tensor) const {
    const auto found = makers_.find(tensor);
    return found == makers_.end() ? nullptr : &graph_.node(found->second);
  }

  const NodeProto* maker(const std::string& tensor, const char* op_type, int inputs) const {
    const NodeProto* node = maker(tensor);
    const bool fits = node != nullptr && node->op_type() == op_type &&
                      node->input_size() >= inputs && node->domain().empty();
    return fits ? node : nullptr;
  }

  /// A tensor of the file that holds a single number.
  std::optional<double> number(const std::string& name) const {
    const ::onnx::TensorProto* tensor = nullptr;
    if (const auto found = tensors_.find(name); found != tensors_.end()) tensor = found->second;
    if (const NodeProto* node = maker(name, "Constant", 0)) {
      for (const auto& attribute : node->attribute()) {
        if (attribute.name() == "value" && attribute.has_t()) tensor = &attribute.t();
        if (attribute.name() == "value_float") return static_cast<double>(attribute.f());
      }
    }
    if (tensor == nullptr || tensor->data_location() == ::onnx::TensorProto::EXTERNAL)
      return std::nullopt;
    for (const std::int64_t size : tensor->dims())
      if (size != 1) return std::nullopt;
    try {
      const ConstantPtr constant = read_tensor(*tensor, ".");
      if (!constant->has_values || constant->size() != 1) return std::nullopt;
      return constant->number(0);
    } catch (const Problem&) {
      return std::nullopt;  // told when the tensor is read
    }
  }

  std::optional<WithNumber> with_number(const NodeProto* node) const {
    if (node == nullptr || node->input_size() != 2) return std::nullopt;
    for (const int side : {0, 1}) {
      const auto value = number(node->input(side));
      if (value && !number(node->input(1 - side)))
        return WithNumber{node->input(1 - side), *value, side == 0};
    }
    return std::nullopt;
  }

  /// `tensor` as a scaled `x`; x is found where it is not given.
  std::optional<Line> scaled(const std::string& tensor, const std::string& x) const {
    if (x == tensor) return Line{x, 1.0, 0.0};
    const NodeProto* node = maker(tensor);
    const auto operands = with_number(node);
    if (operands && (x.empty() || operands->tensor == x)) {
      if (node->op_type() == "Mul") return Line{operands->tensor, operands->number, 0.0};
      if (node->op_type() == "Div" && !operands->number_is_left && operands->number != 0.0)
        return Line{operands->tensor, 1.0 / operands->number, 0.0};
    }
    if (x.empty()) return Line{tensor, 1.0, 0.0};
    return std::nullopt;
  }

  std::optional<Line> line(const std::string& tensor, const std::string& x) const {
    if (const NodeProto* node = maker(tensor, "Add", 2)) {
      const auto operands = with_number(node);
      if (!operands) return std::nullopt;
      auto result = scaled(operands->tensor, x);
      if (result) result->shift = operands->number;
      return result;
    }
    return x.empty() ? std::nullopt : scaled(tensor, x);
  }

  /// Upper limit and operand of a clip from zero, however it is spelled.
  std::optional<std::pair<std::string, double>> clipped(const std::string& tensor) const {
    if (const NodeProto* node = maker(tensor, "Clip", 1)) {
      std::array<std::optional<double>, 2> limits;
      for (const auto& attribute : node->attribute()) {
        if (attribute.name() == "min") limits[0] = static_cast<double>(attribute.f());
        if (attribute.name() == "max") limits[1] = static_cast<double>(attribute.f());
      }
      for (const int side : {0, 1})
        if (node->input_size() > side + 1)
          limits[static_cast<std::size_t>(side)] = number(node->input(side + 1));
      if (!limits[0] || *limits[0] != 0.0 || !limits[1]) return std::nullopt;
      return std::pair{node->input(0), *limits[1]};
    }
    const auto least = with_number(maker(tensor, "Min", 2));
    if (!least) return std::nullopt;
    if (const NodeProto* relu = maker(least->tensor, "Relu", 1))
      return std::pair{relu->input(0), least->number};
    const auto most = with_number(maker(least->tensor, "Max", 2));
    if (!most || most->number != 0.0) return std::nullopt;
    return std::pair{most->tensor, least->number};
  }

  std::optional<Ramp> ramp(const std::string& tensor, const std::string& x) const {
    if (const NodeProto* node = maker(tensor, "HardSigmoid", 1)) {
      if (!x.empty() && node->input(0) != x) return std::nullopt;
      Ramp result{node->input(0), 0.2, 0.5, 1.0};
      for (const auto& attribute : node->attribute()) {
        if (attribute.name() == "alpha") result.slope = static_cast<double>(attribute.f());
        if (attribute.name() == "beta") result.shift = static_cast<double>(attribute.f());
      }
      return result;
    }
    const auto clip = clipped(tensor);
    if (!clip || clip->second <= 0.0) return std::nullopt;
    const auto inner = line(clip->first, x);
    if (!inner) return std::nullopt;
    return Ramp{inner->x, inner->slope, inner->shift, clip->second};
  }

  /// Takes products apart as far as nobody else reads the parts.
  void collect(const NodeProto& node, int depth, Product& product) const {
    for (int side = 0; side < node.input_size(); ++side) {
      const bool is_divisor = side == 1 && node.op_type() == "Div";
      const std::string& input = node.input(side);
      const auto value = number(input);
      const auto uses = readers_.find(input);
      const NodeProto* inner = maker(input);
      const bool is_product = inner != nullptr && inner->input_size() == 2 &&
                              (inner->op_type() == "Mul" || inner->op_type() == "Div");
      if (value)
        product.number *= is_divisor ? 1.0 / *value : *value;
      else if (is_divisor)
        product.factors.resize(9);  // no product
      else if (is_product && depth < 4 && uses != readers_.end() && uses->second == 1)
        collect(*inner, depth + 1, product);
      else
        product.factors.push_back(input);
    }
  }

  Product product_of(const NodeProto& node) const {
    Product product;
    if ((node.op_type() == "Mul" || node.op_type() == "Div") && node.input_size() == 2)
      collect(node, 0, product);
    return product;
  }

  /// x times a function of x.
  std::optional<Found> gated(const NodeProto& node) const {
    const Product product = product_of(node);
    if (product.factors.size() != 2) return std::nullopt;
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const std::string &x = product.factors[side], &gate = product.factors[1 - side];
      if (x.empty() || gate.empty()) return std::nullopt;
      if (const auto found = gate_of(x, gate, product.number)) return found;
    }
    return std::nullopt;
  }

  std::optional<Found> gate_of(const std::string& x, const std::string& gate, double factor) const {
    if (const auto found = ramp(gate, x)) {
      const bool is_hard_swish = is_near(found->slope * factor, 1.0 / 6.0) &&
                                 is_near(found->shift * factor, 0.5) &&
                                 is_near(found->high * factor, 1.0);
      if (is_hard_swish) return Found{"HardSwish", x};
    }
    const NodeProto* sigmoid = maker(gate, "Sigmoid", 1);
    if (sigmoid != nullptr && sigmoid->input(0) == x && factor == 1.0) return Found{"Silu", x};
    if (const NodeProto* tanh = maker(gate, "Tanh", 1)) {
      const NodeProto* softplus = maker(tanh->input(0), "Softplus", 1);
      if (softplus != nullptr && softplus->input(0) == x && factor == 1.0) return Found{"Mish", x};
    }
    const NodeProto* sum = maker(gate, "Add", 2);
    const auto one = with_number(sum);
    if (!one || one->number != 1.0 || !is_near(factor, 0.5)) return std::nullopt;
    const NodeProto* erf = maker(one->tensor, "Erf", 1);
    if (erf == nullptr) return std::nullopt;
    const auto inner = scaled(erf->input(0), x);
    if (inner && is_near(inner->slope, std::numbers::sqrt2 / 2.0)) return Found{"Gelu", x};
    return std::nullopt;
  }

  /// A ramp that ends at one.
  std::optional<Found> ramp_alone(const NodeProto& node) const {
    const Product product = product_of(node);
    const bool is_clip = node.op_type() == "Clip" || node.op_type() == "Min";
    if (!is_clip && (product.factors.size() != 1 || product.factors[0].empty()))
      return std::nullopt;
    const auto found = ramp(is_clip ? node.output(0) : product.factors[0], "");
    const double factor = is_clip ? 1.0 : product.number;
    if (!found || !is_near(found->high * factor, 1.0)) return std::nullopt;
    return Found{"HardSigmoid", found->x, found->slope * factor, found->shift * factor};
  }

  void replace(NodeProto& node, const Found& found) {
    ++readers_[found.x];
    for (const std::string& input : node.input()) drop_reader(input);
    node.set_op_type(found.op_type);
    node.clear_input();
    node.clear_attribute();
    node.add_input(found.x);
    if (std::string(found.op_type) != "HardSigmoid") return;
    for (const auto& [name, value] :
         {std::pair{"alpha", found.alpha}, std::pair{"beta", found.beta}}) {
      auto* attribute = node.add_attribute();
      attribute->set_name(name);
      attribute->set_type(::onnx::AttributeProto::FLOAT);
      attribute->set_f(static_cast<float>(value));
    }
  }

  /// A node whose only output nobody reads any more is left out, and so are those behind it.
  void drop_reader(const std::string& tensor) {
    std::vector<std::string> left{tensor};
    while (!left.empty()) {
      const std::string name = std::move(left.back());
      left.pop_back();
      if (--readers_[name] != 0) continue;
      const NodeProto* node = maker(name);
      if (node == nullptr || node->output_size() != 1) continue;
      unread_.push_back(makers_.at(name));
      for (const std::string& input : node->input()) left.push_back(input);
    }
  }

  void remove_unread() {
    std::sort(unread_.begin(), unread_.end());
    unread_.erase(std::unique(unread_.begin(), unread_.end()), unread_.end());
    for (std::size_t i = unread_.size(); i-- > 0;)
      graph_.mutable_node()->DeleteSubrange(unread_[i], 1);
  }

  GraphProto& graph_;
  std::map<std::string, const ::onnx::TensorProto*> tensors_;
  std::map<std::string, int> makers_, readers_;
  std::vector<int> unread_;
};

}  // namespace

void recognise_activations(GraphProto& graph) { Patterns(graph).run(); }

}  // namespace hwflow::onnx_import
