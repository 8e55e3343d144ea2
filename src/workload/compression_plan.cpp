#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "workload/network.hpp"

namespace hwflow {
namespace {

bool is_width(int bits) { return (bits >= 1 && bits <= 16) || bits == kFloatBits; }

/// "8" or nothing.
std::optional<int> width_from_text(std::string_view text) {
  int bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc() || end != text.data() + text.size() || !is_width(bits))
    return std::nullopt;
  return bits;
}

std::optional<PrecisionPair> pair_from_text(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto weights = width_from_text(text.substr(0, slash));
  const auto inputs = width_from_text(text.substr(slash + 1));
  if (!weights || !inputs) return std::nullopt;
  return PrecisionPair{*weights, *inputs};
}

std::optional<std::int32_t> count_from_text(std::string_view text) {
  std::int32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1) return std::nullopt;
  return count;
}

}  // namespace

CompressionPlan CompressionPlan::uniform(std::size_t layer_count, int weights, int inputs) {
  return {std::vector<PrecisionPair>(layer_count, {weights, inputs}), {}};
}

std::string to_text(const CompressionPlan& plan) {
  std::string text;
  for (const PrecisionPair& pair : plan.layers)
    text += fmt::format("{}{}/{}", text.empty() ? "" : " ", pair.weights, pair.inputs);
  if (!plan.channels.empty()) text += " |";
  for (const std::int32_t count : plan.channels) text += fmt::format(" {}", count);
  return text;
}

Expected<CompressionPlan> compression_plan_from_text(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  CompressionPlan plan;
  Diagnostics problems;
  std::size_t word = 0;
  bool speaks_of_channels = false;
  for (std::size_t begin = text.find_first_not_of(kSpace); begin != std::string_view::npos;
       ++word) {
    const std::size_t end = std::min(text.find_first_of(kSpace, begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    if (item == "|" && !speaks_of_channels) {
      speaks_of_channels = true;
    } else if (speaks_of_channels) {
      if (const auto count = count_from_text(item)) {
        plan.channels.push_back(*count);
      } else {
        problems.push_back({fmt::format("plan[{}]", word),
                            fmt::format("'{}' is not a number of channels", item),
                            "after '|' write how many stay of each group, 1 or more"});
      }
    } else if (const auto pair = pair_from_text(item)) {
      plan.layers.push_back(*pair);
    } else {
      problems.push_back({fmt::format("plan[{}]", word), fmt::format("'{}' is not a pair", item),
                          "write weights/inputs in bits, each 1 to 16 or 32 (float): '4/8'"});
    }
    begin = text.find_first_not_of(kSpace, end);
  }
  if (speaks_of_channels && plan.channels.empty() && problems.empty()) {
    problems.push_back({"plan", "names no channels after '|'", "leave out the '|': all stay"});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return plan;
}

}  // namespace hwflow
