#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"
#include "chip/cost/cost.hpp"
#include "chip/validation/method.hpp"

namespace hwflow::chip {
namespace {

constexpr std::int64_t kWordBits = 16;
constexpr double kWordBytes = 2.0;

enum ChipLevel : std::size_t { kDram, kBuffer, kInputSpad, kFilterSpad, kSumSpad, kLevels };

/// Sums over the parts of one layer.
struct ChipCounts {
  std::int64_t macs = 0;
  std::int64_t active_pes = 0, sum_tile_words = 0, input_tile_words = 0;
  std::int64_t dram_weights = 0, dram_inputs = 0, dram_outputs = 0;  ///< padding left out
  std::int64_t buffer_words = 0;                                     ///< between buffer and array
  std::int64_t busy_cycles = 0;   ///< the longest of computing, buffer port and row bus
  std::int64_t filter_words = 0;  ///< into the scratchpads, one copy of each
  std::int64_t model_cycles = 0;  ///< of the fine model, where every fill stops the array
  double gated_pj = 0.0;          ///< of what rests when an input is zero
  double other_pj = 0.0;
};

std::size_t operand_of(const Layer& layer, Role role) {
  const auto& operands = layer.op.operands();
  for (std::size_t o = 0; o < operands.size(); ++o)
    if (operands[o].role == role) return o;
  HWFLOW_CHECK(false, "a convolution has all three operands");
  return 0;
}

/// The chip keeps the zeros around the image in its buffer: on-chip counts have them, DRAM has not.
Accelerator with_padding(const Accelerator& machine) {
  Accelerator::Fields fields = machine.fields();
  fields.counting.fetch_padding = true;
  return Accelerator::make(std::move(fields)).value();
}

/// It fetches every strip of rows as a whole: what two strips share crosses the link twice.
Accelerator without_halo_reuse(const Accelerator& machine) {
  Accelerator::Fields fields = machine.fields();
  fields.counting.halo_reuse = false;
  return Accelerator::make(std::move(fields)).value();
}

class ChipLayer {
 public:
  ChipLayer(const Accelerator& machine, const ChipKeys& chip)
      : machine_(machine),
        padded_(with_padding(machine)),
        whole_strips_(without_halo_reuse(machine)),
        chip_(chip) {}

  /// Errors  a part that the fine model finds infeasible.
  Diagnostics add(const RowPart& part) {
    std::array<Cost, 3> costs;
    std::size_t at = 0;
    for (const Accelerator* machine :
         std::array<const Accelerator*, 3>{&machine_, &padded_, &whole_strips_}) {
      Evaluation evaluation = evaluate(part.layer, *machine, part.mapping);
      if (const auto* wrong = std::get_if<Infeasible>(&evaluation))
        return {describe(*wrong, machine_)};
      costs[at++] = std::get<Cost>(std::move(evaluation));
    }
    counts_.model_cycles += costs[0].cycles;
    count(part.layer, costs[1], costs[2]);
    return {};
  }

  [[nodiscard]] const ChipCounts& counts() const { return counts_; }

 private:
  void count(const Layer& layer, const Cost& padded, const Cost& whole_strips) {
    const std::size_t w = operand_of(layer, Role::weights);
    const std::size_t i = operand_of(layer, Role::inputs);
    const std::size_t o = operand_of(layer, Role::outputs);
    const TensorTraffic& inputs = padded.levels[kBuffer].operands[i];
    const TensorTraffic& sums = padded.levels[kBuffer].operands[o];
    const std::int64_t words = inputs.reads + sums.reads + sums.updates + sums.drains;
    const std::int64_t filters = whole_strips.levels[kDram].operands[w].reads;
    counts_.macs += layer.op.macs();
    counts_.active_pes = std::max(counts_.active_pes, padded.levels[kSumSpad].used_instances);
    counts_.sum_tile_words = std::max(counts_.sum_tile_words, sums.tile_words);
    counts_.input_tile_words = std::max(counts_.input_tile_words, inputs.tile_words);
    counts_.dram_weights += filters;
    counts_.dram_inputs += whole_strips.levels[kDram].operands[i].reads;
    counts_.dram_outputs += whole_strips.levels[kDram].operands[o].updates;
    counts_.buffer_words += words;
    counts_.busy_cycles += std::max({padded.compute_cycles, port_cycles(words),
                                     inputs.reads / chip_.limits.row_bus_words_per_cycle});
    counts_.filter_words += filters;
    counts_.gated_pj += padded.mac_energy_pj + padded.levels[kFilterSpad].energy_pj +
                        padded.levels[kSumSpad].energy_pj;
    counts_.other_pj += padded.levels[kBuffer].energy_pj + padded.levels[kInputSpad].energy_pj;
  }

  [[nodiscard]] std::int64_t port_cycles(std::int64_t words) const {
    const auto& bandwidth = machine_.levels()[kBuffer].read_bandwidth_bits_per_cycle;
    if (!bandwidth) return 0;
    return static_cast<std::int64_t>(static_cast<double>(words * kWordBits) / *bandwidth);
  }

