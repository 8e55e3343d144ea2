#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapper/mapper.hpp"
#include "pareto/breeder.hpp"
#include "schema/field.hpp"
#include "study/accelerator_entry.hpp"
#include "study/agent_options.hpp"
#include "study/channel_options.hpp"
#include "study/codesign_result.hpp"
#include "study/cost_budget.hpp"
#include "study/hardware_search_options.hpp"
#include "study/resilience_options.hpp"
#include "study/surrogate_options.hpp"
#include "workload/weights.hpp"

namespace hwflow::study {

/// Widths of the weights and the input activations of a layer.
struct WidthPair {
  int weights = 8;
  int inputs = 8;
  bool operator==(const WidthPair&) const = default;

  static constexpr auto fields() {
    using T = WidthPair;
    return std::tuple{
        schema::required("weights", &T::weights, 1, 16, "Bits of a weight."),
        schema::required("inputs", &T::inputs, 1, 16, "Bits of an input activation.")};
  }
};

/// A layer whose widths the search leaves alone.
struct PinnedLayer {
  std::string layer;
  int weights = 8;
  int inputs = 8;
  bool operator==(const PinnedLayer&) const = default;

  static constexpr auto fields() {
    using T = PinnedLayer;
    return std::tuple{
        schema::required("layer", &T::layer, "first, last, or the name of a compute layer."),
        schema::field("weights", &T::weights, 1, 16, "Bits of its weights."),
        schema::field("inputs", &T::inputs, 1, 16, "Bits of its input activations.")};
  }
};

struct DataOptions {
  std::string name = "fashion-mnist";
  std::string directory;
  std::vector<double> input_mean, input_std;
  bool operator==(const DataOptions&) const = default;

  static constexpr auto fields() {
    using T = DataOptions;
    return std::tuple{
        schema::field("name", &T::name,
                      "Data set, as 'hwflow list data' names it: fashion-mnist or cifar10."),
        schema::field("directory", &T::directory,
                      "Folder of the official files; empty: --data-dir, HWFLOW_DATA or the "
                      "system's folder."),
        schema::field(
            "input_mean", &T::input_mean,
            "Mean per channel of pixels scaled to 0..1, taken off each pixel; empty: as the "
            "checkpoint says, else that of the data set."),
        schema::field("input_std", &T::input_std, schema::above(0),
                      "Standard deviation per channel that each pixel is divided by; empty: as "
                      "input_mean.")};
  }
};

struct HardwareOptions {
  std::int64_t batch = 1;
  int auxiliary_bits = 8;
  int network_output_bits = 16;
  bool include_auxiliary = true;
  std::optional<HardwareSearchOptions> search;
  bool operator==(const HardwareOptions&) const = default;

  static constexpr auto fields() {
    using T = HardwareOptions;
    return std::tuple{
        schema::field("batch", &T::batch, 1, 1024, "Images of one inference."),
        schema::field("auxiliary_bits", &T::auxiliary_bits, 2, 16,
                      "Bits at which additions, multiplications and average poolings read."),
        schema::field("network_output_bits", &T::network_output_bits, 1, 32,
                      "Bits of the network's output."),
        schema::field("include_auxiliary", &T::include_auxiliary,
                      "Count additions, multiplications and poolings as layers of their own."),
        schema::field("search", &T::search,
                      "Search for designs of the hardware, joined to that for plans "
                      "(docs/hardware_search.md); null: the accelerator as it is.")};
  }
};

struct MappingSearchOptions {
  chip::Objective objective = chip::Objective::edp;
  chip::MapperOptions::Factors factors = chip::MapperOptions::Factors::perfect;
  std::int64_t max_evaluations = 200'000;
  std::string strategy = "branch_and_bound";
  bool operator==(const MappingSearchOptions&) const = default;

