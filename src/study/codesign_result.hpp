#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/hardware_cost.hpp"
#include "study/hardware_search_result.hpp"
#include "study/resilience_result.hpp"
#include "train/quant/backend.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// What a search minimises. Accuracy enters as 1 - top1.
enum class Objective : std::uint8_t {
  accuracy,
  energy,
  latency,
  dram,
  model_size,
  macs,
  failure_rate
};
/// "accuracy", "energy", ... as in a study file.
[[nodiscard]] std::string_view name(Objective objective);

/// How a plan came to be evaluated.
enum class Origin : std::uint8_t {
  uniform,      ///< the same widths in every layer that is not pinned, and all channels or the same
                ///< share of every group: baselines, and search.algorithm uniform
  single_step,  ///< seeded: the widest uniform plan with one width narrower: the sensitivities
  greedy,       ///< seeded: widths narrowed in the order of least harm for the gain
  random,       ///< seeded at random
  offspring,    ///< bred by NSGA-II
  agent,        ///< chosen by an agent, layer by layer
  magnitude     ///< the channels of least score removed, whatever their group
};
[[nodiscard]] std::string_view name(Origin origin);

/// A plan and all that the search knows of it. Accuracy is of the search split.
struct EvaluatedPlan {
  CompressionPlan plan;
  int generation = 0;  ///< in which it was first seen; 0 = seeds
  Origin origin = Origin::offspring;
  train::AccuracyEstimate accuracy;
  std::optional<train::AccuracyEstimate> confirmed;  ///< on the confirmation split
  HardwareCost hardware;
  std::vector<double> objectives;  ///< minimised, as CodesignResult::objectives
  bool on_front = false;
};

/// Progress of the search: what is known after one generation. Generations count on over levels;
/// "so far" is since the search began.
struct GenerationSummary {
  int generation = 0;
  std::int64_t evaluations = 0;  ///< distinct plans so far whose accuracy is known
  std::int64_t front_size = 0;
  double hypervolume = 0.0;  ///< of the normalised objectives of the level, see CodesignResult
  /// The same of all plans so far with costs of the last level, so that levels can be compared;
  /// none: not priced there.
  std::optional<double> final_hypervolume = std::nullopt;
  std::int64_t schedules_searched = 0;  ///< so far: layers mapped, or plans fused
  double seconds = 0.0;                 ///< so far, of all processes of the run
  /// Spearman's, of accuracies as predicted before they were measured and as measured, over the
  /// plans of this generation; none: nothing was predicted (search.surrogate).
  std::optional<double> rank_correlation = std::nullopt;
};

/// How much of the hardware a model sees. Each costs plans less than the next one does.
enum class Abstraction : std::uint8_t {
  coarse,  ///< MACs, and every word once at DRAM
  mid,     ///< DRAM and the outermost buffer
  fine     ///< schedules as they run
};
/// "coarse", "mid", "fine" as in a study file.
[[nodiscard]] std::string_view name(Abstraction model);

/// Widths that one layer may take, ascending and distinct.
struct LayerWidths {
  std::vector<int> weights, inputs;
  bool operator==(const LayerWidths&) const = default;
};

/// A plan on the front of one level.
struct LevelPlan {
  CompressionPlan plan;
  train::AccuracyEstimate accuracy;
  HardwareCost hardware;                 ///< by the model of the level
  std::optional<std::size_t> evaluated;  ///< into CodesignResult::evaluated; none: not priced there
};

/// The search at one level of abstraction.
struct LevelSummary {
  Abstraction model = Abstraction::fine;
  std::vector<LayerWidths> widths;  ///< that each layer of a plan could take
  double space_log10 = 0.0;         ///< decimal logarithm of the number of such plans
  std::vector<GenerationSummary>
      generations;               ///< of this level; the first holds what was handed on
  std::vector<LevelPlan> front;  ///< in the order of CodesignResult::front
  std::int64_t priced = 0;       ///< plans that the model of the level priced
  std::int64_t skipped = 0;      ///< known before; shown by their bounds to be dominated here
};

/// One layer of one plan under its best mapping.
struct LayerDetails {
  std::string name;
  std::string shape;  ///< "k16 c3 p32 q32 r3 s3"; dimensions of bound 1 are left out
  std::optional<std::size_t> plan_index;  ///< into CompressionPlan::layers; none: auxiliary layer
  /// Of its output: as the plan leaves them, and in the whole network.
  std::int64_t channels = 0, channels_whole = 0;
  int weight_bits = 0, input_bits = 0, output_bits = 0;
  std::int64_t macs = 0;  ///< as the plan leaves the layer
  double energy_pj = 0.0;
  std::int64_t cycles = 0, compute_cycles = 0;
  std::int64_t dram_bits = 0;
  double utilization = 0.0;                    ///< 0..1 of the MACs that the array could do
  std::vector<double> energy_by_component_pj;  ///< as CodesignResult::energy_components; its sum
                                               ///< is energy_pj
  std::vector<std::int64_t> traffic_bits;      ///< moved at each level, as level_names
  std::string mapping;                         ///< one line that parses back
  std::string loop_nest;                       ///< readable, several lines
  bool mapping_optimal = false;                ///< proved
  double mapping_gap = 0.0;                    ///< (value - lower bound) / value
  double peak_macs_per_cycle = 0.0;            ///< of the array at these widths; 0: no MACs
};

