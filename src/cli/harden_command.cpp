#include "cli/harden_command.hpp"

#include <memory>

#include "cli/harden_run.hpp"
#include "cli/training_run.hpp"

namespace hwflow::cli {
namespace {

void add_measuring_options(CLI::App& command, HardenArguments& a) {
  ResilienceOptions& o = a.measure;
  const std::string group = "What is measured";
  const auto of_group = [&](CLI::Option* option) { option->group(group); };
  of_group(add_names_option(command, "--sites", o.sites, "Whose bits flip")
               ->default_str("activations weights"));
  of_group(command
               .add_option("--rates", o.bit_rates,
                           "Probabilities that a bit flips, in each inference anew")
               ->capture_default_str());
  of_group(command
               .add_option("--inferences", o.inferences,
                           "With flipped bits, of each site and rate; test images take turns")
               ->check(is_integer(2, 1'000'000'000))
               ->capture_default_str());
  of_group(command.add_option("--confidence", o.confidence, "Of intervals")
               ->check(is_number(0.5, 0.9999))
               ->capture_default_str());
  of_group(command
               .add_option("--attack-eps", a.attack_eps,
                           "Greatest changes of a pixel, of pixels from 0 to 1; none: no attack")
               ->capture_default_str());
  of_group(add_names_option(command, "--attacks", o.attack.attacks, "On the network in integers")
               ->default_str("pgd apgd-ce square"));
  of_group(command
               .add_option("--attack-images", o.attacked_images,
                           "The first so many test images are attacked, 0 = all")
               ->check(is_integer(0, 1 << 30))
               ->capture_default_str());
  of_group(command.add_option("--attack-steps", o.attack.pgd_steps, "Of PGD and APGD")
               ->capture_default_str());
  of_group(command.add_option("--restarts", o.attack.restarts, "Random starts of PGD and APGD")
               ->capture_default_str());
  of_group(command.add_option("--queries", o.attack.queries, "Of Square")->capture_default_str());
  of_group(
      command.add_option("--beside", a.beside,
                         "Further models, of any widths and trainings, that are measured alike"));
  of_group(command.add_flag("--measure-only", a.measure_only,
                            "Train nothing: a table of MODEL and those beside it"));
}

/// Short, of activations: what docs/resilience.md measures.
void set_defaults(HardenArguments& a) {
  train::TrainOptions& training = a.training.options;
  training.epochs = 1;
  training.learning_rate = 0.05;
  training.warmup_epochs = 0.2;
  training.augmentation = {.pad = 2, .flip = true};
  training.bit_errors.activations = 3e-3;
  training.bit_error_epochs = 0.02;
  using train::robust::AttackKind;
  a.measure.attack.attacks = {AttackKind::pgd, AttackKind::apgd_ce, AttackKind::square};
  a.measure.attack.queries = 1000;
  a.measure.attack.probe = false;
}

}  // namespace

void add_harden_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "harden",
      "Train a network at its widths so that it bears flipped bits; clean, attacked and faulty "
      "accuracy before and after");
  add_global_options(*command, options);
  const auto arguments = std::make_shared<HardenArguments>();
  set_defaults(*arguments);
  add_integer_model_options(*command, arguments->model);
  add_training_options(*command, arguments->training);
  command->add_flag("--control", arguments->control,
                    "Train a twin without bit errors, clipping and decays of norms and ranges: "
                    "what training alone does");
  add_measuring_options(*command, *arguments);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_harden(*arguments, options); });
}

}  // namespace hwflow::cli