  static constexpr auto fields() {
    using T = MappingSearchOptions;
    return std::tuple{
        schema::field("objective", &T::objective,
                      "What the mapping of a layer minimises, and with schedule: fused the "
                      "partition into groups."),
        schema::field("factors", &T::factors,
                      "perfect: loop bounds divide the dimension; ceiling: any bound."),
        schema::field("max_evaluations", &T::max_evaluations, 1, 1e12,
                      "Mappings evaluated per layer before the search settles for a gap; unlike a "
                      "time limit it gives the same result everywhere."),
        schema::field("strategy", &T::strategy, "Mapper strategy.")};
  }
};

/// How layers follow each other on the accelerator.
enum class Schedule : std::uint8_t { layer_by_layer, fused };
constexpr auto enum_names(Schedule) {
  return std::array{std::pair{std::string_view{"layer_by_layer"}, Schedule::layer_by_layer},
                    std::pair{std::string_view{"fused"}, Schedule::fused}};
}
[[nodiscard]] std::string_view name(Schedule schedule);

/// How plans are chosen; one function each, see study/algorithms.
enum class Algorithm : std::uint8_t { nsga2, evolution, random, greedy, uniform, magnitude, agent };
constexpr auto enum_names(Algorithm) {
  return std::array{std::pair{std::string_view{"nsga2"}, Algorithm::nsga2},
                    std::pair{std::string_view{"evolution"}, Algorithm::evolution},
                    std::pair{std::string_view{"random"}, Algorithm::random},
                    std::pair{std::string_view{"greedy"}, Algorithm::greedy},
                    std::pair{std::string_view{"uniform"}, Algorithm::uniform},
                    std::pair{std::string_view{"magnitude"}, Algorithm::magnitude},
                    std::pair{std::string_view{"agent"}, Algorithm::agent}};
}
[[nodiscard]] std::string_view name(Algorithm algorithm);

constexpr auto enum_names(Abstraction) {
  return std::array{std::pair{std::string_view{"coarse"}, Abstraction::coarse},
                    std::pair{std::string_view{"mid"}, Abstraction::mid},
                    std::pair{std::string_view{"fine"}, Abstraction::fine}};
}

/// A search at one level of abstraction, which hands its front on to the next one.
struct LevelOptions {
  Abstraction model = Abstraction::fine;
  int generations = 0;
  std::optional<int> population;
  bool operator==(const LevelOptions&) const = default;

  static constexpr auto fields() {
    using T = LevelOptions;
    return std::tuple{
        schema::required(
            "model", &T::model,
            "What prices plans: coarse (MACs, and every word once at DRAM), mid (tiles of the "
            "outermost buffer) or fine (the mapper; fused groups with schedule: fused)."),
        schema::required("generations", &T::generations, 0, 100'000,
                         "Generations bred at this level; of algorithm: agent its episodes."),
        schema::field(
            "population", &T::population, 8, 10'000,
            "Plans kept and bred per generation at this level; null: search.population.")};
  }
};

constexpr auto enum_names(Objective) {
  return std::array{std::pair{std::string_view{"accuracy"}, Objective::accuracy},
                    std::pair{std::string_view{"energy"}, Objective::energy},
                    std::pair{std::string_view{"latency"}, Objective::latency},
                    std::pair{std::string_view{"dram"}, Objective::dram},
                    std::pair{std::string_view{"model_size"}, Objective::model_size},
                    std::pair{std::string_view{"macs"}, Objective::macs},
                    std::pair{std::string_view{"failure_rate"}, Objective::failure_rate}};
}

inline constexpr std::string_view kAlgorithmMeaning =
    "How plans are chosen. nsga2: bred for the front; evolution: bred for accuracy within budgets; "
    "random: drawn; greedy: narrowed step by step where that does the least harm for the gain; "
    "uniform: the uniform plans and no others, with channels: and every share of them in all "
    "groups alike; magnitude: the same, but channels go by their scores, whatever their group; "
    "agent: by reinforcement learning within budgets, as in HAQ and AMC.";

inline constexpr std::string_view kBudgetsMeaning =
    "Of algorithm: agent and evolution, which look for the most accurate plan within each, {of: "
    "latency, share: 0.6}, side by side, and share search.evaluations among them. The result tells "
    "which plan that is, and it is picked first (docs/search.md). Empty: four of the first cost of "
    "search.objectives, evenly spaced between the narrowest plan and finish.reference.";

struct SearchOptions {
  Algorithm algorithm = Algorithm::nsga2;
  std::vector<Objective> objectives{Objective::accuracy, Objective::energy, Objective::latency};
  std::vector<int> weight_bits{2, 4, 8};
  std::vector<int> input_bits{2, 4, 8};
  std::vector<PinnedLayer> pinned;
  std::optional<ChannelOptions> channels;
  int population = 40;
  int generations = 10;
  std::vector<LevelOptions> levels;
  int narrow_steps = 1;
  double narrow_share = 0.1;
  bool compare_levels = true;
  std::optional<std::int64_t> evaluations;
  pareto::Crossover crossover = pareto::Crossover::groups;
  pareto::Mutation mutation = pareto::Mutation::step_or_redraw;
  double crossover_probability = 0.9;
  std::optional<double> mutation_probability;
  bool sensitivity_seeds = true;
  SurrogateOptions surrogate;
  std::vector<CostBudget> budgets;
  AgentOptions agent;
  std::uint64_t seed = 1;
  bool operator==(const SearchOptions&) const = default;

