#include "cli/inject_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>

#include "base/random.hpp"
#include "cli/fault_rates.hpp"
#include "cli/inject_array.hpp"
#include "cli/inject_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_run.hpp"
#include "train/fault/content_hash.hpp"
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
/// Faults that checks draw from.
constexpr std::int64_t kMostKept = 10'000;

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

/// Of inferences with faults of their own, by image.
Rate rate_of(const std::vector<Tally>& images, double confidence) {
  FaultCounts all;
  std::vector<ImageCounts> counts;
  for (const Tally& tally : images) {
    all.tally += tally;
    counts.push_back({tally.inferences, tally.failures()});
  }
  Rate rate = all.rate(confidence);
  rate.faults = all.tally.inferences;
  rate.intervals = intervals_of(counts, confidence);
  return rate;
}

/// A run of the command.
class InjectRun {
 public:
  InjectRun(InjectArguments& arguments, const GlobalOptions& options, train::ImageSet images,
            IntegerModel model, bool all_images)
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
    outcome_.relative_margin = arguments.campaign.relative_margin;
    outcome_.all_images = all_images;
    outcome_.summary = &result_.summary;
    arguments_.campaign.kept = static_cast<std::size_t>(std::min(arguments.check, kMostKept));
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
    if (stopped()) return report_stopped(result_.summary.faults() > 0);
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
    return {{"network", fmt::format("{:016x}", content_hash(model_.network))},
            {"quantization", model_.how},
            {"data", outcome_.data},
            {"images", fmt::format("{} {:016x}", images_.count(), content_hash(workload()))},
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
    Diagnostics problems = differing_settings(file, *before, settings());
    if (!problems.empty()) return problems;
    return check_known(file);
  }

  /// Outcomes are of use only where they are those of the faults that this campaign draws. Cuts off
  /// a last line that is none.
  Diagnostics check_known(const fs::path& file) {
    FaultFileReader reader(file, plan_);
    FaultDraw draw(*space_, arguments_.campaign.seed);
    std::vector<std::uint32_t> strata;
    while (const std::optional<FaultLine> line = reader.next()) {
      const FaultList drawn = draw.draw(1, strata);
      strata.clear();
      if (!reader.problems().empty()) continue;
      const std::string place = fmt::format("{}:{}", file.string(), reader.line());
      if (drawn.size() == 0 || !std::ranges::equal(line->upsets, drawn[0]))
        return {{place, "is not the fault that this campaign draws there",
                 "another --out; --faults replays a list of your own"}};
      if (!line->outcome || !is_whole(*line->outcome, images_.count()))
        return {{place, "does not tell how this fault ended on every image", "another --out"}};
      ++known_;
    }
    if (!reader.problems().empty()) return reader.problems();
    fs::resize_file(file, reader.bytes());
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
    std::optional<FaultFileReader> reader;
    CampaignHooks hooks;
    if (known_ == 0) {
      CampaignSettings header = settings();
      header["model"] = arguments_.model.model.file;  // told, not compared
      file.emplace(outcome_.list_file, plan_, header);
    } else {
      file.emplace(outcome_.list_file, plan_, known_);
      reader.emplace(outcome_.list_file, plan_);
      hooks.known = [&, left = known_](std::size_t count) mutable {
        std::vector<Outcome> outcomes;
        for (; left > 0 && outcomes.size() < count; --left)
          outcomes.push_back(reader->next().value().outcome.value());
        return outcomes;
      };
    }
    std::string note;
    std::int64_t done = 0;
    hooks.progress = [&](std::int64_t now, std::int64_t) {
      line_.show({.phase = "faults",
                  .done = done + now,
                  .total = outcome_.planned * images_.count(),
                  .note = note});
    };
    hooks.on_round = [&](const FaultList& faults, const std::vector<Outcome>& outcomes,
                         const CampaignResult& result) {
      file->append(faults, outcomes);
      const Rate rate = overall_rate(*space_, result.summary, outcome_.confidence);
      const Interval& interval = shown_interval(rate, outcome_.all_images);
      note = fmt::format("{} faults, {:.3f} % ({:.3f} to {:.3f})", rate.faults, 100.0 * rate.rate,
                         100.0 * interval.low, 100.0 * interval.high);
      done = rate.tally.inferences;
    };
    outcome_.planned = planned_faults(*space_, arguments_.campaign);
    result_ = train::fault::run_campaign(plan_, *space_, workload(), arguments_.campaign, hooks,
                                         interrupts_.token());
    outcome_.seconds = result_.seconds;
    outcome_.inferences = result_.inferences;
  }

