#include "chip/mapping/zigzag_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "chip/arch/foreign_map.hpp"
#include "chip/mapping/loop_allocation.hpp"
#include "chip/mapping/uneven_nest.hpp"
#include "chip/mapping/zigzag_workload.hpp"

namespace hwflow::chip::zigzag {
namespace {

using schema::Value;

class EntryReader {
 public:
  EntryReader(const Value& value, const std::string& path, const LayerInput& layer,
              const AcceleratorInput& machine, Findings& findings)
      : map_(&value, path, findings),
        layer_(layer),
        machine_(machine),
        meshes_(meshes_of(machine.accelerator, machine.mesh_names)) {}

  std::optional<EvenNest> read() {
    const std::size_t before = map_.findings().problems.size();
    map_.take("name");
    read_links();
    read_spatial();
    read_ordering();
    map_.refuse({"spatial_mapping_hint"}, Value{}, "leaves loops to ZigZag's search",
                "write spatial_mapping out");
    map_.pass_over({"core_allocation"}, "one core is modelled");
    map_.finish();
    if (map_.findings().problems.size() != before) return std::nullopt;
    check_products();
    if (map_.findings().problems.size() != before) return std::nullopt;
    for (const Diagnostic& d : allocate_loops(layer_.layer, machine_.accelerator.fields(), nest_))
      map_.problem("temporal_ordering", fmt::format("{}: {}", d.place, d.reason), d.hint);
    if (map_.findings().problems.size() != before) return std::nullopt;
    auto even = to_even_nest(machine_.accelerator.fields(), nest_);
    if (even) return std::move(*even);
    for (const Diagnostic& d : even.error())
      map_.problem("temporal_ordering", fmt::format("{}: {}", d.place, d.reason), d.hint);
    return std::nullopt;
  }

 private:
  void read_links() {
    ForeignMap links = map_.map("memory_operand_links");
    for (const auto& [tensor, operand] :
         {std::pair{"O", "O"}, std::pair{"W", "I2"}, std::pair{"I", "I1"}}) {
      const std::string given = links.text(tensor).value_or(operand);
      if (given != operand)
        links.problem(tensor, fmt::format("'{}' is linked to {}: memories are read with I1 for "
                                          "inputs, I2 for weights and O for outputs",
                                          tensor, given));
    }
    links.finish();
  }

  std::optional<Dim> dim_of(const std::string& name) const {
    for (const auto& [known, dim] : layer_.dims)
      if (known == name) return dim;
    return std::nullopt;
  }

  /// A dimension and its size, told when it is none.
  std::optional<Loop> loop_of(std::string_view key, const std::string& name,
                              const std::string& size) {
    const auto dim = dim_of(name);
    Loop loop;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), loop.bound);
    const bool is_rest = size == "*";
    const bool number = error == std::errc{} && end == size.data() + size.size();
    if (!dim || (!is_rest && (!number || loop.bound < 1 || loop.bound > (1 << 30)))) {
      map_.problem(key,
                   fmt::format("'{}, {}' is no loop over a dimension of the layer", name, size),
                   "such as K, 32");
      return std::nullopt;
    }
    loop.dim = *dim;
    if (is_rest) loop.bound = kRest;
    return loop;
  }

  void read_spatial() {
    ForeignMap spatial = map_.map("spatial_mapping");
    std::map<LevelIndex, UnevenNest::Spread> spreads;
    for (const MeshName& mesh : meshes_) {
      UnevenNest::Spread& spread = spreads[mesh.level];
      spread.memory = machine_.accelerator.levels()[mesh.level].name;
      std::int64_t used = 1;
      for (const Value* each : spatial.list(mesh.name)) {
        const auto words = split_words(scalar_text(*each));
        const auto loop =
            words.size() == 2 ? loop_of("spatial_mapping", words[0], words[1]) : std::nullopt;
        if (words.size() != 2)
          map_.problem("spatial_mapping",
                       fmt::format("'{}' is none like 'K, 32'", scalar_text(*each)));
        if (!loop) continue;
        used = std::min(used * loop->bound, std::int64_t{1} << 40);
        if (loop->bound > 1) (mesh.x > 1 ? spread.x : spread.y).push_back(*loop);
      }
      if (used > mesh.x * mesh.y)
        map_.problem("spatial_mapping", fmt::format("spreads {} units over {} of {}", used,
                                                    mesh.name, mesh.x * mesh.y));
    }
    spatial.finish();
    for (auto& [level, spread] : spreads) nest_.spreads.push_back(std::move(spread));
  }