/// A layer of a fused group: it has no mapping of its own.
struct GroupMember {
  std::string name;
  std::string shape;                      ///< as LayerDetails::shape
  std::optional<std::size_t> plan_index;  ///< into CompressionPlan::layers; none: auxiliary layer
  int weight_bits = 0, input_bits = 0, output_bits = 0;  ///< output_bits: all copies together
  std::int64_t macs = 0;
};

/// One part of a plan's fused schedule: layers that run tile by tile together, or one layer by
/// itself under its best mapping.
struct GroupDetails {
  std::vector<GroupMember> members;  ///< in order, never none
  bool is_fused = true;              ///< false: one member, also among PlanSchedule::layers
  std::string tile;                  ///< "4 x 28, 2 parts" of the last member's output; "": alone
  std::string policies;              ///< halos, order, weights; "": alone
  double energy_pj = 0.0;
  std::int64_t cycles = 0, compute_cycles = 0;
  std::int64_t dram_bits = 0;
  std::int64_t peak_buffer_bits = 0;  ///< that it takes of the buffer at its fullest moment
  /// As CodesignResult::energy_components; its sum is energy_pj. Of a fused group "DRAM" has both
  /// ends of every transfer, and levels have the wires of their fan-outs, so that "NoC" is 0.
  std::vector<double> energy_by_component_pj;
  bool mapping_optimal = false;  ///< proved, of every block or of the layer; not of the schedule
};

/// How one plan runs on the accelerator.
struct PlanSchedule {
  std::vector<LayerDetails> layers;  ///< those that run by themselves, in order
  std::vector<GroupDetails> groups;  ///< all parts in order; none: all layers run by themselves
};

/// How large a network is.
struct NetworkSize {
  std::int64_t channels = 0;    ///< of the outputs of all compute layers
  std::int64_t macs = 0;        ///< of one image
  std::int64_t parameters = 0;  ///< trained ones
  bool operator==(const NetworkSize&) const = default;
};

/// A plan shown in full: a uniform baseline, a pick, or both.
struct PlanDetails {
  std::string label;   ///< "uniform 8/8", "knee", "least energy within 0.5 points"
  std::string reason;  ///< why it was picked, one sentence
  bool baseline = false;
  std::size_t evaluated = 0;         ///< into CodesignResult::evaluated
  NetworkSize size;                  ///< of what it leaves of the network
  std::vector<LayerDetails> layers;  ///< as PlanSchedule
  std::vector<GroupDetails> groups;  ///< as PlanSchedule
  /// After finetune_epochs of quantization-aware training, on the test set; none when not measured.
  std::optional<train::AccuracyEstimate> test_fake_quantized, test_integer;
  /// After the same training, as FinishedPlan::held_out: what the headline is chosen by.
  std::optional<train::AccuracyEstimate> held_out;
  double finetune_seconds = 0.0;
  std::vector<std::string> files;  ///< exported, relative to the output folder
};

/// Two plans on the same test images, by the integer executor.
struct PairedTest {
  std::size_t a = 0, b = 0;  ///< into CodesignResult::plans
  std::int64_t both_right = 0, only_a_right = 0, only_b_right = 0, both_wrong = 0;
  double difference = 0.0;       ///< top1(a) - top1(b)
  double low = 0.0, high = 0.0;  ///< 95 % confidence interval of the difference
  double p_value = 1.0;          ///< exact McNemar test, two-sided
};

/// What a budget of search.budgets allows of one cost.
struct BudgetLimit {
  Objective of = Objective::energy;
  double share = 0.0;  ///< of the cost of CodesignResult::budget_reference
  double most = 0.0;   ///< in the unit of HardwareCost
  bool operator==(const BudgetLimit&) const = default;
};

/// The most accurate plan within a budget: see find_winners().
struct BudgetWinner {
  std::vector<BudgetLimit> limits;       ///< all of them hold; never none
  bool of_all = false;                   ///< the least limit of each cost that search.budgets name
  std::int64_t within = 0;               ///< plans that were measured and keep every limit
  std::optional<std::size_t> evaluated;  ///< into CodesignResult::evaluated; none: none is within
};

/// Plan and costs that the shares of budgets are of.
struct BudgetReference {
  std::string label;  ///< "uniform 8/8"
  HardwareCost hardware;
};

