#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "workload/onnx_reader.hpp"

namespace hwflow::onnx_tests {

using Dims = std::vector<std::int64_t>;

/// Writes down a small ONNX model, input "x" and output "y" unless told otherwise.
class Model {
 public:
  explicit Model(std::int64_t opset = 13) {
    proto.set_ir_version(8);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }

  Model& input(const Dims& dims, const std::string& name = "x") {
    auto* shape = add_value(proto.mutable_graph()->add_input(), name);
    for (const std::int64_t size : dims) {
      if (size == -1)
        shape->add_dim()->set_dim_param("N");
      else
        shape->add_dim()->set_dim_value(size);
    }
    return *this;
  }

  Model& output(const std::string& name = "y") {
    add_value(proto.mutable_graph()->add_output(), name);
    return *this;
  }

  /// Float initializer filled with `values`, or 0.5 everywhere when empty.
  Model& floats(const std::string& name, const Dims& dims, std::vector<float> values = {}) {
    auto* tensor = add_tensor(name, dims, ::onnx::TensorProto::FLOAT);
    std::int64_t count = 1;
    for (const std::int64_t size : dims) count *= size;
    if (values.empty()) values.assign(static_cast<std::size_t>(count), 0.5F);
    for (const float value : values) tensor->add_float_data(value);
    return *this;
  }

  Model& integers(const std::string& name, const std::vector<std::int64_t>& values) {
    auto* tensor =
        add_tensor(name, {static_cast<std::int64_t>(values.size())}, ::onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor->add_int64_data(value);
    return *this;
  }

  ::onnx::TensorProto* add_tensor(const std::string& name, const Dims& dims, int type) {
    auto* tensor = proto.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const std::int64_t size : dims) tensor->add_dims(size);
    return tensor;
  }

  Model& node(const std::string& type, const std::vector<std::string>& inputs,
              const std::vector<std::string>& outputs) {
    last = proto.mutable_graph()->add_node();
    last->set_op_type(type);
    last->set_name(type + "_" + std::to_string(proto.graph().node_size()));
    for (const std::string& each : inputs) last->add_input(each);
    for (const std::string& each : outputs) last->add_output(each);
    return *this;
  }

  /// Attributes of the last node.
  Model& with(const std::string& name, std::int64_t value) {
    auto* attribute = add_attribute(name, ::onnx::AttributeProto::INT);
    attribute->set_i(value);
    return *this;
  }
  Model& with(const std::string& name, const Dims& values) {
    auto* attribute = add_attribute(name, ::onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) attribute->add_ints(value);
    return *this;
  }
  Model& with_text(const std::string& name, const char* value) {
    add_attribute(name, ::onnx::AttributeProto::STRING)->set_s(value);
    return *this;
  }
  Model& with_number(const std::string& name, float value) {
    add_attribute(name, ::onnx::AttributeProto::FLOAT)->set_f(value);
    return *this;
  }

  [[nodiscard]] std::string bytes() const { return proto.SerializeAsString(); }

  ::onnx::ModelProto proto;
  ::onnx::NodeProto* last = nullptr;

 private:
  static ::onnx::TensorShapeProto* add_value(::onnx::ValueInfoProto* value,
                                             const std::string& name) {
    value->set_name(name);
    auto* tensor = value->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(::onnx::TensorProto::FLOAT);
    return tensor->mutable_shape();
  }
  ::onnx::AttributeProto* add_attribute(const std::string& name,
                                        ::onnx::AttributeProto::AttributeType type) {
    auto* attribute = last->add_attribute();
    attribute->set_name(name);
    attribute->set_type(type);
    return attribute;
  }
};

/// A folder of its own for every test process, removed at its end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hwflow_onnx_XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  [[nodiscard]] std::filesystem::path write(const std::string& name,
                                            const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }

  std::filesystem::path path;
};

inline Expected<OnnxModel> load(const std::string& bytes, const OnnxOptions& options = {}) {
  return read_onnx_bytes(bytes, "m.onnx", options);
}
inline Expected<OnnxModel> load(const Model& model, const OnnxOptions& options = {}) {
  return load(model.bytes(), options);
}

}  // namespace hwflow::onnx_tests