  static constexpr auto fields() {
    using T = SearchOptions;
    return std::tuple{
        schema::field("algorithm", &T::algorithm, kAlgorithmMeaning),
        schema::field("objectives", &T::objectives,
                      "What it minimises (accuracy: 1-top1; macs: of the channels that stay, with "
                      "search.channels; failure_rate: expected failures by flipped bits, see "
                      "resilience)."),
        schema::field("weight_bits", &T::weight_bits, 1, 16, "Widths that weights may take."),
        schema::field("input_bits", &T::input_bits, 1, 16, "Widths that inputs may take."),
        schema::field("pinned", &T::pinned, "Layers whose widths are fixed."),
        schema::field("channels", &T::channels, "Searched beside widths; null: all stay."),
        schema::field(
            "population", &T::population, 8, 10'000,
            "Plans kept and bred per generation; a multiple of 4. A search evaluates its seeds "
            "(the uniform plans and those of sensitivity_seeds, or more plans at random if these "
            "are fewer than the population) and then population x generations plans."),
        schema::field("generations", &T::generations, 0, 100'000,
                      "Generations after the seeds; with levels, these have their own."),
        schema::field(
            "levels", &T::levels,
            "Searches at rising levels of abstraction, each handing its front on to the next and "
            "narrowing what that may choose from (docs/search.md); the last one is fine. Empty: "
            "one fine level of so many generations. For nsga2 and agent."),
        schema::field("narrow_steps", &T::narrow_steps, 0, 15,
                      "What the next level may choose from: the widths that the plans handed on "
                      "give a layer, and so many places beside them in the list of widths."),
        schema::field("narrow_share", &T::narrow_share, 0, 1,
                      "A width of a layer counts for that when at least this share of the plans "
                      "handed on has it; 0: when any has."),
        schema::field("compare_levels", &T::compare_levels,
                      "Price at the fine level, when the search is done, what the coarser levels "
                      "had found after each generation, so that their curves can be compared. "
                      "Costs schedules that the search itself does without."),
        schema::field(
            "evaluations", &T::evaluations, 1, 1e9,
            "Distinct plans whose accuracy the search measures, whatever the algorithm: exactly so "
            "many while plans are left to choose; nsga2 breeds at its last level until they are "
            "spent; levels share them. null: the seeds, and population x generations plans."),
        schema::field("crossover", &T::crossover,
                      "What two parents exchange. gene_run: a run of widths, which may end within "
                      "a layer; group_run: a run of layers; groups: each layer by chance, every "
                      "second time each width by itself."),
        schema::field("mutation", &T::mutation,
                      "What becomes of a width that mutates: redraw, any width; step, a "
                      "neighbouring one; step_or_redraw, either."),
        schema::field("crossover_probability", &T::crossover_probability, 0, 1,
                      "Probability that two parents exchange anything."),
        schema::field("mutation_probability", &T::mutation_probability, 0, 1,
                      "Probability that a width mutates; null: one width per plan on average."),
        schema::field(
            "sensitivity_seeds", &T::sensitivity_seeds,
            "Measure how each layer alone bears narrower widths, and seed the search with plans "
            "that narrow the layers of least harm first. Costs an evaluation for each free layer "
            "and each width below its widest, of weights and of inputs, and up to population / 2 "
            "more: 20 layers with 3 widths each take 80 + 20."),
        schema::field("surrogate", &T::surrogate, "Predicted accuracies, of algorithm: nsga2."),
        schema::field("budgets", &T::budgets, kBudgetsMeaning),
        schema::field("agent", &T::agent, "Of algorithm: agent."),
        schema::field("seed", &T::seed, "Seed of the search.")};
  }
};

enum class Calibration : std::uint8_t { max, percentile, mse };
constexpr auto enum_names(Calibration) {
  return std::array{std::pair{std::string_view{"max"}, Calibration::max},
                    std::pair{std::string_view{"percentile"}, Calibration::percentile},
                    std::pair{std::string_view{"mse"}, Calibration::mse}};
}

/// What is done to a plan before its accuracy is measured in the search, by rising price.
enum class AccuracyMethod : std::uint8_t { calibrated, reestimated, finetuned, trained, proxy };
constexpr auto enum_names(AccuracyMethod) {
  return std::array{std::pair{std::string_view{"calibrated"}, AccuracyMethod::calibrated},
                    std::pair{std::string_view{"reestimated"}, AccuracyMethod::reestimated},
                    std::pair{std::string_view{"finetuned"}, AccuracyMethod::finetuned},
                    std::pair{std::string_view{"trained"}, AccuracyMethod::trained},
                    std::pair{std::string_view{"proxy"}, AccuracyMethod::proxy}};
}

/// The set that images are taken from to search and to confirm by.
enum class HeldOutFrom : std::uint8_t { training, test };
constexpr auto enum_names(HeldOutFrom) {
  return std::array{std::pair{std::string_view{"training"}, HeldOutFrom::training},
                    std::pair{std::string_view{"test"}, HeldOutFrom::test}};
}

struct AccuracyOptions {
  AccuracyMethod method = AccuracyMethod::reestimated;
  std::int64_t finetune_images = 2000;
  int finetune_epochs = 1;
  std::string device = "cpu";
  Calibration calibration = Calibration::mse;
  std::int64_t calibration_images = 256;
  HeldOutFrom held_out_from = HeldOutFrom::training;
  std::int64_t search_images = 2000;
  std::int64_t confirm_images = 2000;
  std::uint64_t split_seed = 1;
  std::int64_t cache_bytes = std::int64_t{1} << 30;
  bool operator==(const AccuracyOptions&) const = default;

