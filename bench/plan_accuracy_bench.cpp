// What the accuracy of a precision plan costs in a search: ResNet-20 on CIFAR-10 with 1,000 search
// images, method reestimated, one thread.
//   plan_accuracy_bench [PLANS]     (80 of each kind; HWFLOW_DATA must be set)
// The unit is one float32 forward pass of the network over the search images. Processor time of one
// thread; passes and plans take turns.

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "plan_streams.hpp"
#include "processor_time.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/quantized_accuracy_model.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;

constexpr std::uint64_t kSeed = 1;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

struct Setting {
  Network network;
  WeightMap weights;
  std::shared_ptr<const Dataset> data;
  AccuracyModelOptions options;
  ImageSet search;
};

Setting read_setting() {
  const char* root = std::getenv("HWFLOW_DATA");
  const std::filesystem::path folder = root != nullptr ? root : ".";
  Setting s{.network = make_builtin_network("resnet20").value(),
            .weights = {},
            .data = std::make_shared<const Dataset>(
                read_dataset({.name = "cifar10", .directory = {}, .data_root = folder}).value()),
            .options = {},
            .search = {}};
  const auto file =
      read_safetensors(folder / "weights/akamaster_resnet20-12fca82f.safetensors").value();
  s.weights = match_weights(s.network, file.tensors, "weights").value();
  s.options.normalization = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  s.options.search_images = 1000;
  s.options.seed = kSeed;
  s.search = select(s.data->train, stratified_split(s.data->train, 1000, 0, kSeed).search);
  return s;
}

std::unique_ptr<AccuracyModel> make_model(const Setting& setting) {
  return make_quantized_accuracy_model(setting.network, setting.weights, setting.data,
                                       setting.options)
      .value();
}

/// The parts of an evaluation without any cache, plan after plan.
class Parts {
 public:
  explicit Parts(const Setting& setting) : setting_(setting) {
    const FoldedNetwork folded = fold_for_quantization(setting.network, setting.weights);
    const ImageSplit split = stratified_split(setting.data->train, 1000, 0, kSeed);
    calibrated_ = CalibratedNetwork::make(
                      folded.network, folded.weights, setting.data->train,
                      spread_sample(split.training, setting.options.calibration.images, kSeed),
                      setting.options.normalization, setting.options.calibration)
                      .value();
  }

  void measure(const CompressionPlan& plan) {
    (void)calibrated_->quantize(plan, QuantizerMethod::lsq, false);  // scales of new widths
    std::optional<QuantizedNetwork> quantized;
    const double without =
        seconds_of([&] { quantized = calibrated_->quantize(plan, QuantizerMethod::lsq, false); });
    const double with = seconds_of([&] { quantized = calibrated_->quantize(plan); });
    std::optional<IntegerNetwork> integers;
    times_["2 quantize weights"].push_back(without);
    times_["3 correct sums"].push_back(with - without);
    times_["4 integer network"].push_back(
        seconds_of([&] { integers = to_integer_network(*quantized).value(); }));
    std::optional<IntegerExecutor> executor;
    times_["5 prepare it"].push_back(
        seconds_of([&] { executor = IntegerExecutor::make(std::move(*integers)).value(); }));
    times_["1 integer pass"].push_back(seconds_of(
        [&] { (void)executor->predict(setting_.search.pixels, setting_.search.count(), 1); }));
  }

  void print(double unit) const {
    for (const auto& [name, times] : times_)
      fmt::print("  {:22} {:8.1f} ms  {:6.3f} float passes\n", name.substr(2), 1e3 * median(times),
                 median(times) / unit);
  }
  /// Seconds of the integer network of a uniform plan on the search images.
  [[nodiscard]] double integer_pass(const CompressionPlan& plan) {
    if (!executor_)
      executor_ =
          IntegerExecutor::make(to_integer_network(calibrated_->quantize(plan)).value()).value();
    return seconds_of(
        [&] { (void)executor_->predict(setting_.search.pixels, setting_.search.count(), 1); });
  }

 private:
  const Setting& setting_;
  std::shared_ptr<CalibratedNetwork> calibrated_;
  std::map<std::string, std::vector<double>> times_;
  std::optional<IntegerExecutor> executor_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 80;
  at::set_num_threads(1);
  const Setting setting = read_setting();
  const auto streams = study::record_streams(setting.network, count, kSeed);
  const auto model = make_model(setting);
  Parts parts(setting);
  std::vector<double> passes;
  const auto& random = streams[3].plans;
  (void)model->float_search_accuracy();
  for (std::size_t i = 0; i < std::min<std::size_t>(15, random.size()); ++i) {
    passes.push_back(seconds_of([&] { (void)model->float_search_accuracy(); }));
    parts.measure(random[i]);
  }
  fmt::print("float pass {:.1f} ms; random plans, nothing kept (medians):\n", 1e3 * median(passes));
  parts.print(median(passes));
  for (const study::PlanStream& stream : streams) {
    std::vector<double> plans, floats, integers;
    for (std::size_t i = 0; i < stream.plans.size(); ++i) {
      if (i % 8 == 0) {
        floats.push_back(seconds_of([&] { (void)model->float_search_accuracy(); }));
        integers.push_back(parts.integer_pass(streams[0].plans[0]));
      }
      plans.push_back(seconds_of([&] { (void)model->evaluate(stream.plans[i], {}); }));
    }
    fmt::print(
        "{:12} {:4} plans: mean {:.3f}, median {:.3f}, largest {:.3f} float passes of {:.0f} ms; "
        "mean {:.3f} integer passes of {:.0f} ms\n",
        stream.name, plans.size(), mean(plans) / median(floats), median(plans) / median(floats),
        *std::max_element(plans.begin(), plans.end()) / median(floats), 1e3 * median(floats),
        mean(plans) / median(integers), 1e3 * median(integers));
    std::fflush(stdout);
  }
}
