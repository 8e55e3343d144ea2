#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/fault/campaign.hpp"

namespace hwflow::train::fault {

/// What must be the same for a list to be gone on with: by name.
using CampaignSettings = std::map<std::string, std::string>;

/// A replayable list of faults and how they ended, as JSON lines. The first is
/// `{"hwflow_faults": 1, "settings": {...}}`, each other one fault:
/// `{"upsets": [{"site", "effect", "layer", "copy", "element", "bits"}], "stratum", "inferences",
/// "masked", "top1_changed", "top5_changed", "crashed", "right", "failed"}`; bits are hexadecimal.
/// "failed": numbers of the images that it failed on; of many, hexadecimal digits, the first of
/// images 0 to 3, 0 the least bit. All after "upsets" may be absent.
class FaultFile {
 public:
  /// Begins a new file. Throws std::system_error when it cannot be written.
  FaultFile(const std::filesystem::path& file, const integer::Plan& plan,
            const CampaignSettings& settings);
  /// Goes on with one that holds `written` faults.
  FaultFile(const std::filesystem::path& file, const integer::Plan& plan, std::int64_t written);

  /// Writes the next faults, but those that the file held, and flushes.
  void append(const FaultList& faults, std::span<const Outcome> outcomes);
  /// Of faults that nobody has run. A file has one kind or the other.
  void append(const FaultList& faults);

 private:
  void flush();

  std::filesystem::path file_;
  const integer::Plan& plan_;
  std::ofstream stream_;
  std::int64_t held_ = 0;  ///< of the faults that come next
};

/// A fault of a list; how it ended where that is told.
struct FaultLine {
  std::vector<Upset> upsets;
  std::optional<Outcome> outcome;
};

/// Reads a list fault by fault. A last line that was cut off is left out.
class FaultFileReader {
 public:
  /// `plan` outlives the reader.
  FaultFileReader(std::filesystem::path file, const integer::Plan& plan);
  /// The next one; none: the end, or too many problems.
  std::optional<FaultLine> next();
  /// Those of the lines read: no such file; of every line that is wrong its number: no JSON,
  /// unknown layers, sites or effects, words and bits that the network does not have.
  [[nodiscard]] const Diagnostics& problems() const { return problems_; }
  [[nodiscard]] const CampaignSettings& settings() const { return settings_; }
  [[nodiscard]] std::size_t line() const { return line_; }  ///< of the fault read last, from 1
  /// Bytes of the whole lines read.
  [[nodiscard]] std::uintmax_t bytes() const { return bytes_; }

 private:
  std::filesystem::path file_;
  const integer::Plan& plan_;
  std::ifstream stream_;
  Diagnostics problems_;
  CampaignSettings settings_;
  std::size_t line_ = 0;
  std::uintmax_t bytes_ = 0;
};

/// The keys from "inferences" on, and back; none where one is absent or wrong. Not the stratum.
void add_outcome(const Outcome& outcome, nlohmann::ordered_json& line);
[[nodiscard]] std::optional<Outcome> outcome_of(const nlohmann::ordered_json& line);

/// Of all `images`, and of each whether it failed.
[[nodiscard]] bool is_whole(const Outcome& outcome, std::int64_t images);
/// What of `wanted` the settings of a list are not: each by its name.
[[nodiscard]] Diagnostics differing_settings(const std::filesystem::path& file,
                                             const CampaignSettings& found,
                                             const CampaignSettings& wanted);

/// "failed" of a list of results, as JSON text, and back.
[[nodiscard]] std::string failed_text(const FailedImages& failed, std::int64_t images);
/// None: `text` is no such value.
[[nodiscard]] std::optional<FailedImages> parse_failed(const std::string& text,
                                                       std::int64_t images);

struct FaultFileContent {
  CampaignSettings settings;
  FaultList faults;
  std::vector<Outcome> outcomes;  ///< empty, or parallel to faults
};

/// Of the first line alone, whatever network the faults are of.
/// Errors  no such file; it begins no list.
[[nodiscard]] Expected<CampaignSettings> read_settings(const std::filesystem::path& file);

/// All of a list that FaultFileReader reads.
/// Errors  its problems; how some faults ended, but not all.
[[nodiscard]] Expected<FaultFileContent> read_fault_file(const std::filesystem::path& file,
                                                         const integer::Plan& plan);

}  // namespace hwflow::train::fault