  void read_ordering() {
    const auto list = map_.list("temporal_ordering");
    if (list.empty())
      return map_.problem("temporal_ordering",
                          "is missing: the order of loops is left to ZigZag's "
                          "search",
                          "write it out, from the innermost loop");
    for (const Value* each : list) {
      const auto* pair = each->as_list();
      if (pair == nullptr || pair->size() != 2) {
        map_.problem("temporal_ordering", "must hold pairs like [K, 4]");
        continue;
      }
      const auto loop =
          loop_of("temporal_ordering", scalar_text((*pair)[0]), scalar_text((*pair)[1]));
      if (loop && loop->bound != 1) nest_.temporal.insert(nest_.temporal.begin(), *loop);
    }
    fill_in_rests();
  }

  /// "*" is what the other loops of the dimension leave.
  void fill_in_rests() {
    for (Loop& rest : nest_.temporal) {
      if (rest.bound != kRest) continue;
      rest.bound = 1;
      const std::int64_t others = product_of(rest.dim);
      const std::int64_t bound = layer_.layer.op.bound(rest.dim);
      rest.bound = others >= 1 && bound % others == 0 ? bound / others : 1;
    }
  }

  std::int64_t product_of(Dim dim) const {
    std::int64_t product = 1;
    const auto turn = [&](const std::vector<Loop>& loops) {
      for (const Loop& loop : loops)
        if (loop.dim == dim)
          product =
              std::min(product * std::max<std::int64_t>(loop.bound, 1), std::int64_t{1} << 40);
    };
    turn(nest_.temporal);
    for (const auto& spread : nest_.spreads) {
      turn(spread.x);
      turn(spread.y);
    }
    return product;
  }

  void check_products() {
    for (const auto& [name, dim] : layer_.dims)
      if (product_of(dim) != layer_.layer.op.bound(dim))
        map_.problem("temporal_ordering",
                     fmt::format("the loops over {} multiply to {}, the layer has {}", name,
                                 product_of(dim), layer_.layer.op.bound(dim)),
                     "loops that turn a fraction of a time are not modelled");
  }

  static constexpr std::int64_t kRest = 0;

  ForeignMap map_;
  const LayerInput& layer_;
  const AcceleratorInput& machine_;
  std::vector<MeshName> meshes_;
  UnevenNest nest_;
};

/// The entry of a layer and its place in the list.
std::optional<std::size_t> entry_of(const Value::List& entries, const std::string& layer) {
  std::optional<std::size_t> fallback;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Value* name = entries[i].find("name");
    const std::string* text = name != nullptr ? name->as_string() : nullptr;
    if (text != nullptr && *text == layer) return i;
    if (text != nullptr && *text == "default") fallback = i;
  }
  return fallback;
}

}  // namespace

std::vector<MeshName> meshes_of(const Accelerator& accelerator, std::vector<MeshName> named) {
  if (!named.empty() && named.front().name.front() == 'D') return named;
  named.clear();
  int next = 1;
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l) {
    const Fanout& fanout = accelerator.levels()[l].fanout;
    if (fanout.instances() == 1) continue;
    named.push_back({fmt::format("D{}", next), l, fanout.x, 1});
    named.push_back({fmt::format("D{}", next + 1), l, 1, fanout.y});
    next += 2;
  }
  return named;
}

bool is_mapping(const schema::Value& document) {
  const auto* list = document.as_list();
  if (list == nullptr || list->empty()) return false;
  const Value& first = list->front();
  return first.find("spatial_mapping") != nullptr || first.find("temporal_ordering") != nullptr ||
         first.find("memory_operand_links") != nullptr;
}

Expected<MappingInput> read_mapping(const Documents& documents,
                                    const std::vector<LayerInput>& layers,
                                    const AcceleratorInput& machine) {
  const Documents::Document& document = documents.all().front();
  Findings findings{document.origin, {}, {}, {}};
  const auto& entries = *document.value.as_list();
  std::vector<LayerMapping> mappings;
  std::optional<Accelerator> common;
  for (const LayerInput& layer : layers) {
    const auto entry = entry_of(entries, layer.layer.name);
    if (!entry) {
      findings.problem({}, layer.layer.name, "has no mapping, and there is no 'default'");
      continue;
    }
    auto even =
        EntryReader(entries[*entry], fmt::format("[{}]", *entry), layer, machine, findings).read();
    if (!even) continue;
    auto made = Accelerator::make(std::move(even->machine));
    if (!made || (common && common->key() != made->key())) {
      findings.problem(entries[*entry].mark(), fmt::format("[{}]", *entry),
                       made ? "gives the memories other boundaries than the layers before"
                            : to_text(made.error()),
                       "evaluate such layers one by one");
      continue;
    }
    common = std::move(*made);
    mappings.push_back({layer.layer.name, std::move(even->mapping)});
  }
  if (!findings.problems.empty()) return Unexpected{std::move(findings.problems)};
  return MappingInput{common.value_or(machine.accelerator), std::move(mappings),
                      findings.all_notes()};
}

}  // namespace hwflow::chip::zigzag
