#include "cli/inject_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>

#include "base/random.hpp"
#include "cli/inject_array.hpp"
#include "cli/inject_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_run.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/fault/fault_file.hpp"
#include "train/fault/plain_check.hpp"
#include "train/nn/image_split.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using namespace train::fault;

constexpr const char* kListFile = "faults.jsonl";
constexpr const char* kPageFile = "inject.html";

template <class Enum>
std::string joined_names(const std::vector<Enum>& values) {
  std::vector<std::string_view> names;
  for (const Enum value : values) names.push_back(enum_name(value));
  return fmt::format("{}", fmt::join(names, " "));
}

/// Spread over the test set by the seed.
train::ImageSet chosen_images(const train::ImageSet& images, std::int64_t count,
                              std::uint64_t seed) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  if (count <= 0 || count >= images.count()) return images;
  return train::select(images, train::spread_sample(all, count, seed));
}

/// A run of the command.
class InjectRun {
 public:
  InjectRun(InjectArguments& arguments, const GlobalOptions& options, train::ImageSet images,
            IntegerModel model)
      : arguments_(arguments),
        options_(options),
        folder_(options.out.value_or("runs/inject")),
        model_(std::move(model)),
        plan_(train::integer::compile(model_.network, train::KernelSet::best).value()),
        images_(std::move(images)),
        line_(options.quiet, Log(options.logs())) {
    outcome_.network = model_.network.network.name();
    outcome_.model = arguments.model.model.file;
    outcome_.how = model_.how;
    outcome_.data = images_.name;
    outcome_.seed = options.seed;
    outcome_.options = arguments.space;
    outcome_.graph = &model_.network.network;
    outcome_.confidence = arguments.campaign.confidence;
    outcome_.margin = arguments.campaign.margin;
    outcome_.images = images_.count();
    outcome_.faults = &result_.faults;
    outcome_.outcomes = &result_.outcomes;
    outcome_.page_file = folder_ / kPageFile;
  }

  /// `problems`: those found before.
  int run(Diagnostics problems) {
    Diagnostics own = arguments_.replay.empty() ? make_space() : read_replay();
    if (problems.empty() && own.empty()) own = read_known();
    problems.insert(problems.end(), own.begin(), own.end());
    if (!problems.empty()) return report_wrong_input(problems);
    print_notes(options_, arguments_.model.model.file, model_.notes);
    fs::create_directories(folder_);
    outcome_.fault_free_right = count_right(plan_, workload(), threads());
    outcome_.scales = analyse_scales(plan_, workload(), threads());
    if (!arguments_.replay.empty())
      replay();
    else if (!arguments_.rates.empty())
      run_rates();
    else
      run_campaign();
    line_.close();
    if (stopped()) return report_stopped(!result_.outcomes.empty());
    if (arguments_.rates.empty()) check_drawn();
    return tell();
  }

 private:
  [[nodiscard]] Workload workload() const { return {images_.pixels, images_.labels}; }
  [[nodiscard]] int threads() const { return arguments_.campaign.threads; }
  [[nodiscard]] bool stopped() const { return interrupts_.token().stop_requested(); }

  Diagnostics make_space() {
    Expected<FaultSpace> space = FaultSpace::make(plan_, arguments_.space);
    if (!space) return space.error();
    space_ = std::move(*space);
    outcome_.space = &*space_;
    outcome_.population = space_->population();
    return {};
  }

  Diagnostics read_replay() {
    Expected<FaultFileContent> content = read_fault_file(arguments_.replay, plan_);
    if (!content) return content.error();
    replayed_ = std::move(content->faults);
    if (replayed_.size() == 0) return {{arguments_.replay, "holds no fault", ""}};
    return {};
  }

  /// All that a list must have been made with to be gone on with.
  [[nodiscard]] CampaignSettings settings() const {
    const SpaceOptions& space = arguments_.space;
    return {{"model", arguments_.model.model.file},
            {"quantization", model_.how},
            {"data", outcome_.data},
            {"images", std::to_string(images_.count())},
            {"sites", joined_names(space.sites)},
            {"effects", joined_names(space.effects)},
            {"layers", fmt::format("{}", fmt::join(space.layers, " "))},
            {"bit_positions", fmt::format("{}", fmt::join(space.bits, " "))},
            {"adjacent_bits", std::to_string(space.adjacent_bits)},
            {"population", std::to_string(outcome_.population)},
            {"round", std::to_string(arguments_.campaign.round)},
            {"seed", std::to_string(arguments_.campaign.seed)}};
  }

