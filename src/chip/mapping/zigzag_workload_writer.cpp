#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "chip/mapping/zigzag_workload.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

std::string lower_name(Dim dim) {
  std::string name = dimension_name(dim);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string letter_of(Role role) {
  switch (role) {
    case Role::weights: return "W";
    case Role::inputs: return "I";
    case Role::outputs: return "O";
  }
  return "";
}

class Writer {
 public:
  explicit Writer(const Layer& layer) : layer_(layer) {}

  ForeignText write() {
    const auto& operands = layer_.op.operands();
    if (layer_.op.arithmetic() != Arithmetic::multiply_accumulate || operands.size() != kRoleCount)
      loss("arithmetic", "is no product of weights and inputs that is summed");
    std::array<std::string, kRoleCount> texts;
    for (const Operand& operand : operands) texts[index(operand.role)] = text_of(operand);
    Value map = Value::map();
    map.set("id", 0);
    map.set("name", layer_.name);
    map.set("operator_type", "Conv");
    map.set("equation", fmt::format("{}+={}*{}", texts[index(Role::outputs)],
                                    texts[index(Role::weights)], texts[index(Role::inputs)]));
    map.set("dimension_relations", relations_);
    set_sizes(map);
    map.set("operand_precision", precision());
    return {schema::to_yaml(Value::list().append(map)), {}, std::move(losses_)};
  }

 private:
  void loss(const std::string& place, std::string reason, std::string hint = {}) {
    losses_.push_back(
        {fmt::format("layer {}: {}", layer_.name, place), std::move(reason), std::move(hint)});
  }

  /// "I[b][c][ix][iy]"; an index of two dimensions gets a relation.
  std::string text_of(const Operand& operand) {
    std::string text = letter_of(operand.role);
    const char letter = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    char axis = 'x';
    for (const Rank& rank : operand.ranks) {
      if (rank.terms.empty()) continue;
      tell_padding(operand, rank);
      if (rank.terms.size() == 1) {
        text += fmt::format("[{}]", lower_name(rank.terms.front().dim));
        continue;
      }
      const std::string name{letter, axis++};
      const AffineTerm &a = rank.terms[0], &b = rank.terms[1];
      relations_.append(fmt::format("{}={}*{}+{}*{}", name, a.coefficient, lower_name(a.dim),
                                    b.coefficient, lower_name(b.dim)));
      text += fmt::format("[{}]", name);
    }
    return text;
  }

  void tell_padding(const Operand& operand, const Rank& rank) {
    std::int64_t length = 1;
    for (const AffineTerm& term : rank.terms) {
      used_.insert(term.dim);
      length += term.coefficient * (layer_.op.bound(term.dim) - 1);
    }
    if (rank.offset == 0 && rank.extent >= length) return;
    loss(operand.name, "is padded: ZigZag counts the padding like any word",
         "count with padding, or leave it out of the layer");
  }

  void set_sizes(Value& map) const {
    Value dims = Value::list(), sizes = Value::list();
    for (const Dim dim : kDims) {
      if (!used_.contains(dim)) continue;
      dims.append(dimension_name(dim));
      sizes.append(layer_.op.bound(dim));
    }
    map.set("loop_dims", dims);
    map.set("loop_sizes", sizes);
  }

  [[nodiscard]] Value precision() const {
    Value map = Value::map();
    map.set("W", layer_.bits.weights);
    map.set("I", layer_.bits.inputs);
    map.set("O", layer_.bits.partial_sums);
    map.set("O_final", layer_.bits.outputs);
    return map;
  }

  const Layer& layer_;
  Value relations_ = Value::list();
  std::set<Dim> used_;
  Diagnostics losses_;
};

}  // namespace

ForeignText write_layer(const Layer& layer) { return Writer(layer).write(); }

}  // namespace hwflow::chip::zigzag