  void replay() {
    outcome_.replayed = true;
    outcome_.options.sites.clear();
    outcome_.options.effects.clear();
    outcome_.planned = outcome_.population = static_cast<std::int64_t>(replayed_.size());
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Outcome> outcomes = run_faults(plan_, workload(), replayed_, threads(),
                                                     progress("replayed"), interrupts_.token());
    outcome_.seconds = seconds_since(start);
    outcome_.inferences = outcome_.planned * images_.count();
    if (stopped()) return;
    result_.summary = CampaignSummary(1, arguments_.campaign.kept, options_.seed);
    for (std::size_t f = 0; f < outcomes.size(); ++f)
      result_.summary.add(replayed_[f], outcomes[f]);
    outcome_.list_file = folder_ / kListFile;
    if (fs::weakly_canonical(outcome_.list_file) == fs::weakly_canonical(arguments_.replay))
      outcome_.list_file = folder_ / "replayed.jsonl";
    FaultFile(outcome_.list_file, plan_, {{"replayed", arguments_.replay}})
        .append(replayed_, outcomes);
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
      // Drawn where it is run: no set of faults is there twice, and none stays.
      std::atomic<std::int64_t> all_upsets{0};
      const std::uint64_t seed = Rng::derive(campaign.seed, r)();
      const RunFault run = [&](Propagation& propagation, std::size_t inference) {
        const std::vector<Upset> upsets =
            draw_at_rate(*space_, point.bit_rate, seed, static_cast<std::uint64_t>(inference));
        all_upsets += std::ssize(upsets);
        return propagation.run(upsets);
      };
      const std::vector<Tally> images = run_in_turn(
          plan_, workload(), static_cast<std::size_t>(count), run, threads(),
          progress(fmt::format("bit rate {:g}", point.bit_rate),
                   static_cast<std::int64_t>(r) * count, std::ssize(arguments_.rates) * count),
          interrupts_.token());
      point.upsets = all_upsets;
      point.rate = rate_of(images, campaign.confidence);
      outcome_.rates.push_back(std::move(point));
      outcome_.inferences += count;
    }
    outcome_.seconds = seconds_since(start);
  }

  /// Some faults again, each on one image, by changed copies of the network.
  void check_drawn() {
    FaultList faults;
    for (const CampaignSummary::Kept& fault : result_.summary.drawn()) faults.add(fault.upsets);
    if (faults.size() == 0) return;
    outcome_.check = check_plainly(
        plan_, workload(), faults.size(),
        [&](Propagation& propagation, std::size_t f) { return propagation.run(faults[f]); },
        [&](std::size_t f) { return FullRun(plan_, faults[f]); }, arguments_.check,
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
  std::int64_t known_ = 0;  ///< faults that --resume need not run
  CampaignResult result_;
  InjectOutcome outcome_;
};

/// Every option that was given and does nothing in this run.
Diagnostics check_given(const InjectArguments& arguments) {
  struct Idle {
    const char* option;
    bool in_array, without_array, without_rates;
    const char* reason;
  };
  constexpr const char* kStored = "is of stored words; --array disturbs registers";
  constexpr Idle kIdle[] = {
      {"--sites", true, false, false, kStored},
      {"--layers", true, false, false, "chooses stored words; a register is read by all layers"},
      {"--adjacent-bits", true, false, false, "is of stored words; --array disturbs one bit"},
      {"--rate", true, false, false, kStored},
      {"--faults", true, false, false, "replays faults of stored words; --array draws its own"},
      {"--relative-margin", true, false, false,
       "has no effect with --array, which draws as many "
       "faults as are planned"},
      {"--stop-at-margin", true, false, false,
       "has no effect with --array, which draws as many "
       "faults as are planned"},
      {"--array-unit", false, true, false, "is of an array, and none is given (--array)"},
      {"--registers", false, true, false, "is of an array, and none is given (--array)"},
      {"--inferences", false, false, true, "is of each --rate, and none is given"}};
  Diagnostics problems;
  for (const Idle& idle : kIdle) {
    const bool has_array = !arguments.array.arch.empty();
    if (std::ranges::find(arguments.given, idle.option) == arguments.given.end()) continue;
    if ((idle.in_array && has_array) || (idle.without_array && !has_array) ||
        (idle.without_rates && arguments.rates.empty()))
      problems.push_back({idle.option, idle.reason, "leave it out"});
  }
  return problems;
}

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
  if (arguments.fixed &&
      (arguments.campaign.stop_at_margin || arguments.campaign.relative_margin > 0.0))
    problems.push_back({"--fixed",
                        "draws all planned faults; --relative-margin and --stop-at-margin may stop "
                        "before",
                        "leave one out"});
  const Diagnostics idle = check_given(arguments);
  problems.insert(problems.end(), idle.begin(), idle.end());
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
  const bool all_images = images.count() == data->test.count();
  if (!arguments.array.arch.empty()) {
    if (!problems.empty()) return report_wrong_input(problems);
    print_notes(options, arguments.model.model.file, model->notes);
    return run_array_inject(arguments, options, images, std::move(*model), all_images);
  }
  return InjectRun(arguments, options, std::move(images), std::move(*model), all_images)
      .run(std::move(problems));
}

}  // namespace hwflow::cli
