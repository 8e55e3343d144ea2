#include "cli/attack_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "cli/attack_output.hpp"
#include "cli/bit_flip_run.hpp"
#include "cli/integer_model.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_run.hpp"
#include "train/nn/training.hpp"
#include "train/robust/attack_suite.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using namespace train::robust;

struct AttackArguments {
  IntegerModelArguments model;
  DataArguments data;
  std::string mode = "float";
  ModelArguments transfer;  ///< file empty: none
  std::vector<std::string> eps{"8/255"};
  std::vector<std::string> attacks{"fgsm", "pgd", "apgd-ce", "apgd-dlr", "square"};
  std::string pixels;               ///< empty: as the mode wants
  std::optional<int> steps;         ///< of PGD and APGD
  std::optional<std::string> step;  ///< PGD's, a number or fraction
  std::int64_t first = 0;           ///< 0: all
  bool no_probe = false;
  AttackOptions options;
  BitFlipArguments flips;
  std::vector<std::string> given;  ///< options that stand in the command line
};

const std::vector<std::string> kModes{"float", "fake", "integer"};
constexpr const char* kImageGroup = "Changed images";
const std::vector<const char*> kImageOptions{"--attacks",
                                             "--eps",
                                             "--pixels",
                                             "--steps",
                                             "--step-size",
                                             "--restarts",
                                             "--queries",
                                             "--square-p",
                                             "--cascade",
                                             "--no-probe",
                                             "--transfer-from",
                                             "--transfer-network",
                                             "--transfer-normalization",
                                             "--batch-size",
                                             "--save-images",
                                             "--device"};

/// A model that is ready to be attacked, and how it came about.
struct Prepared {
  Victim victim;
  std::string network, how;
  std::vector<std::string> notes;
};

/// Options as the library takes them, under the names of the command line where they are wrong.
Diagnostics read_options(AttackArguments& arguments) {
  static const std::map<std::string, std::string> kNames{
      {"eps", "--eps"},          {"attacks", "--attacks"},     {"pgd_steps", "--steps"},
      {"apgd_steps", "--steps"}, {"step_size", "--step-size"}, {"restarts", "--restarts"},
      {"queries", "--queries"},  {"square_p", "--square-p"},   {"batch_size", "--batch-size"},
      {"threads", "--threads"}};
  AttackOptions& o = arguments.options;
  Diagnostics problems;
  o.eps.clear();
  const auto epsilon = [&](const std::string& option, const std::string& text) {
    const Expected<Epsilon> eps = epsilon_from(text);
    if (!eps) {
      for (const Diagnostic& problem : eps.error())
        problems.push_back({option + " " + text, problem.reason, problem.hint});
    }
    return eps ? std::optional(*eps) : std::nullopt;
  };
  for (const std::string& text : arguments.eps)
    if (const auto eps = epsilon("--eps", text)) o.eps.push_back(*eps);
  o.attacks.clear();
  for (const std::string& attack : arguments.attacks)
    o.attacks.push_back(*enum_value<AttackKind>(attack));
  if (arguments.steps) o.pgd_steps = o.apgd_steps = *arguments.steps;
  if (arguments.step) {
    if (const auto step = epsilon("--step-size", *arguments.step)) o.step_size = step->value;
  }
  const bool is_float = arguments.mode == "float";
  o.pixels = enum_value<PixelGrid>(arguments.pixels)
                 .value_or(is_float ? PixelGrid::continuous : PixelGrid::bytes);
  o.probe = !arguments.no_probe;
  if (arguments.mode == "integer" && o.pixels != PixelGrid::bytes)
    problems.push_back({"--pixels continuous", "integer networks read bytes", "leave it out"});
  for (const Diagnostic& problem : train::robust::check(o)) {
    if (problem.place == "eps" && o.eps.empty()) continue;  // said of its text
    const auto found = kNames.find(problem.place);
    const Diagnostic named{found == kNames.end() ? problem.place : found->second, problem.reason,
                           problem.hint};
    if (std::ranges::find(problems, named) == problems.end()) problems.push_back(named);
  }
  for (const Diagnostic& problem : train::check_device(o.device))
    problems.push_back({"--device " + o.device, problem.reason, problem.hint});
  return problems;
}

bool is_given(const AttackArguments& arguments, const char* option) {
  return std::ranges::find(arguments.given, option) != arguments.given.end();
}

