#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "train/fault/campaign.hpp"

namespace hwflow::train::fault {

/// What must be the same for a list to be gone on with: by name.
using CampaignSettings = std::map<std::string, std::string>;

/// A replayable list of faults and how they ended, as JSON lines. The first is
/// `{"hwflow_faults": 1, "settings": {...}}`, each other one fault:
/// `{"upsets": [{"site", "effect", "layer", "copy", "element", "bits"}], "stratum", "inferences",
/// "masked", "top1_changed", "top5_changed", "crashed", "right"}`; bits are hexadecimal. All after
/// "upsets" may be absent.
class FaultFile {
 public:
  /// Begins a new file. Throws std::system_error when it cannot be written.
  FaultFile(const std::filesystem::path& file, const integer::Plan& plan,
            const CampaignSettings& settings);
  /// Goes on with one that read_fault_file() has read.
  FaultFile(const std::filesystem::path& file, const integer::Plan& plan, std::size_t written);

  /// Writes what is not written yet, and flushes.
  void append(const FaultList& faults, const std::vector<Outcome>& outcomes);
  /// Of faults that nobody has run. A file has one kind or the other.
  void append(const FaultList& faults);

 private:
  void flush();

  std::filesystem::path file_;
  const integer::Plan& plan_;
  std::ofstream stream_;
  std::size_t written_ = 0;
};

struct FaultFileContent {
  CampaignSettings settings;
  FaultList faults;
  std::vector<Outcome> outcomes;  ///< empty, or parallel to faults
};

/// Of the first line alone, whatever network the faults are of.
/// Errors  no such file; it begins no list.
[[nodiscard]] Expected<CampaignSettings> read_settings(const std::filesystem::path& file);

/// A last line that was cut off is left out, and cut from the file where `repair` is set.
/// Errors  no such file; of every line that is wrong its number: no JSON, unknown layers, sites or
///         effects, words and bits that the network does not have.
[[nodiscard]] Expected<FaultFileContent> read_fault_file(const std::filesystem::path& file,
                                                         const integer::Plan& plan,
                                                         bool repair = false);

}  // namespace hwflow::train::fault
