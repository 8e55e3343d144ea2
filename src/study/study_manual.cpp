#include "study/study_manual.hpp"

#include <string_view>

#include "schema/schema.hpp"
#include "study/study.hpp"

namespace hwflow::study {
namespace {

constexpr std::string_view kRules = R"(# Study files

This page is generated from the tables that read the files; the test of `src/study` compares it.

A study is what one `hwflow codesign` run is asked to do: a trained network, its data, an
accelerator, the widths to choose from, and what to do with the plans that come out best. It is a
YAML file with `schema: 1` at its top. Every key but four has a default; `hwflow explain KEY` tells
it, and `--set key=value` overrides it. All problems of a file are told at once, each with its line.

**Paths** start from the folder of the study file, then from `--data-dir` and `HWFLOW_DATA`. A name
that is no file means a built-in network or accelerator (`hwflow list networks`).

**Three sets of images.** `accuracy.search_images` of the training set are held back to rank plans
by: all accuracies of the search are of these. The best of hundreds of such measurements is too good
to be true, so what may be picked is measured again on a further `accuracy.confirm_images`, which
neither search nor re-training looks at; but for the knee of the front, a pick must be accurate
enough on both. The test set is touched once, after the picks are fixed, and measures every pick and
baseline after `finish.epochs` of re-training. A weight file says which images its training held
out; the report warns when plans are measured on others. Where
the weights have seen all training images, `accuracy.held_out_from: test` takes both sets out of the
test set, and the rest of it is the test.

**Repeatable.** The same study, seed and data give the same front and the same picks with any
number of threads, and also when the run was killed and went on with `--resume`. What is evaluated
is kept in `runs.sqlite` of the output folder and never evaluated twice by the same code: a program
whose training sources differ measures anew, one whose hardware sources differ maps anew. `--resume`
refuses a study that differs from the run's own in anything that matters and names the keys, and it
refuses a program of other code than that which began the run.

**Two schedules.** With `schedule: layer_by_layer` a plan costs the sum of the best mappings of its
layers. With `schedule: fused` it costs what the best partition into fused groups costs, for
`mapper.objective`, as `hwflow fuse` finds it (docs/fusion.md, "In the loop"); `mapper` then says how
layers by themselves and the blocks of groups are mapped. The accelerator needs one buffer that holds
inputs and outputs, and additions and poolings are always layers.

**Algorithms, budget, levels.** `search.algorithm` says how plans are chosen, `search.evaluations` how
many accuracies any algorithm may measure, and `search.levels` searches with cheap lower bounds of
the hardware's cost first (docs/search.md).

**Several machines.** `accelerators` in place of `accelerator` lists machines, each with keys that the study
changes in it. Each is searched by itself; a plan is measured once for all (docs/search.md):

```
accelerators:
  - {accelerator: bitfusion, label: lanes}
  - {accelerator: bitfusion, label: small, set: ["levels[1].capacity_bits=131072", "levels[2].fanout.x=16"]}
```

## An example

```yaml
schema: 1
study: fmnist_eyeriss                 # names the output folder: runs/fmnist_eyeriss
network: fmnist_resnet                # built-in; or an .onnx or network YAML file
weights: ../models/fmnist_resnet.safetensors
accelerator: eyeriss                  # built-in; or an accelerator YAML file
data: {name: fashion-mnist}
mapper:
  objective: edp                      # the best mapping of a layer has the least energy x cycles
  max_evaluations: 20000              # a count, not a time: the same result on every machine
search:
  objectives: [accuracy, energy, latency]
  weight_bits: [2, 4, 8]              # chosen for each layer by itself
  input_bits: [4, 8]
  pinned:
    - {layer: first, weights: 8, inputs: 8}
  population: 40
  generations: 8
  seed: 1
accuracy: {search_images: 1000, confirm_images: 4000, calibration: mse, calibration_images: 256}
baselines:                            # on every plot; left out: every pair of the widths above
  - {weights: 8, inputs: 8}
  - {weights: 4, inputs: 4}
finish:
  picks: 4                            # plans, beside the baselines, that are re-trained
  tolerance_points: 0.5               # the headline may lose half a point against float
  baselines: [{weights: 8, inputs: 8}, {weights: 4, inputs: 4}]
  reference: {weights: 8, inputs: 8}  # savings are stated against this one
  epochs: 1
export: [checkpoint, qdq]             # integers for 'hwflow test', and ONNX for other runtimes
```

## Keys

)";

}  // namespace

std::string study_manual() { return std::string(kRules) + schema::markdown_table<Study>(); }

}  // namespace hwflow::study
