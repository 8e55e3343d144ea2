#include "workload/onnx_reader.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/input_file.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/network_yaml.hpp"
#include "workload/node_geometry.hpp"
#include "workload/onnx/graph_import.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/rewriting.hpp"

namespace hwflow {
namespace {

using onnx_import::Dims;
using onnx_import::GraphImport;
using onnx_import::NodeImport;
using onnx_import::Problem;
using onnx_import::Value;

constexpr std::int64_t kFirstOpset = 7, kLastOpset = 21;
constexpr int kMaxDepth = 32;  // messages within messages; a plain graph needs five

Unexpected<Diagnostics> refuse(std::string place, std::string reason, std::string hint = "") {
  return {Diagnostics{{std::move(place), std::move(reason), std::move(hint)}}};
}

Expected<std::string> read_bytes(const std::filesystem::path& file) {
  constexpr std::uint64_t kMostBytes = std::numeric_limits<std::int32_t>::max();  // of protobuf
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored) &&
      std::filesystem::file_size(file, ignored) > kMostBytes) {
    return refuse(file.string(), "is larger than 2 GiB, the limit of protobuf",
                  "keep the weights in an external file");
  }
  return read_input_file(file, kMostBytes);
}

bool parse(const std::string& bytes, ::onnx::ModelProto& model) {
  google::protobuf::LogSilencer silence;  // a library does not print
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxDepth);
  return model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

std::string name_of(const ::onnx::NodeProto& node, int index) {
  if (!node.name().empty()) return node.name();
  if (node.output_size() > 0 && !node.output(0).empty()) return node.output(0);
  return fmt::format("{}_{}", node.op_type(), index);
}

/// Reads one model; the problems of all nodes are collected.
class Reader {
 public:
  Reader(const ::onnx::ModelProto& model, const std::filesystem::path& file,
         const OnnxOptions& options)
      : graph_proto_(model.graph()), model_(model), file_(file), options_(options) {
    graph_.folder = file.has_parent_path() ? file.parent_path() : ".";
  }

  Expected<OnnxModel> read() {
    check_opset();
    if (problems_.empty()) read_initializers();
    if (problems_.empty()) read_inputs();
    if (problems_.empty()) count_readers();
    const std::vector<int> order = problems_.empty() ? sorted_nodes() : std::vector<int>();
    for (const int index : order) import_node(index);
    if (problems_.empty()) read_outputs();
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    return finish();
  }

 private:
  void tell(const std::string& place, std::string reason, std::string hint = "") {
    problems_.push_back(
        {fmt::format("{}: {}", file_.string(), place), std::move(reason), std::move(hint)});
  }

  void check_opset() {
    if (!model_.has_graph() || graph_proto_.node_size() == 0)
      return tell("graph", "there is no graph with nodes", "is this an ONNX model?");
    for (const auto& entry : model_.opset_import())
      if (entry.domain().empty() || entry.domain() == "ai.onnx") graph_.opset = entry.version();
    if (graph_.opset < kFirstOpset || graph_.opset > kLastOpset) {
      tell("opset_import",
           graph_.opset == 0 ? "no version of the standard operators is named"
                             : fmt::format("opset {} is not supported", graph_.opset),
           fmt::format("export with opset {} to {}", kFirstOpset, kLastOpset));
    }
    if (!model_.functions().empty()) tell("functions", "model functions are not supported");
    if (graph_proto_.sparse_initializer_size() > 0)
      tell("sparse_initializer", "sparse tensors are not supported");
  }

  void read_initializers() {
    for (const auto& tensor : graph_proto_.initializer()) {
      const std::string place = fmt::format("initializer '{}'", tensor.name());
      if (tensor.name().empty()) {
        tell(place, "has no name");
        continue;
      }
      try {
        Value value;
        value.constant = onnx_import::read_tensor(tensor, graph_.folder);
        value.dims = value.constant->dims;
        graph_.initializer_elements += static_cast<std::int64_t>(value.constant->size());
        if (!graph_.values.emplace(tensor.name(), std::move(value)).second)
          tell(place, "is there twice");
      } catch (const Problem& problem) {
        tell(place, problem.reason, problem.hint);
      }
    }
  }

