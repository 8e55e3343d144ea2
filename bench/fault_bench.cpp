// Faulty inferences a second, ResNet-20 on CIFAR-10 at 8 bits, one thread: Propagation beside the
// plain way, a changed copy of the network run on the same images.
//   fault_bench [FAULTS] [IMAGES] [PLAIN_FAULTS] [SITE]     (2000 100 40; HWFLOW_DATA must be set)
// Single bit flips, uniform over all bits of all words of a site. Processor time of one thread,
// fault-free runs and copying included. Every verdict of the plain way is compared.

#include <fmt/format.h>
#include <time.h>

#include <cstdlib>
#include <functional>
#include <numeric>

#include "base/random.hpp"
#include "train/fault/fault_space.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/propagation.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/quant/calibration.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;
using namespace hwflow::train::fault;

constexpr std::uint64_t kSeed = 1;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_of(const std::function<void()>& work) {
  const double start = processor_seconds();
  work();
  return processor_seconds() - start;
}

struct Setting {
  IntegerNetwork network;
  ImageSet images;
};

Setting read_setting() {
  const char* root = std::getenv("HWFLOW_DATA");
  const std::filesystem::path folder = root != nullptr ? root : ".";
  const Dataset data =
      read_dataset({.name = "cifar10", .directory = {}, .data_root = folder}).value();
  const Network network = make_builtin_network("resnet20").value();
  const auto file =
      read_safetensors(folder / "weights/akamaster_resnet20-12fca82f.safetensors").value();
  const FoldedNetwork folded = fold_for_quantization(
      network, match_weights(network, file.tensors, "weights").value());
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.train.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const auto calibrated =
      CalibratedNetwork::make(folded.network, folded.weights, data.train,
                              spread_sample(all, 256, kSeed),
                              {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}}, {})
          .value();
  const std::size_t layers = network.compute_nodes().size();
  return {to_integer_network(calibrated->quantize(CompressionPlan::uniform(layers, 8, 8))).value(),
          data.test};
}

FaultList draw(const FaultSpace& space, std::size_t count) {
  Rng rng(kSeed);
  FaultList faults;
  while (faults.size() < count) {
    auto at = static_cast<std::int64_t>(
        rng.below(static_cast<std::uint64_t>(space.population())));
    std::size_t stratum = 0;
    while (at >= space.strata()[stratum].words) at -= space.strata()[stratum++].words;
    faults.add(space.upset(stratum, at));
  }
  return faults;
}

void measure(const Setting& setting, Site site, std::size_t faults, std::size_t images,
             std::size_t plain_faults) {
  const integer::Plan plan = integer::compile(setting.network, KernelSet::best).value();
  const FaultSpace space = FaultSpace::make(plan, {.sites = {site}}).value();
  const FaultList list = draw(space, faults);
  const std::size_t image = setting.images.pixels.size() / setting.images.labels.size();
  std::vector<Verdict> verdicts(faults * images);
  std::vector<std::vector<std::int64_t>> logits(images);
  const double quick = seconds_of([&] {
    Golden golden = make_golden(plan);
    Propagation propagation(plan);
    for (std::size_t i = 0; i < images; ++i) {
      run_golden(plan, setting.images.pixels.data() + i * image, golden);
      logits[i] = golden.workspace.logits;
      propagation.begin(golden);
      for (std::size_t f = 0; f < faults; ++f)
        verdicts[f * images + i] = propagation.run(list[f]);
    }
  });
  std::size_t differ = 0, masked = 0, changed = 0;
  const double plain = seconds_of([&] {
    for (std::size_t f = 0; f < plain_faults; ++f) {
      FullRun run(setting.network, list[f]);
      for (std::size_t i = 0; i < images; ++i)
        differ += run.run(setting.images.pixels.data() + i * image, logits[i]) !=
                  verdicts[f * images + i];
    }
  });
  for (const Verdict& verdict : verdicts) {
    masked += verdict.masked ? 1 : 0;
    changed += verdict.top1_changed ? 1 : 0;
  }
  const auto all = static_cast<double>(verdicts.size());
  const double rate = all / quick, plain_rate = static_cast<double>(plain_faults * images) / plain;
  fmt::print("{:<13} {:>12} faults in the space; propagation {:>9.0f}/s, plain {:>6.0f}/s, {:>5.1f} "
             "times; masked {:.1f} %, top-1 changed {:.3f} %; {} of {} verdicts differ\n",
             enum_names(Site{})[static_cast<std::size_t>(site)].first, space.population(), rate,
             plain_rate, rate / plain_rate, 100.0 * static_cast<double>(masked) / all,
             100.0 * static_cast<double>(changed) / all, differ, plain_faults * images);
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
