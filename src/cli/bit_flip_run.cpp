#include "cli/bit_flip_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "cli/bit_flip_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "train/fault/fault_file.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using namespace train::robust;
using train::fault::FaultFile;
using train::fault::FaultList;
using train::fault::Upset;

constexpr const char* kGroup = "Flipped bits of weights";

/// Problems of the library under the names of the command line.
Diagnostics named(const Diagnostics& problems) {
  static const std::map<std::string, std::string> kNames{
      {"flips", "--bit-flips"},        {"images", "--bfa-images"},
      {"target", "--bfa-target"},      {"source", "--bfa-source"},
      {"bits_per_step", "--bfa-bits"}, {"candidates", "--bfa-candidates"},
      {"skip", "--bfa-skip"},          {"until", "--until"},
      {"random_runs", "--bfa-random"}, {"threads", "--threads"}};
  Diagnostics renamed = problems;
  for (Diagnostic& problem : renamed)
    if (const auto found = kNames.find(problem.place); found != kNames.end())
      problem.place = found->second;
  return renamed;
}

train::fault::CampaignSettings settings_of(const BitFlipResult& result) {
  return {{"attack", "bit-flips"},
          {"model", result.model},
          {"quantization", result.how},
          {"data", result.data},
          {"seed", std::to_string(result.options.seed)}};
}

/// Fault k of the list is the first k flips together.
FaultList prefixes_after(const std::vector<MadeFlip>& flips, std::size_t told) {
  FaultList faults;
  for (std::size_t count = told + 1; count <= flips.size(); ++count) {
    std::vector<Upset> upsets;
    for (std::size_t i = 0; i < count; ++i) upsets.push_back(flips[i].bit.upset());
    faults.add(upsets);
  }
  return faults;
}

/// The images that are not at these places.
train::ImageSet others_of(const train::ImageSet& images, std::vector<std::int64_t> places) {
  std::ranges::sort(places);
  std::vector<std::int64_t> others;
  for (std::int64_t i = 0; i < images.count(); ++i)
    if (!std::ranges::binary_search(places, i)) others.push_back(i);
  return train::select(images, others);
}

/// A run of the command.
class BitFlipRun {
 public:
  BitFlipRun(const GlobalOptions& options, const IntegerModel& model, BitFlipResult result)
      : options_(options),
        model_(model),
        plan_(train::integer::compile(model.network, train::KernelSet::best).value()),
        result_(std::move(result)),
        line_(options.quiet, Log(options.logs())) {
    result_.network = &model_.network.network;
  }

  int run(const FlipBatch& batch, const train::ImageSet& test) {
    if (options_.out) open_files();
    const BitFlipHooks hooks{
        .progress =
            [&](std::int64_t done, std::int64_t all, const std::string& note) {
              line_.show({.phase = "flips", .done = done, .total = all, .note = note});
            },
        .on_flip = [&](const BitFlipReport& report) { keep(report); }};
    result_.report =
        attack_bits(model_.network, batch, test, result_.options, hooks, interrupts_.token());
    line_.close();
    return tell();
  }

 private:
  void open_files() {
    fs::create_directories(*options_.out);
    result_.list_file = *options_.out / "faults.jsonl";
    result_.page_file = *options_.out / "attack.html";
    list_.emplace(result_.list_file, plan_, settings_of(result_));
  }

  /// What was found stays, however the run ends.
  void keep(const BitFlipReport& report) {
    if (!list_) return;
    list_->append(prefixes_after(report.flips, told_));
    told_ = report.flips.size();
  }

  void write_random() {
    if (result_.report.random.empty()) return;
    result_.random_file = *options_.out / "random_faults.jsonl";
    FaultList faults;
    for (const RandomFlips& random : result_.report.random) {
      std::vector<Upset> upsets;
      for (const WeightBit& bit : random.bits) upsets.push_back(bit.upset());
      faults.add(upsets);
    }
    FaultFile(result_.random_file, plan_, settings_of(result_)).append(faults);
  }

  int tell() {
    if (options_.out) {
      write_random();
      write_file(*options_.out / "flips.csv", bit_flip_csv(result_));
      write_file(*options_.out / "attack.json", bit_flip_json(result_).dump(2) + "\n");
      write_file(result_.page_file, bit_flip_page(result_));
    }
    write_json_tree(options_, bit_flip_json(result_));
    if (options_.json != "-" && !options_.quiet) fmt::print("{}", bit_flip_text(result_));
    if (!interrupts_.token().stop_requested()) return kDone;
    fmt::print(stderr, "hwflow: stopped; {} flips were found\n", result_.report.flips.size());
    return kWorldFailed;
  }