  static constexpr auto fields() {
    using T = AccuracyOptions;
    return std::tuple{
        schema::field("method", &T::method,
                      "What is done to a plan before it is measured. calibrated: scales and codes "
                      "from calibration images. reestimated: and means and deviations of every "
                      "layer corrected, as BatchNorm would estimate them anew. finetuned: and "
                      "trained for finetune_epochs on finetune_images by the method, rate and "
                      "batches of finish. trained: as finish trains it, the whole training set for "
                      "all its epochs. proxy: no accuracy at all but a number that stands for it, "
                      "where there are no weights or no data: the geometric mean over layers of "
                      "the shares of weights and bits that a plan leaves; nothing is confirmed, "
                      "trained or exported."),
        schema::field("finetune_images", &T::finetune_images, 1, 1'000'000'000,
                      "Training images of one epoch of method: finetuned."),
        schema::field("finetune_epochs", &T::finetune_epochs, 1, 1000,
                      "Epochs of method: finetuned."),
        schema::field("device", &T::device,
                      "Where networks are trained and float networks are measured: cpu, cuda or "
                      "cuda:<number>; integers are run on the processor."),
        schema::field("calibration", &T::calibration, "How quantizer ranges are chosen."),
        schema::field("calibration_images", &T::calibration_images, 1, 1'000'000,
                      "Training images that ranges are calibrated on."),
        schema::field("held_out_from", &T::held_out_from,
                      "Where the images to search and to confirm by come from. training: the "
                      "training set. test: the test set, whose other images alone are then the "
                      "test; for weights that have seen all training images, on which plans hardly "
                      "differ."),
        schema::field("search_images", &T::search_images, 100, 1'000'000,
                      "Images held back to rank plans by; nothing else is done with them."),
        schema::field("confirm_images", &T::confirm_images, 0, 1'000'000,
                      "Further images held back, on which what may be picked is measured "
                      "again before plans are picked: the best of many measurements is too good "
                      "to be true. 0: picks trust the search."),
        schema::field("split_seed", &T::split_seed, "Seed of the choice of these images."),
        schema::field(
            "cache_bytes", &T::cache_bytes, 0, 1e15,
            "Memory for activations that plans with the same first layers share "
            "(docs/quantization.md), and for trained networks (method: trained); 0: nothing "
            "is kept. Changes no result.")};
  }
};

/// How the grids of quantizers are trained; see train/quant.
enum class Method : std::uint8_t { lsq, pact, dorefa };
constexpr auto enum_names(Method) {
  return std::array{std::pair{std::string_view{"lsq"}, Method::lsq},
                    std::pair{std::string_view{"pact"}, Method::pact},
                    std::pair{std::string_view{"dorefa"}, Method::dorefa}};
}

struct FinishOptions {
  int picks = 4;
  double tolerance_points = 0.5;
  double search_margin_points = 1.0;
  std::vector<WidthPair> baselines{{8, 8}, {4, 4}};
  WidthPair reference{8, 8};
  int epochs = 2;
  double learning_rate = 0.001;
  int batch_size = 128;
  Method method = Method::lsq;
  std::int64_t crop_pad = 0;
  bool flip = false;
  double weight_decay = 1e-4;
  bool batch_norm = false;
  double distillation = 0.0;
  bool operator==(const FinishOptions&) const = default;

