#include "train/nn/image_split.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "base/random.hpp"
#include "base/shuffle.hpp"

namespace hwflow::train {
namespace {

using Indices = std::vector<std::int64_t>;

std::vector<Indices> indices_by_class(const ImageSet& images) {
  std::vector<Indices> classes(static_cast<std::size_t>(images.classes));
  for (std::size_t i = 0; i < images.labels.size(); ++i) {
    HWFLOW_CHECK(images.labels[i] < classes.size(), "label beyond the number of classes");
    classes[images.labels[i]].push_back(static_cast<std::int64_t>(i));
  }
  return classes;
}

/// Largest remainder (Hamilton): shares of `total` in proportion to the class sizes.
std::vector<std::int64_t> shares(const std::vector<Indices>& classes, std::int64_t total,
                                 std::int64_t count) {
  std::vector<std::int64_t> share(classes.size());
  std::vector<std::int64_t> remainder(classes.size());
  std::int64_t given = 0;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const std::int64_t scaled = static_cast<std::int64_t>(classes[c].size()) * total;
    share[c] = scaled / count;
    remainder[c] = scaled % count;
    given += share[c];
  }
  std::vector<std::size_t> order(classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t i = 0; given < total; ++i, ++given) ++share[order[i]];
  return share;
}

}  // namespace

ImageSplit stratified_split(const ImageSet& images, std::int64_t search_count,
                            std::int64_t confirmation_count, std::uint64_t seed) {
  HWFLOW_CHECK(search_count >= 0 && confirmation_count >= 0, "a split needs counts of at least 0");
  ImageSplit split;
  if (images.count() == 0) return split;
  std::vector<Indices> classes = indices_by_class(images);
  const auto shares_of = [&](std::int64_t count) {
    return shares(classes, std::min(count, images.count()), images.count());
  };
  const std::vector<std::int64_t> first = shares_of(search_count);
  const std::vector<std::int64_t> both = shares_of(search_count + confirmation_count);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    Rng rng = Rng::derive(seed, c);
    Indices& members = classes[c];
    shuffle(members, rng);
    const auto searched = members.begin() + first[c];
    // Largest remainders may take an image from a class as the total grows.
    const auto held_out = members.begin() + std::max(first[c], both[c]);
    split.search.insert(split.search.end(), members.begin(), searched);
    split.confirmation.insert(split.confirmation.end(), searched, held_out);
    split.training.insert(split.training.end(), held_out, members.end());
  }
  std::ranges::sort(split.search);
  std::ranges::sort(split.confirmation);
  std::ranges::sort(split.training);
  return split;
}

ImageParts image_parts(const Dataset& data, std::int64_t search_count,
                       std::int64_t confirmation_count, std::uint64_t seed, HeldOutFrom from) {
  const bool from_test = from == HeldOutFrom::test;
  const ImageSet& source = from_test ? data.test : data.train;
  ImageSplit split = stratified_split(source, search_count, confirmation_count, seed);
  ImageParts parts{.search = select(source, split.search),
                   .confirmation = select(source, split.confirmation),
                   .training = {},
                   .test = from_test ? select(data.test, split.training) : data.test};
  if (from_test) {
    parts.training.resize(data.train.labels.size());
    std::iota(parts.training.begin(), parts.training.end(), std::int64_t{0});
  } else {
    parts.training = std::move(split.training);
  }
  return parts;
}

std::vector<std::int64_t> spread_sample(std::span<const std::int64_t> indices, std::int64_t count,
                                        std::uint64_t seed) {
  HWFLOW_CHECK(count >= 0, "a sample needs a count of at least 0");
  const std::size_t wanted = std::min(static_cast<std::size_t>(count), indices.size());
  Indices sample;
  for (std::size_t i = 0; i < wanted; ++i) sample.push_back(indices[i * indices.size() / wanted]);
  Rng rng(seed);
  shuffle(sample, rng);
  return sample;
}

}  // namespace hwflow::train
