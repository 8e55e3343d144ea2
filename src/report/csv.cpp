#include "report/csv.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "report/plan_facts.hpp"

namespace hwflow::report {
namespace {

/// Cells of a line, joined by commas; numbers keep every digit that they need.
class Row {
 public:
  Row& add(const std::string& text) { return raw(csv_cell(text)); }
  Row& add(double number) { return raw(fmt::format("{}", number)); }
  Row& add(std::optional<double> number) { return number ? add(*number) : raw(""); }
  Row& add(std::int64_t number) { return raw(fmt::format("{}", number)); }
  Row& add(int number) { return add(std::int64_t{number}); }
  Row& add(std::size_t number) { return add(static_cast<std::int64_t>(number)); }
  Row& add(const std::optional<train::AccuracyEstimate>& accuracy) {
    if (!accuracy) return raw("").raw("").raw("").raw("");
    return add(accuracy->top1())
        .add(accuracy->standard_error())
        .add(accuracy->correct)
        .add(accuracy->total);
  }
  /// As kMeasureColumns.
  Row& add_measure(const study::CodesignResult& result, const train::AccuracyEstimate& measured) {
    using Accuracy = std::optional<train::AccuracyEstimate>;
    if (result.ranked_by_proxy) return add(Accuracy{}).add(measured.top1());
    return add(Accuracy{measured}).raw("");
  }
  [[nodiscard]] std::string line() const { return text_ + "\r\n"; }

 private:
  Row& raw(const std::string& cell) {
    if (!first_) text_ += ',';
    first_ = false;
    text_ += cell;
    return *this;
  }
  std::string text_;
  bool first_ = true;
};

/// Header of what Row::add writes for an accuracy.
std::string accuracy_columns(const std::string& name) {
  return fmt::format("{0},{0}_standard_error,{0}_correct,{0}_total", name);
}

/// An empty cell where energy is not modelled.
std::optional<double> energy(const study::CodesignResult& result, double value) {
  return has_energy(result) ? std::optional(value) : std::nullopt;
}

std::string number_or_nothing(const std::optional<double>& number) {
  return number ? fmt::format("{}", *number) : std::string();
}

/// Header of what Row::add_measure writes: what the search ranked by, which may be no accuracy.
constexpr const char* kMeasureColumns = "accuracy,standard_error,correct,total,proxy";

/// Header of failure rates; nothing where they were not predicted.
std::string failure_column(const study::CodesignResult& result) {
  return result.resilience ? ",failure_rate" : "";
}

std::string plan_header(const study::CodesignResult& result) {
  return fmt::format("index,generation,origin,on_front,{},", kMeasureColumns) +
         accuracy_columns("confirmed") + ",energy_pj,cycles,dram_bits,model_bits,macs" +
         failure_column(result) + ",plan\r\n";
}

std::string plan_line(const study::CodesignResult& result, std::size_t index) {
  const auto& plan = result.evaluated[index];
  Row row;
  row.add(index)
      .add(plan.generation)
      .add(std::string(name(plan.origin)))
      .add(plan.on_front ? 1 : 0)
      .add_measure(result, plan.accuracy)
      .add(plan.confirmed)
      .add(energy(result, plan.hardware.energy_pj))
      .add(plan.hardware.cycles)
      .add(plan.hardware.dram_bits)
      .add(plan.hardware.model_bits)
      .add(plan.hardware.macs);
  if (result.resilience) row.add(plan.hardware.failure_rate);
  return row.add(to_text(plan.plan)).line();
}

std::string layer_line(const study::CodesignResult& result, const study::PlanDetails& plan,
                       const study::LayerDetails& layer) {
  Row row;
  row.add(plan.label).add(layer.name).add(layer.shape);
  row.add(layer.weight_bits).add(layer.input_bits).add(layer.output_bits).add(layer.macs);
  row.add(energy(result, layer.energy_pj))
      .add(layer.cycles)
      .add(layer.compute_cycles)
      .add(layer.dram_bits);
  row.add(layer.utilization).add(layer.mapping_optimal ? 1 : 0).add(layer.mapping_gap);
  row.add(layer.peak_macs_per_cycle);
  for (const double energy : layer.energy_by_component_pj) row.add(energy);
  for (const std::int64_t bits : layer.traffic_bits) row.add(bits);
  return row.add(layer.mapping).add(layer.channels).add(layer.channels_whole).line();
}

std::string group_line(const study::PlanDetails& plan, const study::GroupDetails& group,
                       std::size_t number) {
  std::string layers;
  for (const auto& member : group.members) layers += (layers.empty() ? "" : " ") + member.name;
  Row row;
  row.add(plan.label).add(number).add(layers).add(group.is_fused ? 1 : 0);
  row.add(group.tile).add(group.policies).add(group.energy_pj).add(group.cycles);
  row.add(group.compute_cycles).add(group.dram_bits).add(group.peak_buffer_bits);
  for (const double energy : group.energy_by_component_pj) row.add(energy);
  return row.line();
}

}  // namespace

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

std::string evaluations_csv(const study::CodesignResult& result) {
  std::string text = plan_header(result);
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) text += plan_line(result, i);
  return text;
}

