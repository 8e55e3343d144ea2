#include "cli/fusion_output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "chip/fusion/network_traffic.hpp"
#include "chip/fusion/pipeline.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* text(chip::HaloPolicy policy) {
  switch (policy) {
    case chip::HaloPolicy::retain: return "retain";
    case chip::HaloPolicy::in_band: return "in_band";
    case chip::HaloPolicy::again: return "again";
  }
  return "";
}

const char* text(chip::Axis axis) { return axis == chip::Axis::rows ? "rows" : "columns"; }

Json space_json(const FusionTitle& title) {
  Json halos = Json::array();
  for (const chip::HaloPolicy policy : title.space.intermediates) halos.push_back(text(policy));
  const auto& tile = title.space.tile;
  return {{"tile", tile ? Json{{"rows", tile->rows}, {"columns", tile->columns}} : Json(nullptr)},
          {"halos", std::move(halos)},
          {"outer_axis", title.space.outer ? Json(text(*title.space.outer)) : Json(nullptr)},
          {"one_group", title.one_group}};
}

/// What the certificate is about, where that is not every schedule; begins with a blank.
std::string space_text(const FusionTitle& title) {
  std::string text;
  for (const chip::HaloPolicy policy : title.space.intermediates)
    text +=
        fmt::format("{}{}", text.empty() ? " (halos of intermediates: " : ", ", cli::text(policy));
  text += ")";
  if (title.one_group) text += " as one group";
  if (const auto& tile = title.space.tile)
    text += fmt::format(" with tiles of {}x{}", tile->rows, tile->columns);
  if (title.space.outer) text += fmt::format(" in bands of {}", cli::text(*title.space.outer));
  return text;
}

Json tile_json(const chip::GroupPlan& plan) {
  return {{"rows", plan.schedule.tile_rows},
          {"columns", plan.schedule.tile_columns},
          {"channel_parts", plan.schedule.channel_parts},
          {"outer_axis", text(plan.schedule.outer)},
          {"steps", plan.steps}};
}

/// Columns of the array that each stage of a pipelined group has.
Json stages_json(const chip::FusedGroup& group, const chip::FusionGraph& graph,
                 const chip::Group& shape) {
  Json stages = Json::array();
  const std::vector<std::size_t> stage_of = pipeline_stages(graph, shape);
  for (const std::int64_t columns : group.plan->schedule.shares)
    stages.push_back({{"columns", columns}, {"layers", Json::array()}});
  for (std::size_t l = 0; l < stage_of.size(); ++l)
    stages[stage_of[l]]["layers"].push_back(group.layers[l]);
  return stages;
}

Json policies_json(const chip::FusedGroup& group, const chip::FusionGraph& graph) {
  const chip::GroupPlan& plan = *group.plan;
  const chip::Group shape = make_group(graph, group.slice, plan.schedule.read_again);
  Json sources = Json::object(), intermediates = Json::object();
  Json weights = Json::object(), again = Json::array();
  for (std::size_t t = 0; t < shape.tensors.size(); ++t) {
    const chip::GroupTensor& tensor = shape.tensors[t];
    if (tensor.producer && tensor.reads.empty()) continue;
    const std::string& name = graph.tensors[tensor.tensor].name;
    (tensor.producer ? intermediates
                     : sources)[tensor.is_read_again ? name + " (read again)" : name] =
        text(plan.schedule.halos[t]);
  }
  for (std::size_t l = 0; l < shape.layers.size(); ++l)
    if (shape.layers[l].weight_bits > 0)
      weights[group.layers[l]] = plan.schedule.resident_weights[l] ? "resident" : "streamed";
  for (const std::size_t read : plan.schedule.read_again)
    again.push_back({{"tensor", graph.tensors[graph.reads[read].tensor].name},
                     {"layer", graph.layers[graph.reads[read].layer].layer.name}});
  return {{"intermediates", std::move(intermediates)},
          {"sources", std::move(sources)},
          {"weights", std::move(weights)},
          {"read_again", std::move(again)},
          {"array_columns",
           plan.schedule.shares.empty() ? Json(nullptr) : stages_json(group, graph, shape)}};
}

