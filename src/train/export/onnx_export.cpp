#include "train/export/onnx_export.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

#include "base/version.hpp"
#include "train/export/node_writer.hpp"

namespace hwflow::train {
namespace {

constexpr std::array<std::string_view, 2> kFlavourNames{"qdq", "qonnx"};
constexpr std::int64_t kOpset = 13;
constexpr std::int64_t kIrVersion = 7;  // the IR version that belongs to opset 13

void declare(onnx::ValueInfoProto& value, const std::string& tensor,
             const std::vector<std::int64_t>& shape) {
  value.set_name(tensor);
  onnx::TypeProto::Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const std::int64_t extent : shape) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

std::vector<std::int64_t> shape_of(const Node& node) {
  const FeatureShape& shape = node.shape;
  if (node.kind == NodeKind::fully_connected) return {shape.channels};
  return {shape.channels, shape.height, shape.width};
}

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// A model of the default opset that is told as `metadata`, beside version and input.
onnx::ModelProto make_model(const Network& network, const Metadata& metadata) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("hwflow");
  model.set_producer_version(std::string(version()));
  Metadata entries{{"hwflow_version", std::string(version())}, {"network", network.name()}};
  entries.insert(entries.end(), metadata.begin(), metadata.end());
  entries.emplace_back("input", "pixels 0..255, normalisation in the graph");
  for (const auto& [key, value] : entries) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  model.mutable_graph()->set_name(network.name());
  return model;
}

/// The nodes, with what comes in and goes out, as bytes.
Expected<std::string> bytes_of(onnx::ModelProto& model, const Network& network, InputScale scale,
                               GraphWriter& writer, ParameterWriter& numbers,
                               Diagnostics& problems) {
  NodeWriter nodes(network, scale, writer, numbers, problems);
  for (std::size_t i = 0; i < network.nodes().size(); ++i) nodes.write(i);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  onnx::GraphProto& graph = *model.mutable_graph();
  declare(*graph.add_input(), writer.input(), shape_of(network.nodes().front()));
  for (const NodeId id : network.outputs())
    declare(*graph.add_output(), nodes.tensor_of(id), shape_of(network.node(id)));
  std::string bytes;
  HWFLOW_CHECK(model.SerializeToString(&bytes), "an ONNX model of less than 2 GiB serialises");
  return bytes;
}

}  // namespace

std::string_view name(OnnxFlavour flavour) {
  return kFlavourNames[static_cast<std::size_t>(flavour)];
}

Expected<OnnxFlavour> onnx_flavour_from_name(std::string_view text) {
  for (std::size_t i = 0; i < kFlavourNames.size(); ++i) {
    if (kFlavourNames[i] == text) return static_cast<OnnxFlavour>(i);
  }
  const std::vector<std::string> known(kFlavourNames.begin(), kFlavourNames.end());
  return Unexpected{Diagnostics{
      {"format", fmt::format("unknown ONNX flavour '{}'", text), nearest_name_hint(text, known)}}};
}

Expected<std::string> to_onnx(const IntegerNetwork& network, OnnxFlavour flavour) {
  onnx::ModelProto model =
      make_model(network.network,
                 {{"plan", to_text(network.plan)}, {"quantization", std::string(name(flavour))}});
  if (flavour == OnnxFlavour::qonnx) {
    onnx::OperatorSetIdProto& custom = *model.add_opset_import();
    custom.set_domain("qonnx.custom_op.general");
    custom.set_version(1);
  }
  GraphWriter writer(*model.mutable_graph(), "image");
  Diagnostics problems;
  const std::unique_ptr<QuantizerWriter> quantizers = flavour == OnnxFlavour::qdq
                                                          ? make_qdq_writer(writer, problems)
                                                          : make_qonnx_writer(writer, problems);
  IntegerParameters numbers(network, *quantizers);
  return bytes_of(model, network.network, {network.input_mean, network.input_std}, writer, numbers,
                  problems);
}

Expected<std::string> to_onnx(const Network& network, const WeightMap& weights,
                              const std::vector<float>& input_mean,
                              const std::vector<float>& input_std) {
  onnx::ModelProto model = make_model(network, {});
  GraphWriter writer(*model.mutable_graph(), "image");
  Diagnostics problems;
  for (const Node& node : network.nodes()) {
    if (node.has_batch_norm) problems.push_back({node.name, "has a BatchNorm", "fold it first"});
  }
  FloatParameters numbers(network, weights, writer);
  return bytes_of(model, network, {input_mean, input_std}, writer, numbers, problems);
}

}  // namespace hwflow::train
