#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <vector>

#include "cli/command.hpp"
#include "cli/integer_model.hpp"
#include "cli/training_inputs.hpp"
#include "train/robust/bit_flip_options.hpp"

namespace hwflow::cli {

/// `hwflow attack --bit-flips`.
struct BitFlipArguments {
  std::optional<std::int64_t> flips;  ///< none: images are attacked, not weights
  train::robust::BitFlipOptions options;
};
void add_bit_flip_options(CLI::App& command, BitFlipArguments& arguments);
/// The options that add_bit_flip_options() adds, --bit-flips first.
[[nodiscard]] const std::vector<const char*>& bit_flip_option_names();

struct BitFlipInputs {
  IntegerModelArguments model;
  DataArguments data;
  std::int64_t first = 0;  ///< of the test images; 0: all
};
/// The exit code. `problems`: found before.
int run_bit_flips(const BitFlipInputs& inputs, BitFlipArguments& arguments,
                  const GlobalOptions& options, Diagnostics problems);

}  // namespace hwflow::cli