Json traffic_json(const chip::GroupTraffic& traffic) {
  return {{"fetched_bits", traffic.fetched_bits},
          {"read_again_bits", traffic.read_again_bits},
          {"written_bits", traffic.written_bits},
          {"weight_bits", traffic.weight_bits}};
}

Json room_json(const chip::FusedGroup& group) {
  const chip::GroupRoom& room = group.plan->room;
  return {{"live_bits", room.live.bits},
          {"staging_bits", room.staging_bits},
          {"resident_weight_bits", room.resident_bits},
          {"weight_staging_bits", room.weight_staging_bits},
          {"fullest_step", {room.live.moment.outer, room.live.moment.inner}},
          {"fullest_layer", group.layers[room.live.moment.layer]}};
}

Json energy_json(const chip::GroupCost& cost, const chip::FusionMachine& machine) {
  Json levels = Json::object();
  levels["DRAM port"] = cost.dram_energy_pj;
  for (std::size_t l = 0; l < cost.level_energy_pj.size(); ++l)
    levels[machine.inner.levels()[l].name] = cost.level_energy_pj[l];
  levels["MAC"] = cost.mac_energy_pj;
  levels["leakage"] = cost.leakage_pj;
  return levels;
}

Json levels_json(const std::optional<chip::TrafficByLevel>& levels,
                 const chip::FusionMachine& machine) {
  if (!levels) return nullptr;
  Json json = Json::array();
  for (std::size_t l = 0; l < levels->size(); ++l) {
    const chip::LevelTraffic& level = (*levels)[l];
    Json roles = Json::object();
    for (const Role role : kRoles) {
      const chip::RoleTraffic& moved = level.of(role);
      roles[std::string(name(role))] = {
          {"fills", moved.fills.words},    {"drains", moved.drains.words},
          {"reads", moved.reads.words},    {"updates", moved.updates.words},
          {"fill_bits", moved.fills.bits}, {"drain_bits", moved.drains.bits},
          {"read_bits", moved.reads.bits}, {"update_bits", moved.updates.bits}};
    }
    json.push_back({{"level", machine.inner.levels()[l].name},
                    {"read_bits", level.read_bits()},
                    {"written_bits", level.written_bits()},
                    {"roles", std::move(roles)}});
  }
  return json;
}

Json cost_json(const chip::NetworkCost& cost, Json&& levels) {
  return {{"energy_pj", cost.energy_pj},
          {"cycles", cost.cycles},
          {"edp", cost.edp()},
          {"dram_bits", cost.dram_bits},
          {"level_traffic", std::move(levels)}};
}

Json group_json(const chip::FusedGroup& group, const chip::FusionGraph& graph,
                const chip::FusionMachine& machine) {
  Json json{{"layers", group.layers}};
  if (group.plan) {
    json["tile"] = tile_json(*group.plan);
    json["policies"] = policies_json(group, graph);
  } else {
    json["tile"] = nullptr;
    json["policies"] = nullptr;
    json["mapping"] = to_text(group.alone->mapping, machine.whole);
  }
  json["energy_pj"] = group.total.energy_pj;
  json["cycles"] = group.total.cycles;
  json["dram_bits"] = group.total.dram_bits;
  json["peak_buffer_bits"] = group.peak_buffer_bits;
  json["value"] = group.value;
  json["lower_bound"] = group.lower_bound;
  json["level_traffic"] = levels_json(level_traffic(group, graph, machine), machine);
  if (!group.plan) return json;
  json["traffic"] = traffic_json(group.plan->traffic);
  json["room"] = room_json(group);
  if (group.cost) {
    json["compute_cycles"] = group.cost->compute_cycles;
    json["dram_cycles"] = group.cost->dram_cycles;
    json["macs_per_dram_bit"] =
        static_cast<double>(group.cost->macs) / static_cast<double>(group.total.dram_bits);
    json["energy_by_level_pj"] = energy_json(*group.cost, machine);
    json["blocks_mapped_optimally"] = group.cost->mapped_optimally;
  }
  return json;
}

