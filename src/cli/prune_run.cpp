#include "cli/prune_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/version.hpp"
#include "chip/arch/accelerator_input.hpp"
#include "chip/mapper/mapper.hpp"
#include "cli/interrupt.hpp"
#include "cli/prune_output.hpp"
#include "cli/quantized_train.hpp"
#include "cli/training_run.hpp"
#include "study/layer_by_layer_model.hpp"
#include "study/summaries.hpp"
#include "train/export/onnx_export.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/safetensors.hpp"
#include "train/prune/pruned_networks.hpp"
#include "workload/network_yaml.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

// Of the mapper, for each layer: as 'hwflow map'.
constexpr const char* kStrategy = "products";
constexpr std::int64_t kEvaluations = 20'000;

/// Everything wrong with the command line.
Diagnostics check_arguments(const PruneArguments& arguments) {
  TrainArguments training = arguments.training;
  if (training.options.epochs == 0) training.options.epochs = 1;  // none: nothing is trained
  Diagnostics problems = check_training(training);
  const auto keep = [&problems](const Diagnostics& more) {
    problems.insert(problems.end(), more.begin(), more.end());
  };
  keep(check(arguments.choice));
  if (!arguments.bits.empty()) {
    const auto pair = pair_of("--bits", arguments.bits);
    if (!pair) keep(pair.error());
  }
  if (arguments.training.initial.empty())
    problems.push_back(
        {"--weights", "is missing", "the trained weights, as 'hwflow train' writes"});
  return problems;
}

study::WidthPair widths_of(const PruneArguments& arguments, const chip::Accelerator& accelerator) {
  const int bits = accelerator.fields().float_bits;
  if (arguments.bits.empty()) return {bits, bits};
  const PrecisionPair pair = pair_of("--bits", arguments.bits).value();
  return {pair.weights, pair.inputs};
}

/// Layer after layer, each of the same widths.
std::unique_ptr<study::HardwareModel> make_model(const PruneArguments& arguments,
                                                 const Network& network,
                                                 const chip::Accelerator& accelerator,
                                                 chip::MappingCache& mappings) {
  study::HardwareOptions hardware;
  hardware.batch = arguments.batch;
  hardware.auxiliary_bits = widths_of(arguments, accelerator).inputs;
  hardware.network_output_bits = accelerator.fields().float_bits;
  chip::MapperOptions options;
  options.strategy = kStrategy;
  options.max_evaluations = kEvaluations;
  options.seed = arguments.training.options.seed;
  return std::make_unique<study::LayerByLayerModel>(
      network, accelerator, hardware, [&mappings, accelerator, options](const Layer& layer) {
        return mappings.map(layer, accelerator, options);
      });
}

/// What else it takes to do it again, for prune.json.
std::map<std::string, std::string> settings_of(const PruneArguments& arguments) {
  const study::ChannelOptions& limits = arguments.choice.limits;
  return {{"weights", arguments.training.initial},
          {"training", training_text(arguments.training)},
          {"mapper", fmt::format("{}, {} evaluations a layer", kStrategy, kEvaluations)},
          {"criterion", std::string(train::name(arguments.pruning.criterion))},
          {"refit", arguments.pruning.refit ? "yes" : "no"},
          {"images", std::to_string(arguments.pruning.images)},
          {"multiple", std::to_string(limits.multiple)},
          {"keep", fmt::format("{}", fmt::join(limits.keep, ","))},
          {"keep_shared", limits.keep_shared ? "yes" : "no"}};
}

/// A run of the command: what it reads, and what it makes of it step by step.
class PruneRun {
 public:
  PruneRun(PruneArguments& arguments, const GlobalOptions& options, TrainInputs inputs,
           const chip::Accelerator& accelerator)
      : arguments_(arguments),
        options_(options),
        folder_(options.out.value_or("runs/prune")),
        whole_{inputs.network, *inputs.initial},
        inputs_(std::move(inputs)),
        model_(make_model(arguments, whole_.network, accelerator, mappings_)) {
    study::CodesignResult& result = outcome_.result;
    result.version = version();
    result.seed = arguments.training.options.seed;
    result.data = inputs_.test.name;
    result.network = study::summarise(whole_.network, arguments.training.network);
    result.accelerator = study::summarise(accelerator);
    result.energy_components = model_->energy_components();
    outcome_.epochs = arguments.training.options.epochs;
    outcome_.test_images = inputs_.test.count();
    outcome_.settings = settings_of(arguments);
  }