  /// What --resume goes on with.
  Diagnostics read_known() {
    const fs::path file = folder_ / kListFile;
    if (!arguments_.resume || !fs::exists(file)) return {};
    Expected<CampaignSettings> before = read_settings(file);
    if (!before) return before.error();
    Diagnostics problems;
    for (const auto& [key, value] : settings())
      if ((*before)[key] != value)
        problems.push_back(
            {"--resume " + file.string(),
             fmt::format("was made with {} '{}', this run has '{}'", key, (*before)[key], value),
             "the same options, or another --out"});
    if (!problems.empty()) return problems;
    Expected<FaultFileContent> content = read_fault_file(file, plan_, /*repair=*/true);
    if (!content) return content.error();
    known_ = std::move(content->outcomes);
    return check_drawn(file, content->faults);
  }

  /// Outcomes are of use only where they are those of the faults that this campaign draws.
  [[nodiscard]] Diagnostics check_drawn(const fs::path& file, const FaultList& faults) const {
    FaultDraw draw(*space_, arguments_.campaign.seed);
    std::vector<std::uint32_t> strata;
    const FaultList drawn = draw.draw(std::ssize(known_), strata);
    for (std::size_t f = 0; f < known_.size(); ++f)
      if (f >= drawn.size() || !std::ranges::equal(faults[f], drawn[f]))
        return {{fmt::format("{}:{}", file.string(), f + 2),
                 "is not the fault that this campaign draws there",
                 "another --out; --faults replays a list of your own"}};
    return {};
  }

  InferenceProgress progress(std::string note, std::int64_t before = 0, std::int64_t all = 0) {
    return [this, note = std::move(note), before, all](std::int64_t done, std::int64_t of) {
      line_.show(
          {.phase = "faults", .done = before + done, .total = all > 0 ? all : of, .note = note});
    };
  }

  void run_campaign() {
    outcome_.list_file = folder_ / kListFile;
    std::optional<FaultFile> file;
    if (known_.empty())
      file.emplace(outcome_.list_file, plan_, settings());
    else
      file.emplace(outcome_.list_file, plan_, known_.size());
    std::string note;
    std::int64_t done = 0;
    CampaignHooks hooks;
    hooks.progress = [&](std::int64_t now, std::int64_t) {
      line_.show({.phase = "faults",
                  .done = done + now,
                  .total = outcome_.planned * images_.count(),
                  .note = note});
    };
    hooks.on_round = [&](const CampaignResult& result) {
      file->append(result.faults, result.outcomes);
      const Rate rate = overall_rate(*space_, result.outcomes, outcome_.confidence);
      note = fmt::format("{} faults, {:.3f} % ({:.3f} to {:.3f})", rate.faults, 100.0 * rate.rate,
                         100.0 * rate.interval.low, 100.0 * rate.interval.high);
      done = rate.tally.inferences;
    };
    outcome_.planned = planned_faults(*space_, arguments_.campaign);
    result_ = train::fault::run_campaign(plan_, *space_, workload(), arguments_.campaign, known_,
                                         hooks, interrupts_.token());
    outcome_.seconds = result_.seconds;
    outcome_.inferences = result_.inferences;
  }