/// Options of images beside --bit-flips, and options of flips without it.
Diagnostics check_given(const AttackArguments& arguments) {
  Diagnostics problems;
  if (!arguments.flips.flips) {
    for (const char* option : bit_flip_option_names())
      if (is_given(arguments, option))
        problems.push_back({option, "is for --bit-flips, which is absent", "add --bit-flips N"});
    return problems;
  }
  for (const char* option : kImageOptions)
    if (is_given(arguments, option))
      problems.push_back({option, "has no effect: --bit-flips changes weights, not images",
                          "leave it out, or --bit-flips"});
  if (is_given(arguments, "--mode") && arguments.mode != "integer")
    problems.push_back({"--mode " + arguments.mode, "stores no codes whose bits could flip",
                        "integer, or leave it out"});
  return problems;
}

Expected<Prepared> prepare_float(const AttackArguments& arguments, const train::Dataset& data) {
  const Expected<TrainedModel> model = load_model(arguments.model.model, data.test);
  if (!model) return Unexpected{model.error()};
  Expected<Victim> victim = float_victim({model->network, model->weights}, model->normalization,
                                         data.test, arguments.options.device);
  if (!victim) return Unexpected{victim.error()};
  return Prepared{std::move(*victim), model->network.name(), "", model->notes};
}

Expected<Prepared> prepare_quantized(const AttackArguments& arguments, const train::Dataset& data) {
  const Expected<QuantizedModel> model =
      load_quantized_model(arguments.model, data, arguments.options.seed);
  if (!model) return Unexpected{model.error()};
  const auto mode =
      arguments.mode == "fake" ? train::QuantizedMode::fake : train::QuantizedMode::integer;
  Expected<Victim> victim = quantized_victim(model->network, mode, arguments.options.pixels,
                                             data.test, arguments.options.device);
  if (!victim) return Unexpected{victim.error()};
  return Prepared{std::move(*victim), model->network.network.name(), model->how, model->notes};
}

bool wants_transfer(const AttackOptions& options) {
  return std::ranges::find(options.attacks, AttackKind::transfer) != options.attacks.end();
}

/// Float weights that are quantized here transfer from themselves unless others are named.
Diagnostics choose_transfer(AttackArguments& arguments) {
  const bool wanted = wants_transfer(arguments.options);
  if (!arguments.transfer.file.empty()) {
    if (wanted) return {};
    return {{"--transfer-from", "is for the attack transfer, which is not among --attacks",
             "add transfer to --attacks"}};
  }
  if (!wanted) return {};
  if (arguments.mode != "float" && !is_quantized_file(arguments.model.model.file)) {
    arguments.transfer = arguments.model.model;
    return {};
  }
  return {{"--attacks transfer", "wants another network to make its images on",
           "name float weights by --transfer-from"}};
}

Diagnostics add_transfer(const AttackArguments& arguments, const train::Dataset& data,
                         Victim& victim) {
  if (arguments.transfer.file.empty()) return {};
  const Expected<TrainedModel> model = load_model(arguments.transfer, data.test);
  if (!model) return model.error();
  const Expected<Victim> source = float_victim(
      {model->network, model->weights}, model->normalization, data.test, arguments.options.device);
  if (!source) return source.error();
  victim.transfer = source->gradient;
  return {};
}

void write_files(const fs::path& folder, const AttackResult& result,
                 const train::ImageSet& images) {
  fs::create_directories(folder);
  write_file(folder / "attack.json", attack_json(result).dump(2) + "\n");
  write_file(folder / "attacked_images.csv", attacked_images_csv(result));
  if (result.options.keep_images) write_adversarial_images(folder, result, images);
}

ReportAttack show_on(ProgressLine& line) {
  const auto start = std::chrono::steady_clock::now();
  return [&line, start](const AttackProgress& progress) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    const double left = passed.count() * static_cast<double>(progress.total - progress.done) /
                        static_cast<double>(std::max<std::int64_t>(progress.done, 1));
    line.show({.phase = "attack",
               .done = progress.done,
               .total = progress.total,
               .note = "images times attacks",
               .seconds_left = left});
  };
}

