#include <benchmark/benchmark.h>

#include "chip/cost/cost.hpp"

// Mappings per second of the fine model, and layers per second of the two coarser ones.

namespace hwflow::chip {
namespace {

/// Row-stationary array of 14 x 12 with three sibling scratchpads, as the Eyeriss chip (JSSC 2017).
Accelerator row_stationary() {
  const auto level = [](const char* name, RoleSet keeps, std::int64_t words) {
    MemoryLevel made;
    made.name = name;
    made.keeps = keeps;
    if (words > 0) made.capacity_bits = words * 16;
    made.read_energy_pj_per_bit = made.write_energy_pj_per_bit = 1.0;
    return made;
  };
  Accelerator::Fields fields;
  fields.name = "row-stationary";
  fields.levels = {
      level("DRAM", {{true, true, true}}, 0), level("GLB", {{true, true, true}}, 55296),
      level("ifmap", {{false, true, false}}, 12), level("filter", {{true, false, false}}, 224),
      level("psum", {{false, false, true}}, 24)};
  fields.levels[1].fanout.x = 14;
  fields.levels[1].fanout.y = 12;
  return *Accelerator::make(fields);
}

/// ResNet-18 conv2_x, padded: 64 channels of 56x56, 3x3.
Layer resnet_layer() {
  ConvShape shape;
  shape.in_channels = shape.out_channels = 64;
  shape.in_height = shape.in_width = 56;
  shape.kernel_height = shape.kernel_width = 3;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 1;
  return {"conv2_x", *make_convolution(shape), {16, 16, 16, 16}};
}

void evaluate_mapping(benchmark::State& state) {
  const Accelerator accelerator = row_stationary();
  const Layer layer = resnet_layer();
  const auto mapping = mapping_from_text(
      "DRAM: k4 p8 | GLB: c8 p7 q4 ; x q14 y r3 c4 | ifmap: c2 | filter: s3 | psum: k16",
      accelerator);
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(layer, accelerator, *mapping));
  state.counters["mappings/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  if (!std::holds_alternative<Cost>(evaluate(layer, accelerator, *mapping)))
    state.SkipWithError("the mapping does not fit");
}
BENCHMARK(evaluate_mapping);

void evaluate_mid_model(benchmark::State& state) {
  const Accelerator accelerator = row_stationary();
  const Layer layer = resnet_layer();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_mid(layer, accelerator));
}
BENCHMARK(evaluate_mid_model)->Unit(benchmark::kMillisecond);

void evaluate_coarse_model(benchmark::State& state) {
  const Accelerator accelerator = row_stationary();
  const Layer layer = resnet_layer();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate_coarse(layer, accelerator));
}
BENCHMARK(evaluate_coarse_model);

}  // namespace
}  // namespace hwflow::chip

BENCHMARK_MAIN();
