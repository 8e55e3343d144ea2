#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/integer_model.hpp"
#include "cli/training_inputs.hpp"
#include "train/robust/bit_flip_options.hpp"

namespace hwflow::cli {

/// The set that the attacker's images are of; accuracies are of test images that are not among
/// them.
enum class FlipImages : std::uint8_t { training, test };
constexpr auto enum_names(FlipImages) {
  return std::array{std::pair{std::string_view{"training"}, FlipImages::training},
                    std::pair{std::string_view{"test"}, FlipImages::test}};
}

/// `hwflow attack --bit-flips`.
struct BitFlipArguments {
  std::optional<std::int64_t> flips;  ///< none: images are attacked, not weights
  FlipImages from = FlipImages::training;
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