std::string front_csv(const study::CodesignResult& result) {
  std::string text = plan_header(result);
  for (const std::size_t i : result.front) text += plan_line(result, i);
  return text;
}

std::string layers_csv(const study::CodesignResult& result) {
  Row header;
  for (const char* column :
       {"plan", "layer", "shape", "weight_bits", "input_bits", "output_bits", "macs", "energy_pj",
        "cycles", "compute_cycles", "dram_bits", "utilization", "mapping_optimal", "mapping_gap",
        "peak_macs_per_cycle"}) {
    header.add(std::string(column));
  }
  for (const auto& component : result.energy_components) header.add(component + "_energy_pj");
  for (const auto& level : result.accelerator.level_names) header.add(level + "_traffic_bits");
  for (const char* column : {"mapping", "channels", "channels_whole"})
    header.add(std::string(column));
  std::string text = header.line();
  for (const auto& plan : result.plans) {
    for (const auto& layer : plan.layers) text += layer_line(result, plan, layer);
  }
  return text;
}

std::string groups_csv(const study::CodesignResult& result) {
  Row header;
  for (const char* column : {"plan", "group", "layers", "fused", "tile", "policies", "energy_pj",
                             "cycles", "compute_cycles", "dram_bits", "peak_buffer_bits"}) {
    header.add(std::string(column));
  }
  for (const auto& component : result.energy_components) header.add(component + "_energy_pj");
  std::string text = header.line();
  for (const auto& plan : result.plans) {
    for (std::size_t i = 0; i < plan.groups.size(); ++i)
      text += group_line(plan, plan.groups[i], i + 1);
  }
  return text;
}

std::string plans_csv(const study::CodesignResult& result) {
  std::string text = fmt::format("plan,baseline,evaluated,{}", kMeasureColumns);
  for (const char* column : {"confirmed", "held_out", "test_fake_quantized", "test_integer"}) {
    text += fmt::format(",{}", accuracy_columns(column));
  }
  text += ",energy_pj,cycles,dram_bits,model_bits,macs" + failure_column(result) +
          ",finetune_epochs\r\n";
  for (const auto& plan : result.plans) {
    const auto& evaluated = result.evaluated[plan.evaluated];
    Row row;
    row.add(plan.label)
        .add(plan.baseline ? 1 : 0)
        .add(plan.evaluated)
        .add_measure(result, evaluated.accuracy)
        .add(evaluated.confirmed)
        .add(plan.held_out)
        .add(plan.test_fake_quantized)
        .add(plan.test_integer)
        .add(energy(result, evaluated.hardware.energy_pj))
        .add(evaluated.hardware.cycles)
        .add(evaluated.hardware.dram_bits)
        .add(evaluated.hardware.model_bits)
        .add(evaluated.hardware.macs);
    if (result.resilience) row.add(evaluated.hardware.failure_rate);
    text += row.add(result.finetune_epochs).line();
  }
  return text;
}

std::string generations_csv(const study::CodesignResult& result) {
  std::string text = "generation,evaluations,front_size,hypervolume,rank_correlation\r\n";
  for (const auto& generation : result.generations) {
    text += Row()
                .add(generation.generation)
                .add(generation.evaluations)
                .add(generation.front_size)
                .add(generation.hypervolume)
                .add(number_or_nothing(generation.rank_correlation))
                .line();
  }
  return text;
}

std::string levels_csv(const study::CodesignResult& result) {
  std::string text =
      "level,model,space_log10,generation,evaluations,front_size,hypervolume,final_hypervolume,"
      "rank_correlation,schedules_searched,seconds\r\n";
  for (std::size_t l = 0; l < result.levels.size(); ++l) {
    const auto& level = result.levels[l];
    for (const auto& generation : level.generations) {
      Row row;
      row.add(l + 1).add(std::string(name(level.model))).add(level.space_log10);
      row.add(generation.generation).add(generation.evaluations).add(generation.front_size);
      row.add(generation.hypervolume);
      row.add(number_or_nothing(generation.final_hypervolume));
      row.add(number_or_nothing(generation.rank_correlation));
      text += row.add(generation.schedules_searched).add(generation.seconds).line();
    }
  }
  return text;
}

std::string level_fronts_csv(const study::CodesignResult& result) {
  std::string text = fmt::format(
      "level,model,{},energy_pj,cycles,dram_bits,model_bits,macs,index,plan\r\n", kMeasureColumns);
  for (std::size_t l = 0; l < result.levels.size(); ++l) {
    for (const auto& plan : result.levels[l].front) {
      Row row;
      row.add(l + 1).add(std::string(name(result.levels[l].model)));
      row.add_measure(result, plan.accuracy).add(energy(result, plan.hardware.energy_pj));
      row.add(plan.hardware.cycles).add(plan.hardware.dram_bits).add(plan.hardware.model_bits);
      row.add(plan.hardware.macs);
      row.add(plan.evaluated ? fmt::format("{}", *plan.evaluated) : "");
      text += row.add(to_text(plan.plan)).line();
    }
  }
  return text;
}

}  // namespace hwflow::report
