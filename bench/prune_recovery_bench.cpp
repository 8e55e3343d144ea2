// What a network loses when channels are removed, by every criterion, and what is won back without
// training: BatchNorm estimated anew (512 training images, cropped and mirrored as in training),
// weights refitted by least squares (512 plain ones), and both. Float, on test images: nothing is
// chosen here. As Markdown. One thread.
//
//   [HWFLOW_DATA=...] prune_recovery_bench NETWORK WEIGHTS DATA IMAGES SHARE...
//
// for example  resnet56 .../akamaster_resnet56-4bfd9763.safetensors cifar10 2000 0.9 0.75 0.5
// SHARE: of the channels that stay, uniform: of every group alike; global: by score, whatever the
// group, at least a fifth of each.

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "train/nn/module_training.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/prune/batch_norm_estimation.hpp"
#include "train/prune/shrink_weights.hpp"
#include "train/prune/taylor.hpp"
#include "train/prune/weight_refit.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;

constexpr std::int64_t kImages = 512;

struct Subject {
  Network network;
  WeightMap weights;
  Normalization normalization;
  ImageSet plain, augmented, test;
};

Subject read(char** arguments) {
  const char* root = std::getenv("HWFLOW_DATA");
  Subject subject{make_builtin_network(arguments[0]).value(), {}, {}, {}, {}, {}};
  const auto file = read_safetensors(arguments[1]).value();
  subject.weights = match_weights(subject.network, file.tensors, arguments[1]).value();
  const Dataset data =
      read_dataset({.name = arguments[2], .data_root = root != nullptr ? root : ""}).value();
  const std::int64_t channels = data.train.channels;
  const auto told = normalization_from_metadata(file.metadata, channels);
  subject.normalization = told ? *told : default_normalization(arguments[2], channels);
  subject.plain = augmented_sample(data.train, kImages, {}, 0);
  subject.augmented =
      augmented_sample(data.train, kImages, {.pad = channels == 1 ? 2 : 4, .flip = true}, 0);
  subject.test = augmented_sample(data.test, std::atoll(arguments[3]), {}, 0);
  return subject;
}

double percent(const Subject& s, const Network& network, const WeightMap& weights) {
  const auto right = correct_images(network, weights, s.test, s.normalization, {}).value();
  return 100.0 * std::accumulate(right.begin(), right.end(), 0.0) /
         static_cast<double>(right.size());
}

ChannelScores scores_of(const Subject& s, const ChannelGroups& groups, Criterion criterion) {
  return criterion == Criterion::taylor
             ? taylor_scores(s.network, s.weights, s.plain, s.normalization, 64)
             : weight_scores(s.network, groups, s.weights, criterion).value();
}

std::vector<std::int32_t> uniform_counts(const ChannelGroups& groups, double share) {
  std::vector<std::int32_t> counts;
  for (const ChannelGroup& group : groups.groups())
    counts.push_back(std::max(
        1, static_cast<int>(std::lround(share * static_cast<double>(group.units.size())))));
  return counts;
}

void row(const Subject& s, const WeightRefit& refit, const ChannelGroups& groups,
         const UnitScores& scores, std::string_view criterion, std::string_view how, double share) {
  const std::vector<std::int32_t> counts =
      how == "uniform" ? uniform_counts(groups, share) : counts_by_global_score(scores, share, 0.2);
  const ShrunkNetwork shrunk = shrink(s.network, groups, keep_best(scores, counts)).value();
  const WeightMap small = shrink_weights(s.network, shrunk, s.weights);
  const WeightMap fitted = refit.refitted(shrunk, small);
  const auto estimated = [&](const WeightMap& weights) {
    return estimate_batch_norm(shrunk.network, weights, s.augmented, s.normalization);
  };
  fmt::print(
      "| {} | {} {:.2f} | {:.1f} % | {:.1f} % | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", criterion,
      how, share,
      100.0 * static_cast<double>(shrunk.network.macs()) / static_cast<double>(s.network.macs()),
      100.0 * static_cast<double>(shrunk.network.parameters()) /
          static_cast<double>(s.network.parameters()),
      percent(s, shrunk.network, small), percent(s, shrunk.network, estimated(small)),
      percent(s, shrunk.network, fitted), percent(s, shrunk.network, estimated(fitted)));
  (void)std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    fmt::print(stderr, "prune_recovery_bench NETWORK WEIGHTS DATA IMAGES SHARE...\n");
    return 2;
  }
  at::set_num_threads(1);
  const Subject subject = read(argv + 1);
  const ChannelGroups groups(subject.network);
  const WeightRefit refit(subject.network, subject.weights, subject.plain, subject.normalization);
  fmt::print("{}: {} groups of channels; whole, {:.2f} % of {} test images\n\n", argv[1],
             groups.groups().size(), percent(subject, subject.network, subject.weights),
             subject.test.count());
  fmt::print(
      "| criterion | kept | MACs | parameters | right, % | BatchNorm | refit | both |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const auto& [criterion_name, criterion] : enum_names(Criterion{})) {
    const UnitScores scores = unit_scores(groups, scores_of(subject, groups, criterion));
    for (int i = 5; i < argc; ++i)
      for (const std::string_view how : {"uniform", "global"})
        row(subject, refit, groups, scores, criterion_name, how, std::atof(argv[i]));
  }
}