int run_attack(AttackArguments& arguments, const GlobalOptions& options) {
  Diagnostics problems = check_given(arguments);
  if (arguments.flips.flips)
    return run_bit_flips({arguments.model, arguments.data, arguments.first}, arguments.flips,
                         options, std::move(problems));
  const InterruptWatch interrupts;
  arguments.options.seed = options.seed;
  arguments.options.threads = thread_count(options);
  append(problems, read_options(arguments));
  append(problems, choose_transfer(arguments));
  if (arguments.options.keep_images && !options.out)
    problems.push_back({"--save-images", "has no folder to write to", "add --out"});
  const Expected<train::Dataset> data = read_data(arguments.data);
  if (!data) append(problems, data.error());
  if (!problems.empty()) return report_wrong_input(problems);
  Expected<Prepared> prepared = arguments.mode == "float" ? prepare_float(arguments, *data)
                                                          : prepare_quantized(arguments, *data);
  if (!prepared) append(problems, prepared.error());
  Victim unused;
  append(problems, add_transfer(arguments, *data, prepared ? prepared->victim : unused));
  if (!problems.empty()) return report_wrong_input(problems);
  print_notes(options, arguments.model.model.file, prepared->notes);

  const train::ImageSet images = first_images(data->test, arguments.first);
  ProgressLine line(options.quiet, Log(options.logs()));
  Expected<AttackReport> report =
      attack_images(prepared->victim, images, arguments.options, show_on(line), interrupts.token());
  line.close();
  if (!report) return report_wrong_input(report.error());
  if (report->stopped) {
    fmt::print(stderr, "hwflow: stopped; nothing was written\n");
    return kWorldFailed;
  }
  AttackResult result{.model = arguments.model.model.file,
                      .network = prepared->network,
                      .mode = arguments.mode,
                      .how = prepared->how,
                      .data = images.name,
                      .transfer_from = arguments.transfer.file,
                      .notes = prepared->notes,
                      .options = arguments.options,
                      .report = std::move(*report)};
  result.alarms = masking_alarms(result.report);
  if (options.out) write_files(*options.out, result, images);
  write_json_tree(options, attack_json(result));
  if (options.json != "-" && !options.quiet) fmt::print("{}", attack_text(result));
  return kDone;
}

void add_attack_options(CLI::App& command, AttackArguments& a) {
  AttackOptions& o = a.options;
  command.add_option("--attacks", a.attacks, "Which, in this order")
      ->check(CLI::IsMember(names_of<AttackKind>()))
      ->capture_default_str();
  command
      .add_option("--eps", a.eps,
                  "Greatest change of a pixel, of pixels from 0 to 1; several for a curve")
      ->capture_default_str();
  command
      .add_option("--pixels", a.pixels,
                  "continuous, or bytes: images made of multiples of 1/255, as integer networks "
                  "read them; else continuous in float mode, bytes in the others")
      ->check(CLI::IsMember(names_of<PixelGrid>()));
  command.add_option("--steps", a.steps, "Of PGD and APGD; else 50 and 100");
  command.add_option("--step-size", a.step, "Of PGD, a number or fraction; else a quarter of eps");
  command.add_option("--restarts", o.restarts, "Random starts of PGD and APGD")
      ->capture_default_str();
  command.add_option("--queries", o.queries, "Of Square")->capture_default_str();
  command
      .add_option("--square-p", o.square_p, "Share of the image that Square's first squares cover")
      ->capture_default_str();
  command.add_flag("--cascade", o.cascade,
                   "Each attack only on images that the ones before left standing: the same worst "
                   "case sooner, without each attack's own accuracy");
  command.add_flag("--no-probe", a.no_probe,
                   "Leave out PGD at 64/255, where accuracy must collapse");
  command.add_option("--transfer-from", a.transfer.file,
                     "Float weights whose images the attack transfer tries; else, where float "
                     "weights are quantized here, these");
  command.add_option("--transfer-network", a.transfer.network, "Their network, as --network");
  command.add_option("--transfer-normalization", a.transfer.normalization, "Likewise");
  command.add_option("--batch-size", o.batch_size, "Images attacked together, on one thread")
      ->capture_default_str();
  command.add_flag("--save-images", o.keep_images,
                   "Write the images that broke the network to --out");
  command.add_option("--device", o.device, "cpu, cuda or cuda:<number>")->capture_default_str();
  for (const char* option : kImageOptions) command.get_option(option)->group(kImageGroup);
}

std::vector<std::string> given_options(const CLI::App& command) {
  std::vector<std::string> given;
  for (const CLI::Option* option : command.get_options())
    if (option->count() > 0) given.push_back(option->get_name());
  return given;
}

}  // namespace

void add_attack_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "attack",
      "Adversarial accuracy of a network: images changed within a ball (float, fake-quantized "
      "or in integers), or bits of its weights flipped (--bit-flips)");
  add_global_options(*command, options);
  const auto arguments = std::make_shared<AttackArguments>();
  add_integer_model_options(*command, arguments->model);
  command->get_option("model")->description(
      "Float weights (.safetensors, ONNX), with --mode fake or integer quantized to --bits; or a "
      "quantized checkpoint");
  add_data_options(*command, arguments->data);
  command->add_option("--mode", arguments->mode, "Arithmetic whose answers count")
      ->check(CLI::IsMember(kModes))
      ->capture_default_str();
  command->add_option("--first", arguments->first, "Only so many images of the test set, 0 = all")
      ->check(is_integer(0, 1 << 30));
  add_attack_options(*command, *arguments);
  add_bit_flip_options(*command, arguments->flips);
  command->callback([arguments, command, &options, &exit_code] {
    arguments->given = given_options(*command);
    exit_code = run_attack(*arguments, options);
  });
}

}  // namespace hwflow::cli
