#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.hpp"
#include "cli/integer_model.hpp"
#include "cli/training_inputs.hpp"
#include "train/fault/array_fault.hpp"
#include "train/fault/campaign.hpp"

namespace hwflow::cli {

/// What of an array fails as one.
enum class ArrayUnitKind : std::uint8_t { element, row, column };
constexpr auto enum_names(ArrayUnitKind) {
  return std::array{std::pair{std::string_view{"element"}, ArrayUnitKind::element},
                    std::pair{std::string_view{"row"}, ArrayUnitKind::row},
                    std::pair{std::string_view{"column"}, ArrayUnitKind::column}};
}
struct ArrayArguments {
  std::string arch;  ///< empty: no array
  ArrayUnitKind unit = ArrayUnitKind::element;
  std::vector<train::fault::Register> registers{train::fault::Register::weight};
};

struct InjectArguments {
  IntegerModelArguments model;
  DataArguments data;
  train::fault::SpaceOptions space;
  train::fault::CampaignOptions campaign;
  ArrayArguments array;
  std::int64_t images = 500;
  std::vector<double> rates;    ///< of bits; empty: single faults
  std::int64_t inferences = 0;  ///< of every rate; 0: as the margin says
  std::string replay;           ///< a list of faults; empty: they are drawn
  std::int64_t check = 200;     ///< inferences that are run again in the plain way
  bool resume = false;
  bool fixed = false;                ///< said to be wanted; it is the default
  std::vector<std::string> given{};  ///< options that the user wrote
};

/// `hwflow inject`. The exit code.
int run_inject(InjectArguments& arguments, const GlobalOptions& options);

}  // namespace hwflow::cli
