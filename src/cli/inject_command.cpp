#include "cli/inject_command.hpp"

#include <memory>

#include "cli/inject_run.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;

void add_space_options(CLI::App& command, SpaceOptions& space) {
  add_names_option(command, "--sites", space.sites,
                   "Words that are disturbed: stored weights, biases, scales (multiplier and shift "
                   "of requantizers), activations (codes of feature maps), accumulators (finished "
                   "sums)");
  add_names_option(command, "--effects", space.effects, "What happens to a bit");
  command.add_option("--layers", space.layers, "Only these layers, by name; else all");
  command.add_option("--bit-positions", space.bits,
                     "Only these bits of a word, 0 the least significant; else all");
  command
      .add_option("--adjacent-bits", space.adjacent_bits,
                  "Bits disturbed together, from the position upwards")
      ->check(is_integer(1, 40))
      ->capture_default_str();
}

void add_array_options(CLI::App& command, ArrayArguments& array) {
  command.add_option("--array", array.arch,
                     "Not stored words: permanent faults in the array of this accelerator, in all "
                     "that each layer's best mapping sends through it");
  add_name_option(command, "--array-unit", array.unit,
                  "What fails as one: an element, a whole row or column");
  add_names_option(command, "--registers", array.registers,
                   "Of an element: weight, input, partial-sum (what it adds to an output)");
}

void add_campaign_options(CLI::App& command, InjectArguments& arguments) {
  CampaignOptions& campaign = arguments.campaign;
  command
      .add_option("--images", arguments.images,
                  "Test images that every fault is run on, spread by the seed; 0 = all")
      ->check(is_integer(0, 1 << 30))
      ->capture_default_str();
  command
      .add_option("--margin", campaign.margin,
                  "Plans as many faults a site as know a share of one half to this half width "
                  "(Leveugle et al.); all of them are drawn. Rare failures ask for less than this "
                  "share: --relative-margin, or a smaller one")
      ->capture_default_str();
  command.add_option("--confidence", campaign.confidence, "Of intervals")->capture_default_str();
  command.add_option("--most-faults", campaign.most_faults,
                     "Plans so many faults in all, whatever --margin asks for");
  command.add_flag("--fixed", arguments.fixed,
                   "Draw all planned faults: the default, no look at the interval decides when to "
                   "stop");
  command.add_option("--relative-margin", campaign.relative_margin,
                     "Stop before where every site's interval on these images is within this part "
                     "of its rate (0.1: +-10 %); planned faults are the most");
  command.add_flag("--stop-at-margin", campaign.stop_at_margin,
                   "Stop before where every site's interval on these images is within --margin; "
                   "says little where rates are below the margin");
  command.add_flag("--exhaustive", campaign.exhaustive,
                   "Every fault there is, whatever the margins");
  command
      .add_option("--round", campaign.round,
                  "Faults between two looks at the interval, and held in memory at once")
      ->capture_default_str();
  command.add_option("--rate", arguments.rates,
                     "Not single faults: disturb every bit with this probability, in each "
                     "inference anew; several for a curve");
  command
      .add_option("--inferences", arguments.inferences,
                  "For each --rate; else the sample size of --margin and --confidence")
      ->check(is_integer(1, 1 << 30));
  command.add_option("--faults", arguments.replay,
                     "Not drawn: the faults of this list, as --out holds one (faults.jsonl)");
  command
      .add_option("--check", arguments.check,
                  "So many inferences again in the plain way, by changed copies of the network; "
                  "the command fails where a verdict differs")
      ->check(is_integer(0, 1 << 30))
      ->capture_default_str();
  command.add_flag("--resume", arguments.resume,
                   "Go on with the campaign of the output folder, which was stopped or killed");
}

}  // namespace

void add_inject_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "inject", "Inject faults into a network in integers, and count what they change");
  add_global_options(*command, options);
  const auto arguments = std::make_shared<InjectArguments>();
  add_integer_model_options(*command, arguments->model);
  add_data_options(*command, arguments->data);
  add_space_options(*command, arguments->space);
  add_array_options(*command, arguments->array);
  add_campaign_options(*command, *arguments);
  command->callback([arguments, command, &options, &exit_code] {
    for (const CLI::Option* option : command->get_options())
      if (option->count() > 0) arguments->given.push_back(option->get_name());
    exit_code = run_inject(*arguments, options);
  });
}

}  // namespace hwflow::cli
