#include "cli/prune_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/codesign_command.hpp"
#include "cli/prune_run.hpp"
#include "cli/study_parts.hpp"
#include "cli/training_run.hpp"
#include "report/terminal_table.hpp"
#include "workload/channel_groups.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

/// Names of what the command line has, "--" before those of options.
std::vector<std::string> given_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (option->count() > 0) names.push_back(option->get_positional() ? name : "--" + name);
  }
  return names;
}

constexpr std::array kOtherSearches{
    OtherSearch{"hardware", "search", "prune chooses channels on machines that are given",
                "leave the key out, or 'hwflow codesign' to search for hardware as well"}};

/// A study that searches for channels, as 'hwflow codesign' runs it.
int prune_study(const CLI::App& command, const PruneArguments& arguments,
                const GlobalOptions& options) {
  static const std::set<std::string> kOfStudies{"network", "--help",  "--resume",  "--data-dir",
                                                "--seed",  "--set",   "--threads", "--out",
                                                "--json",  "--quiet", "--verbose"};
  const StudyArguments study{.study = arguments.training.network,
                             .resume = arguments.training.options.resume,
                             .data_directory = arguments.training.data.directory};
  const std::vector<std::string> settings = study_settings(command, options);
  Diagnostics problems = refuse_other_searches(study.study, settings, kOtherSearches);
  if (!has_part(study.study, settings, "search", "channels")) {
    problems.push_back({study.study.string() + ": search.channels",
                        "is missing, so that there is nothing to prune",
                        "search: {channels: {}}, or 'hwflow codesign'"});
  }
  for (const std::string& name : given_options(command)) {
    if (kOfStudies.contains(name)) continue;
    problems.push_back({name, "is for a network, and this is a study, which says it itself",
                        "leave it out, or change the study by --set"});
  }
  return run_study(study, settings, options, std::move(problems));
}

/// What --channels counts: every group in its order, with the layers that make its channels.
int list_groups(const CLI::App& command, const PruneArguments& arguments,
                const GlobalOptions& options) {
  static const std::set<std::string> kOfLists{"network", "--groups", "--json", "--quiet"};
  Diagnostics problems;
  for (const std::string& name : given_options(command)) {
    if (!kOfLists.contains(name))
      problems.push_back({name, "has no say in what --groups lists", "leave it out"});
  }
  if (!problems.empty()) return report_wrong_input(problems);
  const Expected<OnnxModel> model = load_network(arguments.training.network);
  if (!model) return report_wrong_input(model.error());
  const ChannelGroups groups(model->network);
  std::vector<std::vector<std::string>> rows{{"group", "channels", "made by"}};
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < groups.groups().size(); ++i) {
    const ChannelGroup& group = groups.groups()[i];
    std::vector<std::string> layers;
    for (const NodeId node : group.producers) layers.push_back(model->network.node(node).name);
    rows.push_back({groups.names()[i], std::to_string(group.units.size()),
                    fmt::format("{}", fmt::join(layers, " "))});
    json.push_back({{"group", groups.names()[i]},
                    {"channels", group.units.size()},
                    {"layers", std::move(layers)}});
  }
  write_json_tree(options, json);
  if (options.json != "-" && !options.quiet) fmt::print("{}", report::aligned(rows));
  return kDone;
}

int prune(const CLI::App& command, PruneArguments& arguments, const GlobalOptions& options) {
  if (is_study(arguments.training.network)) return prune_study(command, arguments, options);
  if (command.count("--groups") > 0) return list_groups(command, arguments, options);
  if (options.set.empty()) return run_prune(arguments, options);
  return report_wrong_input({{"--set " + options.set.front(),
                              "changes keys of a study, and this is a network", "leave it out"}});
}

}  // namespace

void add_prune_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "prune",
      "Remove channels of a trained network, and train what is left of it; or search a study");
  add_global_options(*command, options);
  add_settings_option(*command, options);
  const auto arguments = std::make_shared<PruneArguments>();
  TrainArguments& training = arguments->training;
  training.options.epochs = 10;
  training.options.learning_rate = 0.02;
  training.options.warmup_epochs = 0.0;
  training.options.distillation = 0.5;
  training.options.augmentation = {.pad = 4, .flip = true};
  command
      ->add_option("network", training.network,
                   "Built-in name, ONNX or YAML file; or a study with search.channels")
      ->required();
  command->add_option("--weights", training.initial, "Its trained weights");
  command->add_option("--arch", arguments->arch, "Accelerator that costs are of, as 'hwflow map'")
      ->capture_default_str();
  command->add_option("--bits", arguments->bits,
                      "Widths of weights and inputs that costs are of, W/A; else what the "
                      "accelerator calls float");
  command->add_option("--batch", arguments->batch, "Images of one inference")
      ->capture_default_str()
      ->check(is_integer(1, 1024));
  command->add_flag("--groups")
      ->description("List the groups of channels in the order of --channels, and do nothing else");
  add_choice_options(*command, arguments->choice);
  add_pruning_options(*command, arguments->pruning);
  add_training_options(*command, training);
  command->get_option("--epochs")->check(is_integer(0, 1'000'000));
  command->get_option("--distill")
      ->description("Share of the loss that asks for the whole network's probabilities");
  command->add_option("--normalization", training.normalization,
                      "fashion-mnist, cifar10, imagenet, half, none; else as the weight file says");
  command->callback([arguments, command, &options, &exit_code] {
    exit_code = prune(*command, *arguments, options);
  });
}

}  // namespace hwflow::cli
