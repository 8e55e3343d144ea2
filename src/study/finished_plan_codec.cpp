#include "study/finished_plan_codec.hpp"

#include <bit>
#include <cstring>
#include <type_traits>

#include "base/random.hpp"

namespace hwflow::study {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "hwflow finished plan 4\n";

template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Writer {
 public:
  static constexpr bool kReads = false;
  template <Scalar T>
  void scalar(T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));  // NOLINT: bytes of a scalar
  }
  template <class T>
  void size_of(T& sequence) {
    std::uint64_t size = sequence.size();
    scalar(size);
  }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <Scalar T>
  void scalar(T& value) {
    if (bytes_.size() < sizeof(T)) {
      broken_ = true;
      return;
    }
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
  }
  template <class T>
  void size_of(T& sequence) {
    std::uint64_t size = 0;
    scalar(size);
    // Every element takes at least a byte, so a length beyond what is left is a lie.
    if (broken_ || size > bytes_.size()) {
      broken_ = true;
      return;
    }
    sequence.resize(size);
  }
  [[nodiscard]] bool complete() const { return !broken_ && bytes_.empty(); }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::string_view bytes_;
  bool broken_ = false;
};

// One visitor per type serves both directions; the order of the calls is the format.
template <class A, Scalar T>
void visit(A& archive, T& value) {
  archive.scalar(value);
}
template <class A>
void visit(A& archive, std::string& text) {
  archive.size_of(text);
  for (char& c : text) archive.scalar(c);
}
template <class A, class T>
void visit(A& archive, std::vector<T>& sequence) {
  archive.size_of(sequence);
  for (T& element : sequence) visit(archive, element);
}
template <class A, class T>
void visit(A& archive, std::optional<T>& value) {
  bool present = value.has_value();
  archive.scalar(present);
  if (A::kReads && present) value.emplace();
  if (present) visit(archive, *value);
}
template <class A, class... T>
void visit_all(A& archive, T&... values) {
  (visit(archive, values), ...);
}

// Structured bindings name every field, so that a field added later does not compile unnoticed.
template <class A>
void visit(A& archive, NodeId& id) {
  visit(archive, id.value);
}
template <class A>
void visit(A& archive, PrecisionPair& pair) {
  auto& [weights, inputs] = pair;
  visit_all(archive, weights, inputs);
}
template <class A>
void visit(A& archive, CompressionPlan& plan) {
  auto& [layers, channels] = plan;
  visit_all(archive, layers, channels);
}
template <class A>
void visit(A& archive, KeptUnits& kept) {
  auto& [groups] = kept;
  visit(archive, groups);
}
template <class A>
void visit(A& archive, train::AccuracyEstimate& accuracy) {
  auto& [correct, total] = accuracy;
  visit_all(archive, correct, total);
}
template <class A>
void visit(A& archive, train::QuantizerGrid& grid) {
  auto& [scale, low, high, bits] = grid;
  visit_all(archive, scale, low, high, bits);
}
template <class A>
void visit(A& archive, train::IntegerCompute& compute) {
  auto& [codes, shape, scales, low, high, bits, bias] = compute;
  visit_all(archive, codes, shape, scales, low, high, bits, bias);
}
template <class A>
void visit(A& archive, train::IntegerNode& node) {
  auto& [inputs, compute] = node;
  visit_all(archive, inputs, compute);
}
template <class A>
void visit(A& archive, ConvShape& conv) {
  auto& [n, c, k, g, h, w, kh, kw, sh, sw, dh, dw, pt, pl, pb, pr, oh, ow] = conv;
  visit_all(archive, n, c, k, g, h, w, kh, kw, sh, sw, dh, dw, pt, pl, pb, pr, oh, ow);
}
template <class A>
void visit(A& archive, FeatureShape& shape) {
  auto& [channels, height, width] = shape;
  visit_all(archive, channels, height, width);
}
template <class A>
void visit(A& archive, Node& node) {
  auto& [name, kind, inputs, conv, bias, batch_norm, epsilon, activation, alpha, beta, slopes, axis,
         count, pad_before, pad_after, shape, not_executable] = node;
  visit_all(archive, name, kind, inputs, conv, bias, batch_norm, epsilon, activation, alpha, beta,
            slopes, axis, count, pad_before, pad_after, shape, not_executable);
}

/// A FinishedPlan with its Network taken apart: that one is made from its name, nodes and outputs.
struct Parts {
  train::AccuracyEstimate fake_quantized, integer, held_out;
  std::vector<std::uint8_t> correct;
  std::string network_name;
  std::vector<Node> network_nodes;
  std::vector<NodeId> network_outputs;
  std::vector<train::IntegerNode> integer_nodes;
  std::vector<float> input_mean, input_std;
  CompressionPlan plan;
  KeptUnits kept;
  double seconds = 0.0;
};
template <class A>
void visit(A& archive, Parts& parts) {
  auto& [fake, integer, held_out, correct, name, nodes, outputs, integer_nodes, mean, deviation,
         plan, kept, seconds] = parts;
  visit_all(archive, fake, integer, held_out, correct, name, nodes, outputs, integer_nodes, mean,
            deviation, plan, kept, seconds);
}

}  // namespace

std::string encode_finished_plan(const train::FinishedPlan& plan) {
  const auto& [fake, integer, held_out, correct, integer_network, seconds] = plan;
  const auto& [network, nodes, mean, deviation, compression, kept] = integer_network;
  Parts parts{
      fake,  integer, held_out,  correct,     network.name(), network.nodes(), network.outputs(),
      nodes, mean,    deviation, compression, kept,           seconds};
  Writer writer;
  visit(writer, parts);
  std::string body = std::move(writer).take();
  Writer checksum;
  std::uint64_t hash = stable_hash(body);
  visit(checksum, hash);
  return std::string(kMagic) + body + std::move(checksum).take();
}

std::optional<train::FinishedPlan> decode_finished_plan(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + sizeof(std::uint64_t) || !bytes.starts_with(kMagic)) {
    return std::nullopt;
  }
  bytes.remove_prefix(kMagic.size());
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  Reader checksum(bytes.substr(body.size()));
  std::uint64_t hash = 0;
  visit(checksum, hash);
  if (hash != stable_hash(body)) return std::nullopt;

  Reader reader(body);
  Parts parts;
  visit(reader, parts);
  if (!reader.complete()) return std::nullopt;
  Expected<Network> network =
      Network::make(parts.network_name, parts.network_nodes, parts.network_outputs);
  if (!network) return std::nullopt;
  return train::FinishedPlan{
      parts.fake_quantized,
      parts.integer,
      parts.held_out,
      std::move(parts.correct),
      {std::move(*network), std::move(parts.integer_nodes), std::move(parts.input_mean),
       std::move(parts.input_std), std::move(parts.plan), std::move(parts.kept)},
      parts.seconds};
}

}  // namespace hwflow::study
