#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Name of the store in an output folder.
inline constexpr std::string_view kStoreFile = "runs.sqlite";
/// What stands for a plan where the accuracy is that of the float network.
inline constexpr std::string_view kFloatOnSearchSplit = "float, search split";

/// The name of a model's accuracies on the confirmation split.
[[nodiscard]] inline std::string confirmation_key(const std::string& model_key) {
  return model_key + ", confirmation";
}

/// A row of the table of runs.
struct RunRecord {
  std::int64_t id = 0;
  std::string study;
  std::string config_yaml;  ///< effective
  std::string config_hash;
  std::int64_t seed = 0;
  std::string version;  ///< of the program
  std::string started;  ///< UTC, ISO 8601
  std::string state;    ///< "running" (or killed), "stopped", "done"
  std::int64_t evaluations = 0;
  std::string summary;  ///< one line about the outcome; empty until it is done
};

/// What must survive a kill: one SQLite file in which every finished piece of work is committed at
/// once, so that a run that is started again repeats only what was in flight.
///
/// Holds accuracies by (accuracy model, plan), mappings by (hardware code, layer shape, widths,
/// accelerator, mapper options), re-trained plans by (accuracy model, plan, options), campaigns,
/// and the list of runs. Costs of mappings are not stored: they follow from the mapping in
/// microseconds, and a changed cost model then never meets old numbers. Thread-safe. Throws
/// SqliteError when the disk fails.
class RunStore {
 public:
  /// Opens or creates. Errors  a file that is no SQLite database, or of another program, of a
  /// newer version of this one, or damaged: each by name.
  [[nodiscard]] static Expected<std::unique_ptr<RunStore>> open(const std::filesystem::path& file);
  ~RunStore();

  [[nodiscard]] std::optional<train::AccuracyEstimate> find_accuracy(
      const std::string& model_key, const std::string& plan_text) const;
  void save_accuracy(const std::string& model_key, const std::string& plan_text,
                     const train::AccuracyEstimate& accuracy);
  /// Plans whose accuracy that model measured; float accuracies are not counted.
  [[nodiscard]] std::int64_t count_accuracies(const std::string& model_key) const;

  /// A fault-injection campaign, as FlipRuns writes it.
  [[nodiscard]] std::optional<std::string> find_campaign(const std::string& key) const;
  void save_campaign(const std::string& key, const std::string& text);

  [[nodiscard]] std::optional<std::string> find_mapping(const std::string& key) const;
  void save_mapping(const std::string& key, const std::string& mapping_text);

  /// None also when what is stored cannot be read back.
  [[nodiscard]] std::optional<train::FinishedPlan> find_finished(
      const std::string& model_key, const std::string& plan_text,
      const std::string& options_text) const;
  void save_finished(const std::string& model_key, const std::string& plan_text,
                     const std::string& options_text, const train::FinishedPlan& plan);

  /// Adds a run in state "running"; id is given by the store.
  [[nodiscard]] std::int64_t add_run(const RunRecord& run);
  void update_run(std::int64_t id, std::string_view state, std::int64_t evaluations,
                  std::string_view summary);
  /// What else is known of a run, by name; an earlier text is replaced.
  void save_fact(std::int64_t run, const std::string& name, const std::string& text);
  [[nodiscard]] std::optional<std::string> find_fact(std::int64_t run,
                                                     const std::string& name) const;
  /// All runs, oldest first.
  [[nodiscard]] std::vector<RunRecord> runs() const;

 private:
  struct State;
  explicit RunStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What the store knows of an accuracy, else what `measure` finds, committed at once. None when it
/// is not known and may not be measured, or was stopped.
template <class Measure>
[[nodiscard]] std::optional<train::AccuracyEstimate> find_or_measure(RunStore& store,
                                                                     const std::string& model_key,
                                                                     const std::string& text,
                                                                     bool may_measure,
                                                                     const Measure& measure) {
  if (auto known = store.find_accuracy(model_key, text)) return known;
  if (!may_measure) return std::nullopt;
  const std::optional<train::AccuracyEstimate> measured = measure();
  if (measured) store.save_accuracy(model_key, text, *measured);
  return measured;
}

}  // namespace hwflow::study