  int run() {
    fs::create_directories(folder_);
    Diagnostics problems = prepare();
    if (problems.empty() && !stopped()) problems = prune();
    if (problems.empty() && !stopped()) problems = train();
    if (!problems.empty()) return report_unmapped(problems);
    if (stopped()) {
      const bool has_trained = outcome_.training && !outcome_.training->epochs.empty();
      return report_stopped(has_trained || arguments_.training.options.resume);
    }
    write_file(outcome_.network_file, to_yaml(inputs_.network));
    write_onnx();
    write_json_tree(options_, to_json(outcome_));
    write_file(folder_ / "prune.json", to_json(outcome_).dump(2) + "\n");
    write_file(folder_ / "prune.html", prune_page(outcome_));
    if (options_.json != "-" && !options_.quiet) {
      fmt::print("{}report: {}\n", prune_table(outcome_), (folder_ / "prune.html").string());
    }
    return kDone;
  }

 private:
  [[nodiscard]] bool stopped() const { return interrupts_.token().stop_requested(); }
  [[nodiscard]] int threads() const { return arguments_.training.options.threads; }

  void tell(const std::string& text) const {
    if (!options_.quiet) fmt::print(stderr, "{}\n", text);
  }

  /// Judges the channels, and chooses how many stay.
  Diagnostics prepare() {
    const train::TrainOptions& training = arguments_.training.options;
    arguments_.pruning.seed = training.seed;
    tell("judging channels");
    const train::ImageSet images =
        train::augmented_sample(inputs_.training, arguments_.pruning.images, {}, training.seed);
    auto made = train::PrunedNetworks::make(whole_.network, whole_.weights, whole_, images,
                                            inputs_.normalization, arguments_.pruning);
    if (!made) return made.error();
    networks_ = std::move(*made);
    tell("choosing how many stay");
    const study::WidthPair widths = widths_of(arguments_, model_->accelerator());
    Expected<ChosenPlan> chosen =
        choose_plan(arguments_.choice, whole_.network, networks_->scores(), widths, *model_,
                    threads(), interrupts_.token());
    if (!chosen) return chosen.error();
    outcome_.chosen_by = std::move(chosen->how);
    outcome_.conditions = fmt::format(
        "accuracies in float, costs of {} image{} at {}/{} bits, additions and poolings "
        "included",
        arguments_.batch, arguments_.batch == 1 ? "" : "s", widths.weights, widths.inputs);
    outcome_.groups = networks_->groups().names();
    for (const ChannelGroup& group : networks_->groups().groups())
      outcome_.group_sizes.push_back(static_cast<std::int32_t>(group.units.size()));
    return price(chosen->plan);
  }

  Diagnostics price(const CompressionPlan& plan) {
    CompressionPlan whole = plan;
    whole.channels.clear();
    Diagnostics problems = model_->prepare(std::array{whole, plan}, threads(), interrupts_.token());
    if (!problems.empty() || stopped()) return problems;
    const PrecisionPair& widths = plan.layers.front();
    add_plan(whole, fmt::format("uniform {}/{}", widths.weights, widths.inputs), true);
    add_plan(plan, "pruned", false);
    return {};
  }

  void add_plan(const CompressionPlan& plan, const std::string& label, bool baseline) {
    study::CodesignResult& result = outcome_.result;
    study::PlanDetails details;
    details.label = label;
    details.baseline = baseline;
    details.evaluated = result.evaluated.size();
    details.size = model_->size_of(plan);
    details.layers = model_->schedule(plan).layers;
    for (study::LayerDetails& layer : details.layers) layer.macs /= arguments_.batch;  // as size
    result.plans.push_back(std::move(details));
    study::EvaluatedPlan evaluated;
    evaluated.plan = plan;
    evaluated.hardware = model_->cost(plan);
    result.evaluated.push_back(std::move(evaluated));
  }