  std::optional<Dims> input_dims(const ::onnx::ValueInfoProto& input) {
    const std::string place = fmt::format("input '{}'", input.name());
    if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
      tell(place, "has no shape", "export the model with fixed input shapes");
      return std::nullopt;
    }
    Dims dims;
    for (const auto& dim : input.type().tensor_type().shape().dim()) {
      const bool is_known = dim.has_dim_value();
      if (dims.empty() && (!is_known || dim.dim_value() == 0)) {
        dims.push_back(options_.batch);
      } else if (!is_known || dim.dim_value() < 1 || dim.dim_value() > (std::int64_t{1} << 30)) {
        tell(place,
             is_known
                 ? fmt::format("size {} of dimension {}", dim.dim_value(), dims.size())
                 : fmt::format("dimension {} ('{}') is symbolic", dims.size(), dim.dim_param()),
             is_known ? "" : "only the batch may be symbolic; export with fixed sizes");
        return std::nullopt;
      } else {
        dims.push_back(dim.dim_value());
      }
    }
    return dims;
  }

  void read_inputs() {
    bool has_batch = false;
    for (const auto& input : graph_proto_.input()) {
      if (graph_.values.contains(input.name())) continue;  // an initializer gives it a value
      auto dims = input_dims(input);
      if (!dims) continue;
      if (dims->size() >= 3 && !has_batch) {
        graph_.batch = (*dims)[0];
        has_batch = true;
      }
      Value value;
      value.dims = std::move(*dims);
      value.is_graph_input = true;
      if (input.name().empty()) tell("input ''", "has no name");
      graph_.values.emplace(input.name(), std::move(value));
    }
    if (graph_.batch > 1)
      graph_.note("input", fmt::format("a batch of {} is left out", graph_.batch));
  }

  void count_readers() {
    for (const auto& node : graph_proto_.node())
      for (const std::string& input : node.input()) ++graph_.readers[input];
    for (const auto& output : graph_proto_.output()) {
      ++graph_.readers[output.name()];
      ++graph_.results[output.name()];
    }
  }

  /// Nodes such that each comes after its inputs, else in the order of the file.
  std::vector<int> sorted_nodes() {
    std::map<std::string, int> maker;
    for (int i = 0; i < graph_proto_.node_size(); ++i) {
      for (const std::string& output : graph_proto_.node(i).output()) {
        if (output.empty()) continue;
        const bool is_new = !graph_.values.contains(output) && maker.emplace(output, i).second;
        if (!is_new)
          tell(node_place(i), fmt::format("writes '{}', which something else gives too", output));
      }
    }
    std::vector<std::vector<int>> followers(static_cast<std::size_t>(graph_proto_.node_size()));
    std::vector<int> missing(followers.size(), 0);
    for (int i = 0; i < graph_proto_.node_size(); ++i) {
      for (const std::string& input : graph_proto_.node(i).input()) {
        if (input.empty() || graph_.values.contains(input)) continue;
        const auto found = maker.find(input);
        if (found == maker.end()) {
          tell(node_place(i), fmt::format("reads '{}', which nothing gives", input));
          continue;
        }
        followers[static_cast<std::size_t>(found->second)].push_back(i);
        ++missing[static_cast<std::size_t>(i)];
      }
    }
    return problems_.empty() ? topological_order(followers, missing) : std::vector<int>();
  }

  std::vector<int> topological_order(const std::vector<std::vector<int>>& followers,
                                     std::vector<int>& missing) {
    std::set<int> ready;
    for (std::size_t i = 0; i < missing.size(); ++i)
      if (missing[i] == 0) ready.insert(static_cast<int>(i));
    std::vector<int> order;
    while (!ready.empty()) {
      const int next = *ready.begin();
      ready.erase(ready.begin());
      order.push_back(next);
      for (const int follower : followers[static_cast<std::size_t>(next)])
        if (--missing[static_cast<std::size_t>(follower)] == 0) ready.insert(follower);
    }
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] > 0) {
        tell(node_place(static_cast<int>(i)), "is part of a cycle or behind one");
        return {};
      }
    }
    return order;
  }

  std::string node_place(int index) const {
    const auto& node = graph_proto_.node(index);
    return fmt::format("node {} '{}' ({})", index, name_of(node, index), node.op_type());
  }

  void import_node(int index) {
    const ::onnx::NodeProto& proto = graph_proto_.node(index);
    const bool all_known = std::ranges::all_of(proto.input(), [&](const std::string& input) {
      return input.empty() || graph_.values.contains(input);
    });
    if (!all_known) return;  // the problem before it has been told
    const auto handler = onnx_import::find_handler(proto.domain(), proto.op_type());
    if (handler == nullptr) {
      return tell(node_place(index),
                  proto.domain().empty()
                      ? "the operator is not supported"
                      : fmt::format("the operator of domain '{}' is not supported", proto.domain()),
                  nearest_name_hint(proto.op_type(), onnx_import::supported_operators()));
    }
    const NodeImport node(graph_, proto, name_of(proto, index));
    try {
      const bool is_constant =
          proto.input_size() > 0 && std::ranges::all_of(proto.input(), [&](const std::string& in) {
            return in.empty() || graph_.values.at(in).constant;
          });
      if (!is_constant || !node.has_input(0) || !onnx_import::fold_constants(node)) handler(node);
      mark_quantized(node, proto);
    } catch (const Problem& problem) {
      tell(node_place(index), problem.reason, problem.hint);
    }
  }

  /// A layer that was a quantized operator computes without the limits of its output's codes.
  void mark_quantized(const NodeImport& node, const ::onnx::NodeProto& proto) {
    const std::string former = node.attributes().text(onnx_import::kQuantizedFrom, "");
    if (former.empty() || proto.output_size() == 0) return;
    const auto made = graph_.values.find(proto.output(0));
    if (made == graph_.values.end() || !made->second.node) return;
    node.mark_not_executable(*made->second.node,
                             "was " + former + ", whose rounding and limits are left out");
  }

  void read_outputs() {
    for (const auto& output : graph_proto_.output()) {
      const std::string place = fmt::format("output '{}'", output.name());
      const auto value = graph_.values.find(output.name());
      if (value == graph_.values.end()) {
        tell(place, "nothing gives it");
        continue;
      }
      if (value->second.constant) {
        graph_.note(output.name(), "an output that no image changes, left out");
        continue;
      }
      try {
        const NodeId id = graph_.node_of(output.name());
        if (std::ranges::find(graph_.outputs, id) == graph_.outputs.end())
          graph_.outputs.push_back(id);
      } catch (const Problem& problem) {
        tell(place, problem.reason, problem.hint);
      }
    }
    if (problems_.empty() && graph_.outputs.empty() && graph_proto_.output_size() > 0)
      tell("output", "the graph gives nothing that its inputs change");
  }

  /// Weights are kept when every layer has its own.
  void drop_partial_weights() {
    std::size_t missing = 0, all = 0;
    for (const Node& node : graph_.nodes) {
      if (weight_count(node) == 0) continue;
      ++all;
      if (!graph_.weights.contains(node.name + ".weight")) ++missing;
    }
    if (missing == 0) return;
    graph_.weights.clear();
    graph_.note("weights", fmt::format("{} of {} layers have no values in the file: shapes only",
                                       missing, all));
  }

  Expected<OnnxModel> finish() {
    onnx_import::drop_unneeded_nodes(graph_);
    drop_partial_weights();
    if (options_.fold_batch_norm) onnx_import::fold_batch_norms(graph_.nodes, graph_.weights);
    std::string name = graph_proto_.name().empty() ? file_.stem().string() : graph_proto_.name();
    auto network =
        Network::make(std::move(name), std::move(graph_.nodes), std::move(graph_.outputs));
    if (!network) {
      for (const Diagnostic& each : network.error()) tell(each.place, each.reason, each.hint);
      return Unexpected{std::move(problems_)};
    }
    return OnnxModel{std::move(*network), std::move(graph_.weights), std::move(graph_.notes),
                     std::move(graph_.quantizers)};
  }

  const ::onnx::GraphProto& graph_proto_;
  const ::onnx::ModelProto& model_;
  std::filesystem::path file_;
  OnnxOptions options_;
  GraphImport graph_;
  Diagnostics problems_;
};

}  // namespace

