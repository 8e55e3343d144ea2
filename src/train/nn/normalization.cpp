#include "train/nn/normalization.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

/// Numbers separated by commas at the start of `text`; empty when there is none or one is broken.
std::vector<float> parse_numbers(std::string_view text) {
  std::vector<float> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    float number = 0.0F;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return {};
    numbers.push_back(number);
    if (rest == end || *rest != ',') return numbers;
    at = rest + 1;
  }
}

/// The numbers after `word` and a blank in a text.
std::vector<float> numbers_after(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return {};
  return parse_numbers(text.substr(at + word.size()));
}

std::optional<Normalization> checked(std::vector<float> mean, std::vector<float> std,
                                     std::int64_t channels) {
  const auto count = static_cast<std::size_t>(channels);
  for (std::vector<float>* values : {&mean, &std}) {
    if (values->size() == 1) values->assign(count, values->front());
    if (values->size() != count) return std::nullopt;
  }
  for (const float deviation : std) {
    if (!(deviation > 0.0F)) return std::nullopt;
  }
  return Normalization{std::move(mean), std::move(std)};
}

}  // namespace

std::array<float, 256> Normalization::table(std::size_t channel) const {
  HWFLOW_CHECK(channel < mean.size() && channel < std.size(), "no normalisation of this channel");
  std::array<float, 256> values{};
  for (std::size_t pixel = 0; pixel < values.size(); ++pixel) {
    values[pixel] = (static_cast<float>(pixel) / 255.0F - mean[channel]) / std[channel];
  }
  return values;
}

Normalization default_normalization(std::string_view dataset, std::int64_t channels) {
  if (const auto named = named_normalization(dataset, channels)) return *named;
  return *named_normalization("half", channels);
}

std::optional<Normalization> named_normalization(std::string_view name, std::int64_t channels) {
  // Means over all pixels of the official training set, and their standard deviations.
  if (name == "fashion-mnist") return checked({0.2860F}, {0.3530F}, channels);
  if (name == "cifar10") {
    return checked({0.4914F, 0.4822F, 0.4465F}, {0.2470F, 0.2435F, 0.2616F}, channels);
  }
  if (name == "imagenet") {
    return checked({0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}, channels);
  }
  if (name == "half") return checked({0.5F}, {0.5F}, channels);
  if (name == "none") return checked({0.0F}, {1.0F / 255.0F}, channels);
  return std::nullopt;
}

std::optional<Normalization> normalization_from_metadata(
    const std::map<std::string, std::string>& metadata, std::int64_t channels) {
  const auto mean = metadata.find("input_mean");
  const auto std = metadata.find("input_std");
  if (mean != metadata.end() && std != metadata.end()) {
    return checked(parse_numbers(mean->second), parse_numbers(std->second), channels);
  }
  const auto text = metadata.find("normalisation");
  if (text == metadata.end()) return std::nullopt;
  if (text->second.starts_with("none")) return named_normalization("none", channels);
  return checked(numbers_after(text->second, "mean "), numbers_after(text->second, "std "),
                 channels);
}

void add_to_metadata(const Normalization& normalization,
                     std::map<std::string, std::string>& metadata) {
  metadata["input_mean"] = fmt::format("{}", fmt::join(normalization.mean, ","));
  metadata["input_std"] = fmt::format("{}", fmt::join(normalization.std, ","));
}

}  // namespace hwflow::train
