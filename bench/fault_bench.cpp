// Faulty inferences a second, ResNet-20 on CIFAR-10 at 8 bits, one thread: Propagation beside three
// plain ways, with the verdicts of the first two compared one by one:
//   one copy, many images: a changed copy of the integer network runs all images;
//   one copy, one image: a copy for each faulty inference;
//   tensors: a changed copy of the float network runs all images as one batch in libtorch, as
//   injectors built on it do (weights only; its verdicts are another network's).
//   fault_bench [FAULTS] [IMAGES] [PLAIN_FAULTS] [SITE]     (2000 100 40; HWFLOW_DATA must be set)
// Single bit flips, drawn as campaigns draw them. Processor time of one thread,
// fault-free runs and copying included.

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "base/enum_names.hpp"
#include "processor_time.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/propagation.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/quant/calibration.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;
using namespace hwflow::train::fault;

constexpr std::uint64_t kSeed = 1;

struct Setting {
  Network graph;
  WeightMap weights;
  Normalization normalization;
  IntegerNetwork network;
  ImageSet images;
  [[nodiscard]] const std::uint8_t* image(std::size_t i) const {
    return images.pixels.data() + i * (images.pixels.size() / images.labels.size());
  }
};

Setting read_setting() {
  const char* root = std::getenv("HWFLOW_DATA");
  const std::filesystem::path folder = root != nullptr ? root : ".";
  const Dataset data =
      read_dataset({.name = "cifar10", .directory = {}, .data_root = folder}).value();
  const Network network = make_builtin_network("resnet20").value();
  const auto file =
      read_safetensors(folder / "weights/akamaster_resnet20-12fca82f.safetensors").value();
  const WeightMap weights = match_weights(network, file.tensors, "weights").value();
  const Normalization normalization{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  const FoldedNetwork folded = fold_for_quantization(network, weights);
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.train.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, data.train,
                                                  spread_sample(all, 256, kSeed), normalization, {})
                              .value();
  const std::size_t layers = network.compute_nodes().size();
  return {network, weights, normalization,
          to_integer_network(calibrated->quantize(CompressionPlan::uniform(layers, 8, 8))).value(),
          data.test};
}

/// Verdicts of all faults on all images, and the seconds that it took.
struct Propagated {
  std::vector<Verdict> verdicts;  ///< fault by fault
  std::vector<std::vector<std::int64_t>> logits;
  double seconds = 0.0;
};

Propagated propagate(const Setting& setting, const integer::Plan& plan, const FaultList& faults,
                     std::size_t images) {
  Propagated result{std::vector<Verdict>(faults.size() * images),
                    std::vector<std::vector<std::int64_t>>(images)};
  result.seconds = seconds_of([&] {
    Golden golden = make_golden(plan);
    Propagation propagation(plan);
    for (std::size_t i = 0; i < images; ++i) {
      run_golden(plan, setting.image(i), golden);
      result.logits[i] = golden.workspace.logits;
      propagation.begin(golden);
      for (std::size_t f = 0; f < faults.size(); ++f)
        result.verdicts[f * images + i] = propagation.run(faults[f]);
    }
  });
  return result;
}

/// Plain runs of the first faults; counts verdicts that differ.
double plain_seconds(const Setting& setting, const integer::Plan& plan, const FaultList& faults,
                     std::size_t count, std::size_t images, std::size_t all_images,
                     const Propagated& known, std::size_t& differ) {
  return seconds_of([&] {
    for (std::size_t f = 0; f < count; ++f) {
      FullRun run(plan, faults[f]);
      for (std::size_t i = 0; i < images; ++i)
        if (run.run(setting.image(i), known.logits[i]) != known.verdicts[f * all_images + i])
          ++differ;
    }
  });
}

double tensor_seconds(const Setting& setting, std::size_t count, std::size_t images) {
  torch::set_num_threads(1);
  torch::NoGradGuard no_gradients;
  NetworkModule module(setting.graph);
  load_weights(module, setting.weights);
  module.eval();
  std::vector<std::int64_t> indices(images);
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  const torch::Tensor batch = to_tensor(setting.images, setting.normalization, indices);
  return seconds_of([&] {
    for (std::size_t f = 0; f < count; ++f) {
      NetworkModule copy(setting.graph);
      load_weights(copy, weights_of(module));
      copy.eval();
      copy.forward(batch).argmax(1);
    }
  });
}

void measure(const Setting& setting, Site site, std::size_t count, std::size_t images,
             std::size_t plain_faults) {
  const integer::Plan plan = integer::compile(setting.network, KernelSet::best).value();
  const FaultSpace space = FaultSpace::make(plan, {.sites = {site}}).value();
  std::vector<std::uint32_t> strata;
  const FaultList faults = FaultDraw(space, kSeed).draw(static_cast<std::int64_t>(count), strata);
  const Propagated quick = propagate(setting, plan, faults, images);
  std::size_t differ = 0;
  const double many =
      plain_seconds(setting, plan, faults, plain_faults, images, images, quick, differ);
  const double one = plain_seconds(setting, plan, faults, plain_faults, 1, images, quick, differ);
  const auto all = static_cast<double>(quick.verdicts.size());
  const auto plain = static_cast<double>(plain_faults);
  const auto masked = std::ranges::count_if(quick.verdicts, &Verdict::masked);
  const auto changed = std::ranges::count_if(quick.verdicts, &Verdict::top1_changed);
  const double rate = all / quick.seconds;
  const auto beside = [&](const char* name, double other) {
    fmt::print("  {:<24} {:>8.0f}/s  {:>6.1f} times\n", name, other, rate / other);
  };
  fmt::print("{}: {} faults of {} on {} images, masked {:.1f} %, top-1 changed {:.3f} %\n",
             hwflow::enum_name(site), count, space.population(), images,
             100.0 * static_cast<double>(masked) / all, 100.0 * static_cast<double>(changed) / all);
  fmt::print("  {:<24} {:>8.0f}/s\n", "propagation", rate);
  beside("one copy, many images", plain * static_cast<double>(images) / many);
  beside("one copy, one image", plain / one);
  if (site == Site::weights)
    beside("tensors",
           plain * static_cast<double>(images) / tensor_seconds(setting, plain_faults, images));
  fmt::print("  {} of {} verdicts differ\n", differ, plain_faults * (images + 1));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, std::size_t otherwise) {
    return argc > i ? static_cast<std::size_t>(std::atoll(argv[i])) : otherwise;
  };
  const std::size_t faults = argument(1, 2000), images = argument(2, 100);
  const Setting setting = read_setting();
  const std::string_view only = argc > 4 ? argv[4] : "";
  for (const auto& [name, site] : enum_names(Site{}))
    if (only.empty() || only == name)
      measure(setting, site, faults, images, std::min(faults, argument(3, 40)));
}