  const GlobalOptions& options_;
  const IntegerModel& model_;
  train::integer::Plan plan_;
  BitFlipResult result_;
  InterruptWatch interrupts_;
  ProgressLine line_;
  std::optional<FaultFile> list_;
  std::size_t told_ = 0;  ///< flips that the list has
};

}  // namespace

const std::vector<const char*>& bit_flip_option_names() {
  static const std::vector<const char*> kNames{
      "--bit-flips", "--bfa-images",     "--bfa-from", "--bfa-target", "--bfa-source",
      "--bfa-bits",  "--bfa-candidates", "--bfa-skip", "--bfa-random", "--until"};
  return kNames;
}

void add_bit_flip_options(CLI::App& command, BitFlipArguments& arguments) {
  BitFlipOptions& o = arguments.options;
  command.add_option(
      "--bit-flips", arguments.flips,
      "Change no images: flip at most so many bits of the stored weights, found by "
      "progressive bit search (BFA); in integers, float weights quantized to --bits");
  command
      .add_option("--bfa-images", o.images,
                  "Images that the attacker knows, spread over their set by the seed")
      ->capture_default_str();
  add_name_option(command, "--bfa-from", arguments.from,
                  "The set that they are of; of the test set, they do not count in accuracies");
  command.add_option("--bfa-target", o.target,
                     "Class that images are to be taken for (T-BFA); else any wrong one");
  command.add_option("--bfa-source", o.source,
                     "With --bfa-target: only images of this class, the others are to stay right");
  command
      .add_option("--bfa-bits", o.bits_per_step,
                  "Bits of one layer that are flipped together in a step")
      ->capture_default_str();
  command
      .add_option("--bfa-candidates", o.candidates,
                  "Sets of so many bits that are measured of each layer in a step, by rank of "
                  "their gradients; 0 = all bits, for small networks")
      ->capture_default_str();
  command.add_option("--bfa-skip", o.skip, "Layers that are left alone: first, last, or names");
  command.add_option("--bfa-random", o.random_runs, "Runs of as many random flips, for comparison")
      ->capture_default_str();
  command.add_option("--until", o.until,
                     "End at this accuracy, a share; else at chance, with --bfa-source never");
  for (const char* option : bit_flip_option_names()) command.get_option(option)->group(kGroup);
}

int run_bit_flips(const BitFlipInputs& inputs, BitFlipArguments& arguments,
                  const GlobalOptions& options, Diagnostics problems) {
  BitFlipOptions& o = arguments.options;
  o.flips = arguments.flips.value_or(0);
  o.seed = options.seed;
  o.threads = thread_count(options);
  const Expected<train::Dataset> data = read_data(inputs.data);
  if (!data) {
    append(problems, data.error());
    return report_wrong_input(problems);
  }
  append(problems, named(check(o, data->test.classes)));
  const Expected<IntegerModel> model = load_integer_model(inputs.model, *data, options.seed);
  if (!model)
    append(problems, model.error());
  else
    append(problems, named(check_layers(o, model->network)));
  if (!problems.empty()) return report_wrong_input(problems);
  const bool of_test = arguments.from == FlipImages::test;
  const Expected<FlipBatch> batch = make_flip_batch(of_test ? data->test : data->train, o);
  if (!batch) return report_wrong_input(named(batch.error()));
  const train::ImageSet test =
      first_images(of_test ? others_of(data->test, batch->places) : data->test, inputs.first);
  if (test.count() == 0)
    return report_wrong_input({{"--bfa-images", "leaves no test image to count", "fewer images"}});
  print_notes(options, inputs.model.model.file, model->notes);
  BitFlipResult result{.model = inputs.model.model.file,
                       .how = model->how,
                       .data = test.name,
                       .batch_data = std::string(enum_name(arguments.from)),
                       .batch_images = batch->images.count(),
                       .notes = model->notes,
                       .options = o};
  return BitFlipRun(options, *model, std::move(result)).run(*batch, test);
}

}  // namespace hwflow::cli
