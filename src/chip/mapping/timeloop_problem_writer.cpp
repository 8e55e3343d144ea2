#include <fmt/format.h>

#include <set>

#include "chip/arch/timeloop_architecture.hpp"
#include "chip/mapping/timeloop_problem.hpp"
#include "schema/write.hpp"

namespace hwflow::chip::timeloop {
namespace {

using schema::Value;

class Writer {
 public:
  Writer(const Layer& layer, Format format) : layer_(layer), plain_(format != Format::timeloop) {}

  ForeignText write() {
    tell_losses();
    Value spaces = Value::list();
    for (const Operand& operand : layer_.op.operands()) spaces.append(space(operand));
    Value dims = Value::list();
    for (const Dim dim : kDims)
      if (used_.contains(dim)) dims.append(dimension_name(dim));
    Value shape = Value::map();
    shape.set("name", layer_.name);
    shape.set("dimensions", dims);
    shape.set("coefficients", coefficients_);
    shape.set(plain_ ? "data-spaces" : "data_spaces", spaces);
    Value instance = Value::map();
    for (const Dim dim : kDims)
      if (used_.contains(dim)) instance.set(dimension_name(dim), layer_.op.bound(dim));
    Value problem = Value::map();
    problem.set("version", plain_ ? 0.3 : 0.4);
    problem.set("name", layer_.name);
    problem.set("shape", shape);
    problem.set("instance", instance);
    Value document = Value::map();
    document.set("problem", problem);
    return {schema::to_yaml(document), {}, std::move(losses_)};
  }

 private:
  void loss(std::string place, std::string reason, std::string hint = {}) {
    losses_.push_back(
        {fmt::format("layer {}: {}", layer_.name, place), std::move(reason), std::move(hint)});
  }

  void tell_losses() {
    const LayerBits& bits = layer_.bits;
    if (bits != LayerBits{bits.weights, bits.weights, bits.weights, bits.weights})
      loss("widths",
           fmt::format("weights {}, inputs {}, outputs {} and partial sums {} bits: Timeloop "
                       "counts words of one width",
                       bits.weights, bits.inputs, bits.outputs, bits.partial_sums),
           "all of them alike, as --bits W/W on a machine of that float_bits");
    if (layer_.op.arithmetic() != Arithmetic::multiply_accumulate)
      loss("arithmetic", "Timeloop's problems multiply and add");
    std::set<Role> roles;
    for (const Operand& operand : layer_.op.operands()) roles.insert(operand.role);
    if (layer_.op.operands().size() != kRoleCount || roles.size() != kRoleCount)
      loss("operands", "are not one tensor of weights, one of inputs and one of outputs");
    for (const Operand& operand : layer_.op.operands()) tell_padding(operand);
  }

  void tell_padding(const Operand& operand) {
    for (const Rank& rank : operand.ranks) {
      std::int64_t length = 1;
      for (const AffineTerm& term : rank.terms)
        length += term.coefficient * (layer_.op.bound(term.dim) - 1);
      if (rank.offset == 0 && rank.extent >= length) continue;
      loss(operand.name, "is padded: Timeloop stores and moves the padding like any word",
           "count with padding, or leave it out of the layer");
      return;
    }
  }

  Value space(const Operand& operand) {
    Value ranks = Value::list();
    for (const Rank& rank : operand.ranks) {
      Value terms = Value::list();
      for (const AffineTerm& term : rank.terms) {
        used_.insert(term.dim);
        Value pair = Value::list();
        pair.append(dimension_name(term.dim));
        if (term.coefficient != 1) pair.append(coefficient(operand, term));
        terms.append(pair);
      }
      if (!rank.terms.empty()) ranks.append(terms);
    }
    Value map = Value::map();
    map.set("name", data_space(operand.role));
    map.set("projection", ranks);
    if (operand.role == Role::outputs) map.set(plain_ ? "read-write" : "read_write", true);
    return map;
  }

  /// Adds a named coefficient; returns its name.
  std::string coefficient(const Operand& operand, const AffineTerm& term) {
    std::string name = fmt::format("{}_of_{}", dimension_name(term.dim), operand.name);
    if (operand.role == Role::inputs) {
      if (term.dim == Dim::p) name = "Wstride";
      if (term.dim == Dim::q) name = "Hstride";
      if (term.dim == Dim::r) name = "Wdilation";
      if (term.dim == Dim::s) name = "Hdilation";
    }
    Value entry = Value::map();
    entry.set("name", name);
    entry.set("default", term.coefficient);
    coefficients_.append(entry);
    return name;
  }

  const Layer& layer_;
  bool plain_;
  std::set<Dim> used_;
  Value coefficients_ = Value::list();
  Diagnostics losses_;
};

}  // namespace

ForeignText write_problem(const Layer& layer, Format format) {
  return Writer(layer, format).write();
}

}  // namespace hwflow::chip::timeloop
