#include "chip/arch/accelerator_file.hpp"

#include <fmt/format.h>

#include <array>

#include "chip/arch/accelerator_format.hpp"
#include "chip/arch/embedded_files.hpp"
#include "chip/arch/energy_lookup.hpp"
#include "chip/arch/validate.hpp"
#include "schema/schema.hpp"

namespace hwflow::chip {
namespace {

using file::AcceleratorKeys;
using file::FanoutKeys;
using file::LevelKeys;

/// The mark of a dotted path, or of the nearest thing above it that the text has.
schema::Mark mark_of(const schema::Value& document, std::string_view path) {
  const schema::Value* value = &document;
  schema::Mark mark = document.mark();
  for (const schema::PathStep& step :
       schema::parse_path(path).value_or(std::vector<schema::PathStep>{})) {
    const auto* list = value->as_list();
    if (!step.index) {
      value = value->find(step.key);
    } else {
      value = list != nullptr && *step.index < list->size() ? &(*list)[*step.index] : nullptr;
    }
    if (value == nullptr) break;
    mark = value->mark();
  }
  return mark;
}

void put_places(Diagnostics& problems, const schema::Value& document, std::string_view origin) {
  for (Diagnostic& problem : problems) {
    problem.place = schema::place_of(origin, mark_of(document, problem.place), problem.place);
  }
}

Fanout fanout_of(const FanoutKeys& keys) {
  Fanout fanout;
  fanout.x = keys.x;
  fanout.y = keys.y;
  fanout.x_dims = keys.x_dims;
  fanout.y_dims = keys.y_dims;
  fanout.multicast = keys.multicast;
  fanout.spatial_reduction = keys.spatial_reduction;
  fanout.forwarding = keys.forwarding;
  return fanout;
}

MemoryLevel level_of(const LevelKeys& keys) {
  MemoryLevel level;
  level.name = keys.name;
  level.keeps = keys.keeps;
  level.capacity_bits = keys.capacity_bits;
  level.partition_bits = {keys.partition_bits.weights, keys.partition_bits.inputs,
                          keys.partition_bits.outputs};
  level.word_bits = keys.word_bits;
  level.whole_words = keys.whole_words;
  level.double_buffered = keys.double_buffered;
  level.read_bandwidth_bits_per_cycle = keys.read_bandwidth_bits_per_cycle;
  level.write_bandwidth_bits_per_cycle = keys.write_bandwidth_bits_per_cycle;
  level.shared_port = keys.shared_port;
  level.temporal_dims = keys.temporal_dims;
  level.fanout = fanout_of(keys.fanout);
  return level;
}

/// An inner level must say how much room it has, so that a forgotten key is no infinite memory.
void require_room(const AcceleratorKeys& keys, Diagnostics& problems) {
  for (std::size_t l = 1; l < keys.levels.size(); ++l) {
    const LevelKeys& level = keys.levels[l];
    const std::array has{level.partition_bits.weights.has_value(),
                         level.partition_bits.inputs.has_value(),
                         level.partition_bits.outputs.has_value()};
    bool all = true;
    for (const Role role : kRoles) all = all && (has[index(role)] || !level.keeps.contains(role));
    if (all || level.capacity_bits.has_value() != level.unlimited) continue;
    problems.push_back({fmt::format("levels[{}]", l),
                        level.unlimited ? "is unlimited and has capacity_bits"
                                        : "needs capacity_bits (or unlimited: true)",
                        {}});
  }
}

void add_fpga(const AcceleratorKeys& keys, Accelerator::Fields& fields, Diagnostics& problems) {
  fields.fpga = keys.fpga;
  if (!keys.bismo) return;
  if (keys.fpga) problems.push_back({"fpga", "is derived from 'bismo'; give one of them", {}});
  auto resources = fpga_resources(keys.bismo->shape, keys.bismo->model);
  if (resources) {
    fields.fpga = *resources;
    return;
  }
  for (const Diagnostic& d : resources.error()) {
    problems.push_back({"bismo." + d.place, d.reason, d.hint});
  }
}

Accelerator::Fields fields_of(const AcceleratorKeys& keys, Diagnostics& problems) {
  Accelerator::Fields fields;
  fields.name = keys.name;
  fields.description = keys.description;
  fields.source = keys.source;
  fields.energy_table = keys.energy_table;
  fields.clock_mhz = keys.clock_mhz;
  fields.partial_sum_bits = keys.partial_sum_bits;
  fields.float_bits = keys.float_bits;
  fields.counting = keys.counting;
  for (const LevelKeys& level : keys.levels) fields.levels.push_back(level_of(level));
  fields.engine.kind = keys.engine.kind;
  fields.engine.operand_registers = keys.engine.operand_registers;
  require_room(keys, problems);
  add_fpga(keys, fields, problems);
  file::look_up_energies(keys, fields, problems);
  return fields;
}

}  // namespace

Expected<Accelerator> parse_accelerator(const std::string& yaml_text, const std::string& origin) {
  const auto document = schema::parse_yaml(yaml_text, origin);
  if (!document) return Unexpected{document.error()};
  return accelerator_from_value(*document, origin);
}

Expected<Accelerator> accelerator_from_value(const schema::Value& document,
                                             const std::string& origin) {
  const auto keys = schema::read_document<AcceleratorKeys>(document, origin);
  if (!keys) return Unexpected{keys.error()};
  Diagnostics problems;
  Accelerator::Fields fields = fields_of(*keys, problems);
  const Diagnostics more = validate(fields);
  problems.insert(problems.end(), more.begin(), more.end());
  if (problems.empty()) return Accelerator::make(std::move(fields));
  put_places(problems, document, origin);
  return Unexpected{std::move(problems)};
}

std::vector<BuiltinAccelerator> builtin_accelerators() {
  std::vector<BuiltinAccelerator> list;
  for (const EmbeddedFile& file : embedded_accelerators()) {
    const auto [text, origin] = named_text(file);
    const auto accelerator = parse_accelerator(text, origin);
    HWFLOW_CHECK(accelerator.has_value(), to_text(accelerator.error()));
    list.push_back({std::string(file.name), accelerator->fields().description});
  }
  return list;
}

Expected<Accelerator> load_accelerator(const std::string& name_or_file) {
  const auto found = find_text(embedded_accelerators(), name_or_file, "accelerator");
  if (!found) return Unexpected{found.error()};
  return parse_accelerator(found->text, found->origin);
}

Expected<Accelerator> load_accelerator(const std::string& name_or_file,
                                       std::span<const std::string> settings) {
  const auto found = find_text(embedded_accelerators(), name_or_file, "accelerator");
  if (!found) return Unexpected{found.error()};
  auto document = schema::parse_yaml(found->text, found->origin);
  if (!document) return Unexpected{std::move(document).error()};
  Diagnostics problems;
  for (const std::string& setting : settings) {
    for (Diagnostic& problem : schema::apply_setting(*document, setting)) {
      problems.push_back(std::move(problem));
    }
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  auto accelerator = accelerator_from_value(*document, found->origin);
  if (accelerator) return accelerator;
  problems = std::move(accelerator).error();
  schema::place_at_settings(problems, settings, found->origin);
  return Unexpected{std::move(problems)};
}

}  // namespace hwflow::chip
