#include "train/export/graph_writer.hpp"

#include <fmt/format.h>

namespace hwflow::train {

std::string GraphWriter::free_name(const std::string& wanted) {
  std::string name = wanted;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = fmt::format("{}_{}", wanted, number);
  }
  return name;
}

std::string GraphWriter::add(const std::string& op_type, const std::vector<std::string>& inputs,
                             const std::string& output) {
  onnx::NodeProto& made = *graph_.add_node();
  made.set_op_type(op_type);
  const std::string name = free_name(output);
  made.set_name(name);
  for (const std::string& input : inputs) made.add_input(input);
  made.add_output(name);
  return name;
}

onnx::AttributeProto& GraphWriter::new_attribute(const std::string& key,
                                                 onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& made = *node().add_attribute();
  made.set_name(key);
  made.set_type(type);
  return made;
}

void GraphWriter::attribute(const std::string& key, std::int64_t value) {
  new_attribute(key, onnx::AttributeProto::INT).set_i(value);
}

void GraphWriter::attribute(const std::string& key, float value) {
  new_attribute(key, onnx::AttributeProto::FLOAT).set_f(value);
}

void GraphWriter::attribute(const std::string& key, const std::string& value) {
  new_attribute(key, onnx::AttributeProto::STRING).set_s(value);
}

void GraphWriter::attribute(const std::string& key, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& made = new_attribute(key, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) made.add_ints(value);
}

onnx::TensorProto& GraphWriter::constant(const std::string& tensor,
                                         const std::vector<std::int64_t>& shape,
                                         onnx::TensorProto::DataType type) {
  onnx::TensorProto& made = *graph_.add_initializer();
  made.set_name(free_name(tensor));
  made.set_data_type(type);
  for (const std::int64_t extent : shape) made.add_dims(extent);
  return made;
}

std::string GraphWriter::floats(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<float>& values) {
  onnx::TensorProto& made = constant(tensor, shape, onnx::TensorProto::FLOAT);
  made.set_raw_data(values.data(), values.size() * sizeof(float));
  return made.name();
}

std::string GraphWriter::int64s(const std::string& tensor,
                                const std::vector<std::int64_t>& values) {
  onnx::TensorProto& made =
      constant(tensor, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
  made.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return made.name();
}

std::string GraphWriter::int8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                               const std::vector<std::int8_t>& values) {
  onnx::TensorProto& made = constant(tensor, shape, onnx::TensorProto::INT8);
  made.set_raw_data(values.data(), values.size());
  return made.name();
}

std::string GraphWriter::uint8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<std::uint8_t>& values) {
  onnx::TensorProto& made = constant(tensor, shape, onnx::TensorProto::UINT8);
  made.set_raw_data(values.data(), values.size());
  return made.name();
}

std::string GraphWriter::int32s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<std::int32_t>& values) {
  onnx::TensorProto& made = constant(tensor, shape, onnx::TensorProto::INT32);
  made.set_raw_data(values.data(), values.size() * sizeof(std::int32_t));
  return made.name();
}

}  // namespace hwflow::train
