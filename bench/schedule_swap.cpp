/// What the baselines and picks of finished studies cost under both schedules:
///   schedule_swap STUDY.yaml RESULT.json...
/// STUDY names network, accelerator and mapper; its own schedule is not looked at.
#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "schema/schema.hpp"
#include "study/schedules.hpp"

namespace hwflow::study {
namespace {

struct NamedPlan {
  std::string label;
  CompressionPlan plan;
};

[[noreturn]] void refuse(const Diagnostics& problems) {
  fmt::print(stderr, "{}", to_text(problems));
  std::exit(2);
}

template <class T>
T required(Expected<T> value) {
  if (!value) refuse(value.error());
  return std::move(*value);
}

/// Plans of the baselines and picks of a result.json.
std::vector<NamedPlan> plans_of(const std::string& file) {
  const schema::Value json = required(schema::parse_json(required(schema::read_text(file)), file));
  std::vector<NamedPlan> plans;
  for (const char* key : {"baselines", "picks"}) {
    const schema::Value* entries = json.find(key);
    if (entries == nullptr || entries->as_list() == nullptr)
      refuse({{file, fmt::format("has no list '{}'", key), "name a result.json of codesign"}});
    for (const schema::Value& entry : *entries->as_list()) {
      const schema::Value* label = entry.find("label");
      const schema::Value* plan = entry.find("plan");
      if (label == nullptr || plan == nullptr) continue;  // a baseline that was not finished
      plans.push_back(
          {*label->as_string(), required(compression_plan_from_text(*plan->as_string()))});
    }
  }
  return plans;
}

void print_costs(LoadedStudy study, const std::vector<NamedPlan>& plans) {
  std::vector<CompressionPlan> all;
  for (const NamedPlan& plan : plans) all.push_back(plan.plan);
  std::vector<std::vector<HardwareCost>> costs;
  for (const Schedule schedule : {Schedule::layer_by_layer, Schedule::fused}) {
    study.options.schedule = schedule;
    chip::MappingCache mappings;
    const auto model = make_hardware_model(study, mappings);
    const Diagnostics problems = model->prepare(all, 1);
    if (!problems.empty()) refuse(problems);
    costs.emplace_back();
    for (const CompressionPlan& plan : all) costs.back().push_back(model->cost(plan));
  }
  fmt::print("{:<36} {:>10} {:>10} {:>9} {:>9} {:>9} {:>9}\n", "", "uJ alone", "fused", "kcycles",
             "fused", "DRAM kB", "fused");
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const HardwareCost& alone = costs[0][i];
    const HardwareCost& fused = costs[1][i];
    fmt::print("{:<36} {:>10.2f} {:>10.2f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}\n", plans[i].label,
               alone.energy_pj * 1e-6, fused.energy_pj * 1e-6,
               static_cast<double>(alone.cycles) * 1e-3, static_cast<double>(fused.cycles) * 1e-3,
               static_cast<double>(alone.dram_bits) / 8e3,
               static_cast<double>(fused.dram_bits) / 8e3);
  }
}

}  // namespace
}  // namespace hwflow::study

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) {
    fmt::print(stderr, "usage: schedule_swap STUDY.yaml RESULT.json...\n");
    return 2;
  }
  auto study = hwflow::study::required(hwflow::study::load_study(arguments.front()));
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    fmt::print("{}\n", arguments[i]);
    hwflow::study::print_costs(study, hwflow::study::plans_of(arguments[i]));
  }
  return 0;
}
