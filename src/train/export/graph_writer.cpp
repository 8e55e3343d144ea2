#include "train/export/graph_writer.hpp"

namespace hwflow::train {

std::string GraphWriter::add(const std::string& op_type, const std::vector<std::string>& inputs,
                             const std::string& output) {
  onnx::NodeProto& made = *graph_.add_node();
  made.set_op_type(op_type);
  made.set_name(output);
  for (const std::string& input : inputs) made.add_input(input);
  made.add_output(output);
  return output;
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
  made.set_name(tensor);
  made.set_data_type(type);
  for (const std::int64_t extent : shape) made.add_dims(extent);
  return made;
}

std::string GraphWriter::floats(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<float>& values) {
  constant(tensor, shape, onnx::TensorProto::FLOAT)
      .set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

std::string GraphWriter::int64s(const std::string& tensor,
                                const std::vector<std::int64_t>& values) {
  constant(tensor, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64)
      .set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return tensor;
}

std::string GraphWriter::int8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                               const std::vector<std::int8_t>& values) {
  constant(tensor, shape, onnx::TensorProto::INT8).set_raw_data(values.data(), values.size());
  return tensor;
}

std::string GraphWriter::uint8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<std::uint8_t>& values) {
  constant(tensor, shape, onnx::TensorProto::UINT8).set_raw_data(values.data(), values.size());
  return tensor;
}

std::string GraphWriter::int32s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                                const std::vector<std::int32_t>& values) {
  constant(tensor, shape, onnx::TensorProto::INT32)
      .set_raw_data(values.data(), values.size() * sizeof(std::int32_t));
  return tensor;
}

}  // namespace hwflow::train