  static constexpr auto fields() {
    using T = FinishOptions;
    return std::tuple{
        schema::field("picks", &T::picks, 0, 100,
                      "Plans that are re-trained beside the baselines: of a study with "
                      "search.budgets first the most accurate within each."),
        schema::field(
            "tolerance_points", &T::tolerance_points, 0, 100,
            "Accuracy after re-training, in points below float, that the headline plan may "
            "lose on the confirmation images (without these, on the search images). "
            "The test set chooses nothing."),
        schema::field("search_margin_points", &T::search_margin_points, 0, 100,
                      "Accuracy, in points below the tolerance, that a pick may lose in "
                      "the hope that re-training brings it back."),
        schema::field(
            "baselines", &T::baselines,
            "Uniform plans that are re-trained as well. Empty, and picks: 0: a search by itself, "
            "which touches no test image."),
        schema::field("reference", &T::reference,
                      "Uniform plan that the saving is stated against."),
        schema::field("epochs", &T::epochs, 0, 1000,
                      "Epochs of quantization-aware training; 0: calibrated only."),
        schema::field("learning_rate", &T::learning_rate, schema::above(0),
                      "Learning rate at its start. Networks are fine-tuned with BatchNorm folded, "
                      "where about a tenth of the usual rate is stable."),
        schema::field("batch_size", &T::batch_size, 1, 65'536, "Images of a training step."),
        schema::field("method", &T::method, "How quantizer grids are trained."),
        schema::field("crop_pad", &T::crop_pad, 0, 64,
                      "Random crops from images padded by so many pixels; 0: none."),
        schema::field("flip", &T::flip, "Random left-right flips."),
        schema::field("weight_decay", &T::weight_decay, schema::at_least(0),
                      "Weight decay of the re-training."),
        schema::field(
            "batch_norm", &T::batch_norm,
            "Train with a BatchNorm behind each convolution, folded again at the end; "
            "else it stays folded. Stands higher learning rates (not with pact, dorefa)."),
        schema::field("distillation", &T::distillation, 0, 1,
                      "Share of the loss that asks for the float network's probabilities instead "
                      "of the labels. Helps at low widths (docs/quantization.md).")};
  }
};

/// checkpoint: the integers as safetensors, which 'hwflow test' and 'hwflow export' read.
enum class ExportFormat : std::uint8_t { checkpoint, qdq, qonnx };
constexpr auto enum_names(ExportFormat) {
  return std::array{std::pair{std::string_view{"checkpoint"}, ExportFormat::checkpoint},
                    std::pair{std::string_view{"qdq"}, ExportFormat::qdq},
                    std::pair{std::string_view{"qonnx"}, ExportFormat::qonnx}};
}

/// A study file: what one co-design run is asked to do. See docs/formats/study.md.
struct Study {
  std::string study;
  std::string network;
  std::string weights;
  std::string accelerator;
  std::vector<AcceleratorEntry> accelerators;
  DataOptions data;
  HardwareOptions hardware;
  MappingSearchOptions mapper;
  Schedule schedule = Schedule::layer_by_layer;
  SearchOptions search;
  AccuracyOptions accuracy;
  std::optional<ResilienceOptions> resilience;
  std::vector<WidthPair> baselines;
  FinishOptions finish;
  std::vector<ExportFormat> formats{ExportFormat::checkpoint, ExportFormat::qdq};
  std::string output;
  bool operator==(const Study&) const = default;

