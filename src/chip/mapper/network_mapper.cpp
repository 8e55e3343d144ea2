#include "chip/mapper/network_mapper.hpp"

#include <fmt/format.h>

#include <chrono>

#include "chip/cost/countable.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {

namespace {

const Mapping* mapping_of(const MappedLayer& layer, const std::map<std::string, Mapping>& all) {
  for (const std::string& name : layer.names) {
    if (const auto found = all.find(name); found != all.end()) return &found->second;
  }
  return nullptr;
}

Diagnostics unknown_names(std::span<const Layer> layers,
                          const std::map<std::string, Mapping>& mappings) {
  std::vector<std::string> names;
  for (const Layer& layer : layers) names.push_back(layer.name);
  Diagnostics problems;
  for (const auto& [name, mapping] : mappings) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    problems.push_back({name, "the network has no such layer", nearest_name_hint(name, names)});
  }
  return problems;
}

/// The layers of `group` that `own` maps differently from the group as a whole, one entry each.
std::vector<MappedLayer> split_by_mapping(const MappedLayer& group,
                                          const std::map<std::string, Mapping>& all) {
  const Mapping* common = mapping_of(group, all);
  std::vector<MappedLayer> parts;
  for (const std::string& name : group.names) {
    const auto own = all.find(name);
    const Mapping& mapping = own != all.end() ? own->second : *common;
    auto part = std::find_if(parts.begin(), parts.end(), [&](const MappedLayer& candidate) {
      return candidate.result.mapping == mapping;
    });
    if (part == parts.end()) {
      parts.push_back({group.layer, {}, {}});
      parts.back().layer.name = name;
      parts.back().result.mapping = mapping;
      part = parts.end() - 1;
    }
    part->names.push_back(name);
  }
  return parts;
}

void evaluate_part(MappedLayer& part, const Accelerator& accelerator, Objective objective,
                   Diagnostics& problems) {
  Diagnostics malformed = check(part.result.mapping, part.layer, accelerator);
  for (Diagnostic& problem : malformed) {
    problem.place = part.layer.name + ": " + problem.place;
    problems.push_back(std::move(problem));
  }
  if (!malformed.empty()) return;
  if (auto refusal = refuse_uncountable(part.layer, accelerator)) {
    problems.push_back(std::move(*refusal));
    return;
  }
  auto evaluation = evaluate(part.layer, accelerator, part.result.mapping);
  if (const auto* infeasible = std::get_if<Infeasible>(&evaluation)) {
    problems.push_back(
        {part.layer.name,
         fmt::format("the mapping cannot run: {}", to_text(*infeasible, accelerator)),
         {}});
    return;
  }
  part.result.cost = std::get<Cost>(std::move(evaluation));
  part.result.value = value_of(part.result.cost, objective);
  part.result.evaluations = 1;
}

/// Sums of many layers that each can be counted may not be.
Diagnostics check_total(const NetworkMapping& network) {
  constexpr double kMost = 0x1p62;
  double cycles = 0.0, bits = 0.0;
  for (const MappedLayer& layer : network.layers) {
    cycles += static_cast<double>(layer.count()) * static_cast<double>(layer.result.cost.cycles);
    bits += static_cast<double>(layer.count()) * static_cast<double>(layer.result.cost.dram_bits);
  }
  if (cycles <= kMost && bits <= kMost) return {};
  return {{"all layers together",
           fmt::format("take {:.1e} cycles and {:.1e} bits, more than can be counted (2^62)",
                       cycles, bits),
           "take a smaller batch"}};
}

}  // namespace

NetworkCost NetworkMapping::total() const {
  NetworkCost sum;
  for (const MappedLayer& layer : layers) {
    sum.energy_pj += static_cast<double>(layer.count()) * layer.result.cost.energy_pj;
    sum.cycles += layer.count() * layer.result.cost.cycles;
    sum.dram_bits += layer.count() * layer.result.cost.dram_bits;
  }
  return sum;
}

Diagnostics check_network(std::span<const Layer> layers, const Accelerator& accelerator,
                          const MapperOptions& options) {
  // What every layer would be refused for is told once.
  Diagnostics problems = check(options);
  const auto add = [&](const Diagnostics& more) {
    problems.insert(problems.end(), more.begin(), more.end());
  };
  add(check_machine(accelerator, options));
  if (!problems.empty()) return problems;
  for (const MappedLayer& each : distinct_layers<MappingResult>(layers))
    add(check_layer(each.layer, accelerator, options));
  return problems;
}

Expected<NetworkMapping> map_network(std::span<const Layer> layers, const Accelerator& accelerator,
                                     const MapperOptions& options, const MapProgress& progress,
                                     const std::stop_token& stop) {
  const auto start = std::chrono::steady_clock::now();
  if (Diagnostics wrong = check_network(layers, accelerator, options); !wrong.empty())
    return Unexpected{std::move(wrong)};
  NetworkMapping network;
  network.layers = distinct_layers<MappingResult>(layers);
  MapperOptions single = options;
  single.threads = 1;
  Diagnostics problems =
      map_each(network.layers, options.threads, progress,
               [&](const Layer& layer) { return map_layer(layer, accelerator, single, stop); });
  if (problems.empty()) problems = check_total(network);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  network.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return network;
}

Expected<NetworkMapping> evaluate_network(std::span<const Layer> layers,
                                          const Accelerator& accelerator, Objective objective,
                                          const std::map<std::string, Mapping>& mappings) {
  const auto start = std::chrono::steady_clock::now();
  Diagnostics problems = unknown_names(layers, mappings);
  NetworkMapping network;
  for (const MappedLayer& group : distinct_layers<MappingResult>(layers)) {
    if (mapping_of(group, mappings) == nullptr) {
      problems.push_back({group.layer.name, "no mapping is given for this layer", {}});
      continue;
    }
    for (MappedLayer& part : split_by_mapping(group, mappings)) {
      evaluate_part(part, accelerator, objective, problems);
      network.layers.push_back(std::move(part));
    }
  }
  if (problems.empty()) problems = check_total(network);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  network.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return network;
}

}  // namespace hwflow::chip