Expected<OnnxModel> read_onnx_bytes(const std::string& bytes, const std::filesystem::path& file,
                                    const OnnxOptions& options) {
  if (options.batch < 1 || options.batch > (1 << 20))
    return refuse("batch", fmt::format("must be in [1, 2^20], got {}", options.batch));
  ::onnx::ModelProto model;
  if (!parse(bytes, model)) return refuse(file.string(), "is truncated, or no ONNX file at all");
  if (model.has_graph()) {
    onnx_import::expand_quantized_operators(*model.mutable_graph());
    onnx_import::recognise_activations(*model.mutable_graph());
  }
  return Reader(model, file, options).read();
}

Expected<OnnxModel> read_onnx(const std::filesystem::path& file, const OnnxOptions& options) {
  const auto bytes = read_bytes(file);
  if (!bytes) return Unexpected{bytes.error()};
  return read_onnx_bytes(*bytes, file, options);
}

Expected<OnnxModel> load_network(const std::string& name_or_file) {
  const std::filesystem::path file(name_or_file);
  if (file.extension() == ".onnx") return read_onnx(file);
  const bool is_file = file.extension() == ".yaml" || file.extension() == ".yml";
  auto network = is_file ? read_network_yaml(file) : make_builtin_network(name_or_file);
  if (!network) return Unexpected{network.error()};
  return OnnxModel{std::move(*network), {}, {}};
}

}  // namespace hwflow