  void replay() {
    outcome_.replayed = true;
    outcome_.options.sites.clear();
    result_.faults = std::move(replayed_);
    outcome_.planned = outcome_.population = static_cast<std::int64_t>(result_.faults.size());
    const auto start = std::chrono::steady_clock::now();
    for (const Tally& tally : run_faults(plan_, workload(), result_.faults, Spread::all_images,
                                         threads(), progress("replayed"), interrupts_.token()))
      result_.outcomes.push_back({0, tally});
    outcome_.seconds = seconds_since(start);
    outcome_.inferences = outcome_.planned * images_.count();
    if (stopped()) return;
    outcome_.list_file = folder_ / kListFile;
    if (fs::weakly_canonical(outcome_.list_file) == fs::weakly_canonical(arguments_.replay))
      outcome_.list_file = folder_ / "replayed.jsonl";
    FaultFile(outcome_.list_file, plan_, {{"replayed", arguments_.replay}})
        .append(result_.faults, result_.outcomes);
  }

  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  /// Inference after inference with faults of its own, the images in turn.
  void run_rates() {
    const CampaignOptions& campaign = arguments_.campaign;
    const std::int64_t count = arguments_.inferences > 0
                                   ? arguments_.inferences
                                   : sample_size(0, campaign.margin, campaign.confidence);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t r = 0; r < arguments_.rates.size() && !stopped(); ++r) {
      InjectedRate point{.bit_rate = arguments_.rates[r], .upsets = 0, .rate = {}};
      FaultList faults;
      for (std::int64_t i = 0; i < count; ++i) {
        const std::vector<Upset> upsets =
            draw_at_rate(*space_, point.bit_rate, Rng::derive(campaign.seed, r)(),
                         static_cast<std::uint64_t>(i));
        point.upsets += std::ssize(upsets);
        faults.add(upsets);
      }
      std::vector<Outcome> outcomes;
      for (const Tally& tally : run_faults(
               plan_, workload(), faults, Spread::one_image, threads(),
               progress(fmt::format("bit rate {:g}", point.bit_rate),
                        static_cast<std::int64_t>(r) * count, std::ssize(arguments_.rates) * count),
               interrupts_.token()))
        outcomes.push_back({0, tally});
      point.rate = rate_of(outcomes, campaign.confidence, 0);
      outcome_.rates.push_back(std::move(point));
      outcome_.inferences += count;
    }
    outcome_.seconds = seconds_since(start);
  }

  /// Some faults again, each on one image, by changed copies of the network.
  void check_drawn() {
    if (result_.outcomes.empty()) return;
    outcome_.check = check_plainly(
        plan_, workload(), result_.faults.size(),
        [&](Propagation& propagation, std::size_t f) { return propagation.run(result_.faults[f]); },
        [&](std::size_t f) { return FullRun(model_.network, result_.faults[f]); }, arguments_.check,
        Rng::derive(options_.seed, 77)(), interrupts_.token());
  }

  int tell() {
    write_json_tree(options_, to_json(outcome_));
    write_file(folder_ / "inject.json", to_json(outcome_).dump(2) + "\n");
    write_file(outcome_.page_file, inject_page(outcome_));
    if (options_.json != "-" && !options_.quiet)
      fmt::print("{}report: {}\n", inject_table(outcome_), outcome_.page_file.string());
    if (outcome_.check.differing == 0) return kDone;
    fmt::print(stderr, "{} of {} inferences differ from plain runs: this is a defect of hwflow\n",
               outcome_.check.differing, outcome_.check.checked);
    return kWorldFailed;
  }

  InjectArguments& arguments_;
  const GlobalOptions& options_;
  fs::path folder_;
  IntegerModel model_;
  train::integer::Plan plan_;
  train::ImageSet images_;
  InterruptWatch interrupts_;
  ProgressLine line_;
  std::optional<FaultSpace> space_;
  FaultList replayed_;
  std::vector<Outcome> known_;
  CampaignResult result_;
  InjectOutcome outcome_;
};

Diagnostics check_arguments(const InjectArguments& arguments, const GlobalOptions& options) {
  Diagnostics problems = check(arguments.campaign);
  for (const double rate : arguments.rates)
    if (!(rate > 0.0 && rate < 1.0))
      problems.push_back({fmt::format("--rate {:g}", rate), "is no probability of a disturbed bit",
                          "above 0, below 1"});
  if (!arguments.rates.empty() && arguments.resume)
    problems.push_back(
        {"--resume", "goes on with single faults, and --rate draws sets of them", "leave one out"});
  if (!arguments.replay.empty() && (!arguments.rates.empty() || arguments.resume))
    problems.push_back(
        {"--faults", "replays a list; --rate and --resume draw faults", "leave one out"});
  if (!arguments.array.arch.empty() &&
      (!arguments.rates.empty() || !arguments.replay.empty() || arguments.resume))
    problems.push_back({"--array",
                        "has faults of its own; --rate, --faults and --resume are of "
                        "stored words",
                        "leave one out"});
  if (!arguments.array.arch.empty() &&
      (!arguments.rates.empty() || !arguments.replay.empty() || arguments.resume))
    problems.push_back({"--array",
                        "draws faults of registers; --rate, --faults and --resume are of stored "
                        "words",
                        "leave one out"});
  const Diagnostics outputs = check_outputs(options);
  problems.insert(problems.end(), outputs.begin(), outputs.end());
  return problems;
}

}  // namespace

int run_inject(InjectArguments& arguments, const GlobalOptions& options) {
  arguments.campaign.seed = options.seed;
  arguments.campaign.threads = thread_count(options);
  Diagnostics problems = check_arguments(arguments, options);
  const Expected<train::Dataset> data = read_data(arguments.data);
  if (!data) {
    problems.insert(problems.end(), data.error().begin(), data.error().end());
    return report_wrong_input(problems);
  }
  Expected<IntegerModel> model = load_integer_model(arguments.model, *data, options.seed);
  if (!model) problems.insert(problems.end(), model.error().begin(), model.error().end());
  if (!model) return report_wrong_input(problems);
  train::ImageSet images = chosen_images(data->test, arguments.images, options.seed);
  if (!arguments.array.arch.empty()) {
    if (!problems.empty()) return report_wrong_input(problems);
    print_notes(options, arguments.model.model.file, model->notes);
    return run_array_inject(arguments, options, images, std::move(*model));
  }
  return InjectRun(arguments, options, std::move(images), std::move(*model))
      .run(std::move(problems));
}

}  // namespace hwflow::cli
