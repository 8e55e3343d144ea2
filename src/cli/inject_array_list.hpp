#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "cli/inject_array_output.hpp"
#include "train/fault/fault_file.hpp"

namespace hwflow::cli {

/// faults.jsonl of `hwflow inject --array`: `{"hwflow_array_faults": 1, "settings": {...}}`, then
/// of each fault `{"unit": {"x", "y"}, "register", "effect", "bit", "inferences", ..., "failed"}`.
class ArrayList {
 public:
  /// Begins a new file, or goes on with one. Throws std::system_error when it cannot be written.
  ArrayList(const std::filesystem::path& file, const train::fault::CampaignSettings& settings);
  explicit ArrayList(const std::filesystem::path& file);
  /// Writes the faults whose outcomes are new, from number `first` on, and flushes.
  void append(const ArrayOutcome& outcome, std::size_t first);

 private:
  std::filesystem::path file_;
  std::ofstream stream_;
};

/// How the first faults of a list ended, which are the first of outcome.faults; cuts off a last
/// line that is not whole. Errors  other settings, each by name; the first line that is of another
/// fault, or wrong.
[[nodiscard]] Expected<std::vector<train::fault::Outcome>> read_array_list(
    const std::filesystem::path& file, const train::fault::CampaignSettings& settings,
    const ArrayOutcome& outcome);

}  // namespace hwflow::cli
