#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace hwflow::onnx_import {

/// Typed reading of a node's attributes. Throws Problem where an attribute has another type.
class Attributes {
 public:
  explicit Attributes(const ::onnx::NodeProto& node) : node_(&node) {}

  [[nodiscard]] const ::onnx::AttributeProto* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  [[nodiscard]] double number(std::string_view name, double otherwise) const;
  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view name) const;
  /// Empty when absent.
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const;

 private:
  const ::onnx::NodeProto* node_;
};

}  // namespace hwflow::onnx_import
