#include "train/fault/content_hash.hpp"

#include <span>
#include <string>
#include <type_traits>

#include "base/random.hpp"

namespace hwflow::train::fault {
namespace {

/// Numbers and texts one after the other, each list behind its length.
class Bytes {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  template <class T>
  void add_list(std::span<const T> values) {
    add(static_cast<std::uint64_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  template <class T>
  void add_list(const std::vector<T>& values) {
    add_list(std::span<const T>(values));
  }
  void add_text(const std::string& text) { add_list(std::span<const char>(text)); }
  [[nodiscard]] std::uint64_t hash() const { return stable_hash(bytes_); }

 private:
  std::string bytes_;
};

void add_node(const Node& node, const IntegerNode& integer, Bytes& bytes) {
  bytes.add_text(node.name);
  bytes.add(static_cast<int>(node.kind));
  bytes.add(static_cast<int>(node.activation));
  for (const NodeId input : node.inputs) bytes.add(static_cast<std::int64_t>(input.value));
  for (const QuantizerGrid& grid : integer.inputs) {
    bytes.add(grid.scale);
    bytes.add(grid.low);
    bytes.add(grid.high);
    bytes.add(grid.bits);
  }
  if (!integer.compute) return;
  bytes.add_list(integer.compute->codes);
  bytes.add_list(integer.compute->shape);
  bytes.add_list(integer.compute->scales);
  bytes.add(integer.compute->low);
  bytes.add(integer.compute->high);
  bytes.add(integer.compute->bits);
  bytes.add_list(integer.compute->bias);
}

}  // namespace

std::uint64_t content_hash(const IntegerNetwork& network) {
  Bytes bytes;
  bytes.add_list(network.input_mean);
  bytes.add_list(network.input_std);
  for (std::size_t n = 0; n < network.nodes.size(); ++n)
    add_node(network.network.nodes()[n], network.nodes[n], bytes);
  return bytes.hash();
}

std::uint64_t content_hash(const Workload& workload) {
  Bytes bytes;
  bytes.add_list(workload.pixels);
  bytes.add_list(workload.labels);
  return bytes.hash();
}

}  // namespace hwflow::train::fault