std::string layers_text(const chip::FusedGroup& group) {
  return group.layers.size() == 1 ? group.layers.front()
                                  : fmt::format("{} .. {} ({})", group.layers.front(),
                                                group.layers.back(), group.layers.size());
}

std::string tile_text(const chip::FusedGroup& group) {
  if (!group.plan) return "by itself";
  const chip::GroupSchedule& schedule = group.plan->schedule;
  return fmt::format(
      "{}x{}{}{}", schedule.tile_rows, schedule.tile_columns,
      schedule.channel_parts > 1 ? fmt::format(" /{}", schedule.channel_parts) : std::string(),
      schedule.shares.empty() ? "" : fmt::format(" |{}", fmt::join(schedule.shares, "+")));
}

std::string weights_text(const chip::FusedGroup& group) {
  if (!group.plan) return "";
  std::size_t stay = 0;
  for (const bool resident : group.plan->schedule.resident_weights) stay += resident ? 1 : 0;
  return stay == group.layers.size() ? "stay" : stay == 0 ? "stream" : fmt::format("{} stay", stay);
}

void print_total(const char* name, const chip::NetworkCost& cost) {
  fmt::print("{:<13}  {:>11.5g} pJ  {:>12} cycles  EDP {:>11.5g}  {:>11.5g} DRAM bits\n", name,
             cost.energy_pj, cost.cycles, cost.edp(), static_cast<double>(cost.dram_bits));
}

/// Of the buffer, both ways; "?" where a group was not priced or a layer has no mapping.
std::string buffer_bits_text(const std::optional<chip::TrafficByLevel>& levels) {
  if (!levels) return "?";
  return fmt::format("{:.5g} read, {:.5g} written",
                     static_cast<double>(levels->front().read_bits()),
                     static_cast<double>(levels->front().written_bits()));
}

double saved(double before, double after) { return before > 0 ? 100 * (1 - after / before) : 0.0; }

}  // namespace

Json to_json(const chip::NetworkFusion& fusion, const chip::FusionGraph& graph,
             const chip::FusionMachine& machine, const FusionTitle& title) {
  Json groups = Json::array();
  for (const chip::FusedGroup& group : fusion.groups)
    groups.push_back(group_json(group, graph, machine));
  const chip::PhaseCounts& counts = fusion.counts;
  return {
      {"network", title.network},
      {"accelerator", title.accelerator},
      {"objective", name(title.objective)},
      {"notes", title.notes},
      {"space", space_json(title)},
      {"seconds", fusion.seconds},
      {"single_layer_seconds", fusion.single_layer_seconds},
      {"threads", title.threads},
      {"buffer_bits", machine.room.feature_bits},
      {"weight_buffer_bits",
       machine.room.weight_bits ? Json(*machine.room.weight_bits) : Json(nullptr)},
      {"groups", std::move(groups)},
      {"total",
       cost_json(fusion.total, levels_json(fused_traffic(fusion, graph, machine), machine))},
      {"single_layer_total",
       fusion.single_layers ? cost_json(*fusion.single_layers,
                                        levels_json(single_layer_traffic(fusion, machine), machine))
                            : Json(nullptr)},
      {"single_layers_optimal", fusion.single_layers_optimal},
      {"compulsory_dram_bits", fusion.compulsory_dram_bits},
      {"separate_dram_bits", fusion.separate_dram_bits},
      {"value", fusion.value},
      {"lower_bound", fusion.lower_bound},
      {"gap", fusion.gap()},
      {"optimal", fusion.optimal},
      {"best_as_mapped", fusion.is_best_as_mapped},
      {"search",
       {{"slices", fusion.slices},
        {"slices_searched", fusion.slices_searched},
        {"tilings", counts.tilings},
        {"too_large", counts.too_large},
        {"weights_too_large", counts.weights_large},
        {"alike", counts.alike},
        {"bounded", counts.bounded},
        {"left", counts.left},
        {"evaluated", counts.evaluated}}}};
}

