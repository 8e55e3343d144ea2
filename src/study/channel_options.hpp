#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "schema/field.hpp"
#include "train/prune/criterion.hpp"

namespace hwflow::study {

/// Channels as something that a search for plans chooses, beside widths.
struct ChannelOptions {
  std::vector<double> shares{0.25, 0.5, 0.75, 1.0};
  std::int64_t multiple = 1;
  std::vector<std::string> keep;
  bool keep_shared = false;
  train::Criterion criterion = train::Criterion::l1;
  bool refit = true;
  std::int64_t images = 256;
  bool operator==(const ChannelOptions&) const = default;

  static constexpr auto fields() {
    using T = ChannelOptions;
    return std::tuple{
        schema::field("shares", &T::shares, 0.01, 1,
                      "Shares of a group's channels that may stay. A group is what can only be "
                      "removed together: a layer's channels, or those that several layers add up "
                      "(docs/pruning.md)."),
        schema::field("multiple", &T::multiple, 1, 4096,
                      "Counts are rounded up to a multiple of this where the group has as many. A "
                      "group counts what leaves together: of a convolution in g groups g channels "
                      "at a time; a residual stream of several groups counts in each."),
        schema::field("keep", &T::keep,
                      "Layers whose output channels all stay, and those of the layers that share "
                      "them."),
        schema::field("keep_shared", &T::keep_shared,
                      "Channels that several layers make together all stay, those of depthwise "
                      "layers and their inputs excepted: residual streams keep their width."),
        schema::field("criterion", &T::criterion,
                      "Which channels go first. l1, l2: those of small filters; batch_norm: of "
                      "small gains; taylor: whose removal changes the loss least, to first order; "
                      "geometric_median: whose filters lie among the others."),
        schema::field("refit", &T::refit,
                      "Give the weights that are left the values with which every layer sums up "
                      "what it did before, as nearly as least squares can."),
        schema::field("images", &T::images, 1, 1e6,
                      "Training images for taylor and for the refit.")};
  }
};

}  // namespace hwflow::study
