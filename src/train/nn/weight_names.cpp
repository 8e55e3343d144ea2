#include "train/nn/weight_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

using Shape = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

struct SplitName {
  std::string head, last;  ///< "a.b" and "c" of "a.b.c"; head is empty without a dot
};

SplitName split_last(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

std::string join(const std::string& head, const std::string& last) {
  return head.empty() ? last : head + "." + last;
}

std::optional<std::size_t> parse_index(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The two habitual names of the shortcut branch: the name itself and the one with the other word.
Names with_both_shortcut_words(const std::string& name) {
  constexpr std::array<std::string_view, 2> kWords{"downsample", "shortcut"};
  Names names{name};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    const std::size_t at = name.find(kWords[i]);
    if (at == std::string::npos) continue;
    names.push_back(name.substr(0, at) + std::string(kWords[1 - i]) +
                    name.substr(at + kWords[i].size()));
  }
  return names;
}

class Matcher {
 public:
  explicit Matcher(const Network& network) : expected_(expected_tensors(network)) {
    for (const Node& node : network.nodes()) {
      if (node.kind == NodeKind::fully_connected) fully_connected_.push_back(node.name);
      if (node.has_batch_norm) normalised_.push_back(node.name);
    }
  }

  [[nodiscard]] const std::map<std::string, Shape>& expected() const { return expected_; }

  /// The network's name of a public one; none when there is no such tensor.
  [[nodiscard]] std::optional<std::string> find(std::string name) const {
    if (name.starts_with("module.")) name.erase(0, 7);
    if (expected_.contains(name)) return name;
    const auto [prefix, leaf] = split_last(name);
    for (const std::string& node : compute_names(prefix)) {
      const std::string candidate = join(node, leaf);
      if (expected_.contains(candidate)) return candidate;
    }
    for (const std::string& node : norm_names(prefix)) {
      const std::string candidate = node + ".batch_norm." + leaf;
      if (expected_.contains(candidate)) return candidate;
    }
    return std::nullopt;
  }

 private:
  /// Nodes whose weight and bias may be filed under `prefix`.
  [[nodiscard]] Names compute_names(const std::string& prefix) const {
    Names names = with_both_shortcut_words(prefix);
    const auto [head, last] = split_last(prefix);
    if (last == "0") {
      for (const std::string& name : with_both_shortcut_words(head)) names.push_back(name);
    }
    const bool is_head =
        last == "linear" || last == "fc" || last == "dense" || last == "classifier";
    if (is_head && fully_connected_.size() == 1) names.push_back(fully_connected_.front());
    return names;
  }

  /// Nodes whose BatchNorm may be filed under `prefix`.
  [[nodiscard]] Names norm_names(const std::string& prefix) const {
    Names names;
    const auto [head, last] = split_last(prefix);
    if (last.starts_with("bn")) names.push_back(join(head, "conv" + last.substr(2)));
    if (const auto index = parse_index(last); index && *index > 0) {
      for (const std::string& name : with_both_shortcut_words(head)) {
        names.push_back(join(name, std::to_string(*index - 1)));
        if (*index == 1) names.push_back(name);
      }
    }
    constexpr std::string_view kKeras = "batch_normalization";
    if (last.starts_with(kKeras)) {
      const std::string_view rest = std::string_view(last).substr(kKeras.size());
      const auto index = rest.empty()          ? std::optional<std::size_t>(0)
                         : rest.front() == '_' ? parse_index(rest.substr(1))
                                               : std::nullopt;
      if (index && *index < normalised_.size()) names.push_back(normalised_[*index]);
    }
    return names;
  }

  std::map<std::string, Shape> expected_;
  Names fully_connected_, normalised_;
};

/// Equal but for sizes of 1 at the end: a 1 x 1 convolution is a fully connected layer.
bool same_shape(Shape a, Shape b) {
  for (Shape* shape : {&a, &b}) {
    while (!shape->empty() && shape->back() == 1) shape->pop_back();
  }
  return a == b;
}

Diagnostic mismatch(const std::string& place, const std::string& name, const Shape& got,
                    const Shape& wanted) {
  return {fmt::format("{}: tensor '{}'", place, name),
          fmt::format("has shape [{}], the network wants [{}]", fmt::join(got, ", "),
                      fmt::join(wanted, ", ")),
          ""};
}

}  // namespace

Expected<WeightMap> match_weights(const Network& network, const WeightMap& source,
                                  const std::string& place) {
  const Matcher matcher(network);
  WeightMap matched;
  Diagnostics problems;
  for (const auto& [name, tensor] : source) {
    if (name.ends_with("num_batches_tracked")) continue;
    const std::string at = fmt::format("{}: tensor '{}'", place, name);
    const std::optional<std::string> target = matcher.find(name);
    if (!target) {
      problems.push_back({at, "belongs to nothing in network " + network.name(), ""});
      continue;
    }
    const Shape& wanted = matcher.expected().at(*target);
    if (!same_shape(tensor.shape, wanted)) {
      problems.push_back(mismatch(place, name, tensor.shape, wanted));
    }
    if (!matched.emplace(*target, FloatTensor{wanted, tensor.values}).second) {
      problems.push_back({at, "is a second '" + *target + "'", ""});
    }
  }
  for (const auto& [name, shape] : matcher.expected()) {
    if (matched.contains(name)) continue;
    problems.push_back({fmt::format("{}: tensor '{}'", place, name),
                        fmt::format("of network {} is missing", network.name()), ""});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return matched;
}

}  // namespace hwflow::train
