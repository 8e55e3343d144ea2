#include "train/nn/held_out.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "train/nn/image_split.hpp"

namespace hwflow::train {
namespace {

constexpr std::string_view kMiddle = " training images, split seed ";
constexpr const char* kOptimistic =
    "Accuracies of the search and of the confirmation may be optimistic, those of the test set are "
    "not touched by this.";

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string text_at(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string{} : found->second;
}

std::int64_t count_trained_on(const ImageSet& training, const HeldOut& held_out,
                              std::span<const std::int64_t> measured) {
  const ImageSplit split = stratified_split(training, held_out.images, 0, held_out.split_seed);
  return std::ranges::count_if(measured, [&](std::int64_t image) {
    return !std::ranges::binary_search(split.search, image);
  });
}

}  // namespace

std::string to_text(const HeldOut& held_out) {
  return fmt::format("{}{}{}", held_out.images, kMiddle, held_out.split_seed);
}

std::optional<HeldOut> held_out_from_text(const std::string& text) {
  const std::size_t at = text.find(kMiddle);
  if (at == std::string::npos) return std::nullopt;
  const std::string_view view = text;
  const auto images = number_from<std::int64_t>(view.substr(0, at));
  const auto seed = number_from<std::uint64_t>(view.substr(at + kMiddle.size()));
  if (!images || *images < 0 || !seed) return std::nullopt;
  return HeldOut{*images, *seed};
}

std::string held_out_caveat(const std::map<std::string, std::string>& metadata,
                            const ImageSet& training, std::span<const std::int64_t> measured) {
  const std::optional<HeldOut> held_out = held_out_from_text(text_at(metadata, kHeldOutKey));
  if (!held_out || text_at(metadata, "data") != training.name) {
    return fmt::format(
        "The weights do not say which images of {} they were trained on; the {} training images "
        "that plans are measured on may be among them. {}",
        training.name, measured.size(), kOptimistic);
  }
  const std::int64_t seen = count_trained_on(training, *held_out, measured);
  if (seen == 0) return {};
  const std::string cure =
      held_out->images == 0
          ? std::string{}
          : fmt::format(
                " With accuracy.split_seed {} and at most {} images in accuracy.search_images and "
                "accuracy.confirm_images together none of them would be.",
                held_out->split_seed, held_out->images);
  return fmt::format(
      "The weights were trained on {} of the {} training images that plans are measured on (held "
      "out were {}). {}{}",
      seen, measured.size(), to_text(*held_out), kOptimistic, cure);
}

}  // namespace hwflow::train