  static constexpr auto fields() {
    using T = Study;
    return std::tuple{
        schema::required("study", &T::study, "Name of the study."),
        schema::required("network", &T::network,
                         "Built-in network, .onnx file or network YAML file."),
        schema::field("weights", &T::weights,
                      "Checkpoint (.safetensors), relative to this file or to the data folder; "
                      "empty: the weights of the ONNX file."),
        schema::field("accelerator", &T::accelerator,
                      "Built-in accelerator, or a YAML file. This, or 'accelerators'."),
        schema::field("accelerators", &T::accelerators,
                      "Several machines, each searched with the same seed and budget; accuracies "
                      "are measured once for all (docs/search.md)."),
        schema::field("data", &T::data, "Images and how they enter the network."),
        schema::field("hardware", &T::hardware, "How the network becomes hardware layers."),
        schema::field("mapper", &T::mapper, "Search for the mapping of each layer."),
        schema::field(
            "schedule", &T::schedule,
            "How layers follow each other. layer_by_layer: one after another, each under its best "
            "mapping. fused: in the best groups that run tile by tile, so that what lies between "
            "their layers stays on chip; needs one buffer that holds inputs and outputs "
            "(docs/fusion.md)."),
        schema::field("search", &T::search, "Search over the widths of each layer."),
        schema::field("accuracy", &T::accuracy,
                      "How a plan's accuracy is estimated in the search."),
        schema::field("resilience", &T::resilience,
                      "How failures are predicted where search.objectives has failure_rate "
                      "(docs/search.md); null: as with every default, if it has."),
        schema::field("baselines", &T::baselines,
                      "Uniform plans on every plot; empty: every pair of allowed widths."),
        schema::field("finish", &T::finish, "Re-training and measuring the final picks."),
        schema::field("export", &T::formats, "Files written for each pick."),
        schema::field("output", &T::output, "Folder for all output; empty: runs/<study>.")};
  }
};

/// Where relative paths of a study file are looked for.
struct StudyFolders {
  std::vector<std::filesystem::path> search;  ///< after the folder of the study file
};

/// A study whose parts exist and fit together.
struct LoadedStudy {
  Study options;
  std::string network_file;            ///< as Study::network, or the file that it means
  std::filesystem::path weights_file;  ///< empty: `weights` holds those of the ONNX file
  WeightMap weights;
  Network network;
  chip::Accelerator accelerator;
  std::string config_yaml;           ///< effective, reads back to the same study
  std::string config_hash;           ///< of all that the result depends on: not of output and study
  std::filesystem::path origin{};    ///< the study file: relative paths start from its folder
  std::vector<std::string> notes{};  ///< what the reader of the network simplified
  std::string label{};               ///< of the machine, of a study that lists several; else empty
};

/// Reads a study and everything it names but the data and the checkpoint.
/// settings   "key=value", as --set
/// Errors     everything wrong at once, placed at the setting that is to blame if there is one:
/// keys, ranges, unknown names, missing files, widths that the
///            accelerator cannot compute, pinned layers that do not exist, ...
[[nodiscard]] Expected<LoadedStudy> load_study(const std::filesystem::path& file,
                                               const std::vector<std::string>& settings = {},
                                               const StudyFolders& folders = {});

/// The study of each machine: one for `accelerator`, else one for every entry of `accelerators`,
/// in their order, which lists that entry alone. Errors  as load_study(), which takes one machine.
[[nodiscard]] Expected<std::vector<LoadedStudy>> load_studies(
    const std::filesystem::path& file, const std::vector<std::string>& settings = {},
    const StudyFolders& folders = {});
[[nodiscard]] Expected<std::vector<LoadedStudy>> parse_studies(
    const std::string& text, const std::filesystem::path& origin,
    const std::vector<std::string>& settings = {}, const StudyFolders& folders = {});

/// As load_study, for a text; `origin` names it in messages and anchors relative paths.
[[nodiscard]] Expected<LoadedStudy> parse_study(const std::string& text,
                                                const std::filesystem::path& origin,
                                                const std::vector<std::string>& settings = {},
                                                const StudyFolders& folders = {});

/// What is wrong with a study that reads well: everything that more than one key is part of.
[[nodiscard]] Diagnostics check(const Study& study, const Network& network,
                                const chip::Accelerator& accelerator, const std::string& origin);

/// "search.population: 40 there, 60 here": the keys in which two effective configs differ.
[[nodiscard]] std::vector<std::string> differing_keys(const std::string& yaml_there,
                                                      const std::string& yaml_here);

}  // namespace hwflow::study

/// Names of the operators of NSGA-II in files.
namespace hwflow::pareto {
constexpr auto enum_names(Crossover) {
  return std::array{std::pair{std::string_view{"gene_run"}, Crossover::gene_run},
                    std::pair{std::string_view{"group_run"}, Crossover::group_run},
                    std::pair{std::string_view{"groups"}, Crossover::groups}};
}
constexpr auto enum_names(Mutation) {
  return std::array{std::pair{std::string_view{"redraw"}, Mutation::redraw},
                    std::pair{std::string_view{"step"}, Mutation::step},
                    std::pair{std::string_view{"step_or_redraw"}, Mutation::step_or_redraw}};
}
}  // namespace hwflow::pareto

/// Names of the mapper's choices in files.
namespace hwflow::chip {
constexpr auto enum_names(Objective) {
  return std::array{std::pair{std::string_view{"energy"}, Objective::energy},
                    std::pair{std::string_view{"latency"}, Objective::latency},
                    std::pair{std::string_view{"edp"}, Objective::edp},
                    std::pair{std::string_view{"dram"}, Objective::dram}};
}
}  // namespace hwflow::chip

template <>
struct hwflow::schema::EnumNames<hwflow::chip::MapperOptions::Factors> {
  static constexpr auto names() {
    using Factors = hwflow::chip::MapperOptions::Factors;
    return std::array{std::pair{std::string_view{"perfect"}, Factors::perfect},
                      std::pair{std::string_view{"ceiling"}, Factors::ceiling}};
  }
};