namespace {

void print_certificate(const chip::NetworkFusion& fusion, const FusionTitle& title) {
  std::string proof =
      fusion.optimal ? std::string("proved") : fmt::format("gap {:.2f} %", 100 * fusion.gap());
  if (fusion.is_best_as_mapped)
    proof = "best of all schedules, their blocks as the mapper maps them; to the bound " + proof;
  const chip::PhaseCounts& counts = fusion.counts;
  fmt::print(
      "{}{}; {} of {} slices searched, {} tilings: {} too large, {} with weights too large, {} "
      "alike, {} by bound; ",
      proof, space_text(title), fusion.slices_searched, fusion.slices, counts.tilings,
      counts.too_large, counts.weights_large, counts.alike, counts.bounded);
  if (title.objective != chip::Objective::dram)
    fmt::print("{} schedules priced, {} not among the first by bound; ", counts.evaluated,
               counts.left);
  fmt::print("{:.2f} s, of them {:.2f} s for single layers\n", fusion.seconds,
             fusion.single_layer_seconds);
}

}  // namespace

void print_table(const chip::NetworkFusion& fusion, const chip::FusionGraph& graph,
                 const chip::FusionMachine& machine, const FusionTitle& title) {
  fmt::print("{} on {}, least {}; buffer of {} bits{}\n\n", title.network, title.accelerator,
             name(title.objective), machine.room.feature_bits,
             machine.room.double_buffered ? ", DRAM tiles double-buffered" : "");
  fmt::print("{:<44}  {:>12}  {:>7}  {:>11}  {:>11}  {:>12}  {:>11}\n", "group", "tile", "weights",
             "DRAM bits", "energy pJ", "cycles", "peak bits");
  for (const chip::FusedGroup& group : fusion.groups) {
    fmt::print("{:<44.44}  {:>12}  {:>7}  {:>11.5g}  {:>11.5g}  {:>12}  {:>11}\n",
               layers_text(group), tile_text(group), weights_text(group),
               static_cast<double>(group.total.dram_bits), group.total.energy_pj,
               group.total.cycles, group.peak_buffer_bits);
  }
  fmt::print("\n");
  print_total("fused", fusion.total);
  if (fusion.single_layers) {
    const chip::NetworkCost& before = *fusion.single_layers;
    print_total("single layers", before);
    fmt::print(
        "{:<13}  {:>9.2f} %    {:>10.2f} %                            {:>11.2f} %\n", "saved",
        saved(before.energy_pj, fusion.total.energy_pj),
        saved(static_cast<double>(before.cycles), static_cast<double>(fusion.total.cycles)),
        saved(static_cast<double>(before.dram_bits), static_cast<double>(fusion.total.dram_bits)));
  }
  fmt::print("buffer bits    fused: {}; single layers: {}\n",
             buffer_bits_text(fused_traffic(fusion, graph, machine)),
             buffer_bits_text(single_layer_traffic(fusion, machine)));
  fmt::print(
      "compulsory     {:.5g} DRAM bits ({} tensors)\napart          {:.5g} DRAM bits, each layer "
      "with "
      "MACs with the poolings and additions behind it: {:.2f} % saved\n",
      static_cast<double>(fusion.compulsory_dram_bits), graph.tensors.size(),
      static_cast<double>(fusion.separate_dram_bits),
      saved(static_cast<double>(fusion.separate_dram_bits),
            static_cast<double>(fusion.total.dram_bits)));
  print_certificate(fusion, title);
}

}  // namespace hwflow::cli