  /// Removes the channels and refits what is left.
  Diagnostics prune() {
    tell("removing channels");
    train::PrunedNetwork pruned = networks_->of(outcome_.plan().channels);
    const std::string name = whole_.network.name() + "_pruned";
    Expected<Network> network =
        Network::make(name, pruned.left.network.nodes(), pruned.left.network.outputs());
    if (!network) return network.error();
    outcome_.network_file = folder_ / (name + ".yaml");
    tell("testing");
    const auto before = correct_of_test(arguments_.training, inputs_, whole_.weights);
    if (!before) return before.error();
    outcome_.whole_correct = *before;
    arguments_.training.notes.push_back("pruned=" + arguments_.training.network + " | " +
                                        to_text(pruned.kept));
    arguments_.training.network = name + ".yaml";
    inputs_.network = std::move(*network);
    inputs_.initial = std::move(pruned.left.weights);
    const auto after = correct_of_test(arguments_.training, inputs_, *inputs_.initial);
    if (!after) return after.error();
    outcome_.untrained_correct = *after;
    outcome_.weights_file = folder_ / (name + ".safetensors");
    return {};
  }

  Diagnostics train() {
    const int epochs = arguments_.training.options.epochs;
    if (epochs == 0) {
      left_ = *inputs_.initial;
      train::write_safetensors(
          outcome_.weights_file,
          {left_, training_metadata(arguments_.training, inputs_, outcome_.untrained_correct)});
      return {};
    }
    tell(fmt::format("{} of {} test images right before training, {} before pruning",
                     outcome_.untrained_correct, outcome_.test_images, outcome_.whole_correct));
    const Log log(options_.logs());
    Expected<TrainOutcome> trained = train_float(
        arguments_.training, inputs_, &whole_, folder_,
        [&](const train::EpochReport& report) {
          if (!options_.quiet) print_epoch(report, epochs, log);
        },
        interrupts_.token());
    if (!trained) return trained.error();
    left_ = std::move(trained->weights);
    outcome_.training = std::move(*trained);
    return {};
  }

  /// For other runtimes, where every node can be said in ONNX.
  void write_onnx() {
    const train::FoldedNetwork folded = train::fold_batch_norm(inputs_.network, left_);
    const Expected<std::string> bytes = train::to_onnx(
        folded.network, folded.weights, inputs_.normalization.mean, inputs_.normalization.std);
    if (!bytes) {
      tell("no ONNX file: " + to_text(bytes.error()));
      return;
    }
    outcome_.onnx_file = folder_ / (inputs_.network.name() + ".onnx");
    write_file(outcome_.onnx_file, *bytes);
  }

  PruneArguments& arguments_;
  const GlobalOptions& options_;
  const fs::path folder_;
  const InterruptWatch interrupts_;
  const train::WeightedNetwork whole_;
  TrainInputs inputs_;  // of the whole network, then of what is left of it
  WeightMap left_;      // when it is trained
  chip::MappingCache mappings_;
  std::unique_ptr<study::HardwareModel> model_;
  std::unique_ptr<train::PrunedNetworks> networks_;
  PruneOutcome outcome_;
};

}  // namespace

int run_prune(PruneArguments& arguments, const GlobalOptions& options) {
  TrainArguments& training = arguments.training;
  training.options.seed = options.seed;
  training.options.threads = thread_count(options);
  training.options.checkpoint = options.out.value_or("runs/prune") / "checkpoint.safetensors";
  Diagnostics problems = check_arguments(arguments);
  const auto keep = [&problems](const auto& expected) {
    if (!expected)
      problems.insert(problems.end(), expected.error().begin(), expected.error().end());
  };
  Expected<TrainInputs> inputs = read_training_inputs(training);
  keep(inputs);
  const auto machine = chip::read_accelerator(arguments.arch);
  keep(machine);
  if (inputs) {
    const Diagnostics wrong = check(arguments.choice, inputs->network);
    problems.insert(problems.end(), wrong.begin(), wrong.end());
  }
  if (!problems.empty()) return report_wrong_input(problems);
  print_notes(options, training.network, inputs->notes);
  print_notes(options, arguments.arch, machine->notes);
  if (arguments.choice.channels.find('|') != std::string::npos)
    print_notes(options, "--channels", {"widths before the | are not used: costs are at --bits"});
  return PruneRun(arguments, options, std::move(*inputs), machine->accelerator).run();
}

}  // namespace hwflow::cli