/// The saving that the study is about: a pick against the uniform baseline.
struct Saving {
  std::size_t pick = 0, baseline = 0;  ///< into CodesignResult::plans
  /// saving() of each.
  double energy = 0.0, latency = 0.0, dram = 0.0, model_size = 0.0, macs = 0.0;
};
/// 1 - part/whole; 0 when the whole is 0.
[[nodiscard]] double saving(double part, double whole);
/// Of two of CodesignResult::plans with these costs.
[[nodiscard]] Saving saving_of(std::size_t pick, const HardwareCost& of_pick, std::size_t baseline,
                               const HardwareCost& of_baseline);

/// Wall-clock time of one phase: "mapping", "search", "confirm", "finish",
/// "export"; of failures "flips" (before the search), "failures" (of finished plans), "checks".
struct PhaseTime {
  std::string name;
  double seconds = 0.0;
};

struct NetworkSummary {
  std::string name, source;  ///< as in the study file
  std::int64_t macs = 0, parameters = 0;
  std::vector<std::string> compute_layers;  ///< names, in the order of CompressionPlan::layers
  std::vector<std::int64_t> layer_macs, layer_weights;
  std::int64_t channels = 0;  ///< as NetworkSize
};

struct AcceleratorSummary {
  std::string name, description, source, technology, energy_table;
  double clock_mhz = 0.0;
  std::int64_t compute_units = 0;
  std::optional<double> dram_bits_per_cycle;  ///< none = unlimited
  std::vector<std::string> level_names;
};

/// Everything that a co-design run found out: the one input of the report.
struct CodesignResult {
  // The run.
  std::string run_id;   ///< names the run in the store
  std::string started;  ///< UTC, ISO 8601
  std::string version;
  std::string training_code, hardware_code;  ///< as BuildSignature, of the program of the run
  std::uint64_t seed = 0;
  int threads = 0;
  std::string machine;  ///< processor, system, libraries; empty: not told
  std::string study_name;
  std::string config_yaml;  ///< effective: defaults filled in
  std::string config_hash;
  std::string schedule;  ///< "layer_by_layer" or "fused", as in a study file
  bool stopped = false;  ///< by the user, before the end
  std::string missing;   ///< what a stopped run still lacks, one sentence; empty when it is done
  NetworkSummary network;
  AcceleratorSummary accelerator;
  std::string data;              ///< "fashion-mnist"
  std::string accuracy_method;   ///< the accuracy model's key
  bool ranked_by_proxy = false;  ///< accuracy.method: proxy; "accuracies" of the search are none
  std::string search_caveat;     ///< why accuracies of the search may be optimistic; may be empty
  train::AccuracyEstimate float_search;
  std::optional<train::AccuracyEstimate> float_confirmation;  ///< none without that split
  std::optional<train::AccuracyEstimate> float_test;          ///< measured once, at the end

  // The search.
  std::vector<Objective> objectives;
  /// The hypervolume is that of objective / normaliser, against `hypervolume_reference` (in the
  /// same normalised units). The normaliser of a cost is the uniform baseline of greatest widths.
  std::vector<double> normalisers;
  std::vector<double> hypervolume_reference;
  std::vector<EvaluatedPlan> evaluated;        ///< priced at the last level, in order of evaluation
  std::vector<std::size_t> front;              ///< into evaluated, by rising first objective
  std::vector<std::size_t> baselines;          ///< into evaluated: the uniform plans
  std::vector<GenerationSummary> generations;  ///< of the last level
  std::vector<LevelSummary> levels;            ///< coarse first; never none once seeds are known
  std::string algorithm;                       ///< as in a study file
  std::int64_t accuracy_evaluations = 0;  ///< distinct plans, those among them that are not priced
                                          ///< at the last level and so not in `evaluated`
  std::int64_t accuracy_cache_hits = 0;   ///< evaluations answered by the run store
  std::int64_t mappings_searched = 0, mappings_reused = 0;
  std::optional<HardwareSearchSummary> hardware_search;  ///< none: one accelerator

  // Budgets, of a study that names them.
  std::vector<BudgetWinner> budget_winners;         ///< in the order of the file, then `of_all`
  std::optional<BudgetReference> budget_reference;  ///< none: nor are there winners
  bool winners_confirmed = false;  ///< chosen by confirmed accuracies among the best of the search

  std::optional<ResilienceSummary> resilience;  ///< none: failures were not predicted

  // The picks.
  std::vector<std::string> energy_components;  ///< level names, "NoC", "MAC", "leakage"
  std::vector<PlanDetails> plans;              ///< baselines first, then picks
  std::vector<PairedTest> paired_tests;        ///< each pick against each baseline
  /// The cheapest pick whose held-out accuracy is within the tolerance of float, against the
  /// uniform reference of the study file.
  std::optional<Saving> headline;
  double tolerance = 0.0;   ///< of the headline, as a share: 0.005 = 0.5 points
  int finetune_epochs = 0;  ///< before the test accuracies of plans; 0: calibrated only
  std::vector<PhaseTime> phases;
};

}  // namespace hwflow::study