  const Accelerator& machine_;
  Accelerator padded_, whole_strips_;
  const ChipKeys& chip_;
  ChipCounts counts_;
};

/// Share of its size to which run-length coding brings a tensor; none grows.
double coded_share(double zeros, const ChipKeys& chip) {
  return std::min(1.0, (1.0 - zeros) * chip.bits_per_nonzero / static_cast<double>(kWordBits));
}

double milliseconds(double cycles, const Accelerator& machine) {
  return cycles / (machine.fields().clock_mhz * 1e3);
}

std::map<std::string, double> quantities_of(const ChipCounts& counts, const ValidationLayer& layer,
                                            const ChipKeys& chip, const Accelerator& machine) {
  const auto weights = static_cast<double>(counts.dram_weights);
  const auto inputs = static_cast<double>(counts.dram_inputs);
  const auto outputs = static_cast<double>(counts.dram_outputs);
  const double coded = inputs * coded_share(layer.input_zeros, chip) +
                       outputs * coded_share(layer.output_zeros, chip);
  const double processing =
      milliseconds(static_cast<double>(counts.busy_cycles) +
                       static_cast<double>(counts.filter_words) / chip.filter_bus_words_per_cycle,
                   machine);
  const double link =
      machine.levels()[kDram].read_bandwidth_bits_per_cycle.value_or(0.0);  // 0: free
  const double exposed =
      link > 0 ? milliseconds(coded * static_cast<double>(kWordBits) / link, machine) : 0.0;
  const double total = processing + exposed;
  const double millijoules =
      chip.energy_scale * (counts.gated_pj * (1.0 - layer.input_zeros) + counts.other_pj) * 1e-9;
  return {{"active_pes", static_cast<double>(counts.active_pes)},
          {"buffer_sum_kib", static_cast<double>(counts.sum_tile_words) * kWordBytes / 1024},
          {"buffer_input_kib", static_cast<double>(counts.input_tile_words) * kWordBytes / 1024},
          {"glb_mb", static_cast<double>(counts.buffer_words) * kWordBytes * 1e-6},
          {"dram_mb", (weights + coded) * kWordBytes * 1e-6},
          {"dram_dense_mb", (weights + inputs + outputs) * kWordBytes * 1e-6},
          {"processing_ms", processing},
          {"total_ms", total},
          {"model_ms", milliseconds(static_cast<double>(counts.model_cycles), machine)},
          {"power_mw", chip.clock_mw + millijoules / total * 1e3}};
}

Diagnostics check_machine(const Accelerator& machine) {
  constexpr std::array kNames{"DRAM", "GLB", "ifmap_spad", "weights_spad", "psum_spad"};
  bool fine = machine.levels().size() == kLevels;
  for (std::size_t l = 0; fine && l < kLevels; ++l) fine = machine.levels()[l].name == kNames[l];
  if (fine) return {};
  return {{fmt::format("machine {}", machine.name()), "has not the levels of the Eyeriss chip",
           "DRAM, GLB, ifmap_spad, weights_spad, psum_spad"}};
}

/// The mapping of a layer: given, or planned.
Expected<RowMapping> mapping_of(const ValidationLayer& layer, const RowLayer& sizes,
                                const RowLimits& limits) {
  if (!layer.rows) {
    const auto planned = plan_rows(sizes, limits);
    if (planned) return *planned;
    return Unexpected{
        Diagnostics{{layer.name, "no row-stationary mapping fits", {}, ProblemKind::infeasible}}};
  }
  Diagnostics problems;
  for (std::string& text : row_problems(sizes, *layer.rows, limits))
    problems.push_back({layer.name + ": rows", std::move(text), {}});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return *layer.rows;
}

/// Totals from sums over the layers; power is that of all energy over all time.
std::map<std::string, double> totals_of(const std::vector<LayerOutcome>& layers, double macs,
                                        std::int64_t batch) {
  std::map<std::string, double> totals;
  double energy = 0.0, passes = 0.0;
  for (const LayerOutcome& layer : layers) {
    const auto& q = layer.quantities;
    for (const char* key :
         {"glb_mb", "dram_mb", "dram_dense_mb", "processing_ms", "total_ms", "model_ms"})
      totals[key] += q.at(key);
    energy += q.at("power_mw") * q.at("total_ms");
    passes += q.at("active_pes") * q.at("processing_ms");
  }
  totals["power_mw"] = energy / totals["total_ms"];
  totals["active_pes"] = passes / totals["processing_ms"];
  totals["frames_per_second"] = static_cast<double>(batch) / totals["total_ms"] * 1e3;
  totals["dram_per_mac"] = totals["dram_mb"] * 1e6 / kWordBytes / macs;
  return totals;
}

}  // namespace

Expected<ChipOutcome> run_row_stationary(const ValidationSet& set, const Accelerator& machine) {
  Diagnostics problems = check_machine(machine);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  ChipOutcome outcome;
  double macs = 0.0;
  for (const ValidationLayer& layer : set.layers) {
    const ConvShape shape = shape_of(layer, set);
    const auto mapping = mapping_of(layer, row_layer(shape), set.chip->limits);
    if (!mapping) {
      for (const Diagnostic& d : mapping.error()) problems.push_back(d);
      continue;
    }
    ChipLayer chip(machine, *set.chip);
    for (const RowPart& part : rows_to_parts(layer.name, shape, *mapping, set.chip->limits))
      for (Diagnostic& d : chip.add(part)) problems.push_back(std::move(d));
    macs += static_cast<double>(chip.counts().macs);
    outcome.layers.push_back(
        {quantities_of(chip.counts(), layer, *set.chip, machine), to_text(*mapping)});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  outcome.totals = totals_of(outcome.layers, macs, set.batch);
  return outcome;
}

}  // namespace hwflow::chip
