#include "workload/onnx/attributes.hpp"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

using ::onnx::AttributeProto;

/// Old exporters leave the type out; then the field that is set tells.
void check_type(const AttributeProto& attribute, AttributeProto::AttributeType type, bool is_set) {
  if (attribute.type() == type || (attribute.type() == AttributeProto::UNDEFINED && is_set)) return;
  throw Problem(fmt::format("attribute '{}' has the wrong type", attribute.name()));
}

}  // namespace

const AttributeProto* Attributes::find(std::string_view name) const {
  for (const AttributeProto& attribute : node_->attribute())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

std::int64_t Attributes::integer(std::string_view name, std::int64_t otherwise) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return otherwise;
  check_type(*attribute, AttributeProto::INT, attribute->has_i());
  return attribute->i();
}

double Attributes::number(std::string_view name, double otherwise) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return otherwise;
  check_type(*attribute, AttributeProto::FLOAT, attribute->has_f());
  return attribute->f();
}

std::string Attributes::text(std::string_view name, std::string_view otherwise) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return std::string(otherwise);
  check_type(*attribute, AttributeProto::STRING, attribute->has_s());
  return attribute->s();
}

std::optional<std::vector<std::int64_t>> Attributes::integers(std::string_view name) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return std::nullopt;
  check_type(*attribute, AttributeProto::INTS, attribute->ints_size() > 0);
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::vector<double> Attributes::numbers(std::string_view name) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return {};
  check_type(*attribute, AttributeProto::FLOATS, attribute->floats_size() > 0);
  return {attribute->floats().begin(), attribute->floats().end()};
}

}  // namespace hwflow::onnx_import
