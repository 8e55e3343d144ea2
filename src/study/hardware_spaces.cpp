#include "study/hardware_spaces.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "study/array_space.hpp"
#include "study/overlay_space.hpp"
#include "study/schedules.hpp"

namespace hwflow::study {
namespace {

using enum HardwareObjective;

const std::set<HardwareObjective>& known_objectives(DesignSpaceKind space) {
  static const std::set<HardwareObjective> overlay{latency, dram, lut, bram};
  static const std::set<HardwareObjective> array{energy, latency, dram, area};
  return space == DesignSpaceKind::overlay ? overlay : array;
}

std::string names_of(const std::set<HardwareObjective>& objectives) {
  std::string text;
  for (const HardwareObjective objective : objectives)
    text += (text.empty() ? "" : ", ") + std::string(name(objective));
  return text;
}

/// Collects the problems of hardware.search, each at its key.
class Check {
 public:
  Check(const Study& study, const chip::Accelerator& accelerator)
      : study_(study), options_(*study.hardware.search), accelerator_(accelerator) {}

  Diagnostics run() && {
    check_objectives();
    check_targets();
    check_search();
    const bool is_overlay = options_.space == DesignSpaceKind::overlay;
    check_ignored_keys();
    Diagnostics problems =
        is_overlay ? check(options_.overlay) : check(options_.array, accelerator_);
    for (Diagnostic& problem : problems) {
      problem.place =
          (is_overlay ? "hardware.search.overlay." : "hardware.search.array.") + problem.place;
      problems_.push_back(std::move(problem));
    }
    const ReferenceWidths& widths = options_.reference_widths;
    if (!is_overlay && !accelerator_.engine().rate(widths.weights, widths.inputs)) {
      add("hardware.search.reference_widths",
          "cannot be computed by the engine of " + accelerator_.name(), "");
    }
    return std::move(problems_);
  }

 private:
  void add(std::string place, std::string reason, std::string hint) {
    problems_.push_back({std::move(place), std::move(reason), std::move(hint)});
  }

  void check_objectives() {
    std::set<HardwareObjective> listed;
    for (std::size_t i = 0; i < options_.objectives.size(); ++i) {
      const HardwareObjective objective = options_.objectives[i];
      const std::string place = "hardware.search.objectives[" + std::to_string(i) + "]";
      if (!listed.insert(objective).second) add(place, "is listed twice", "");
      if (!known_objectives(options_.space).contains(objective)) {
        add(place,
            std::string(name(objective)) + " is unknown of " + std::string(name(options_.space)),
            "one of " + names_of(known_objectives(options_.space)));
      }
    }
  }

  void check_targets() {
    const std::vector<HardwareObjective> objectives = options_.effective_objectives();
    for (const auto& [text, objective] : enum_names(HardwareObjective{})) {
      if (!options_.targets.of(objective)) continue;
      if (std::find(objectives.begin(), objectives.end(), objective) != objectives.end()) continue;
      add("hardware.search.targets." + std::string(text),
          "is a target for what is not among the objectives",
          "add it to hardware.search.objectives, or leave the target out");
    }
  }

  void check_search() {
    const Algorithm algorithm = study_.search.algorithm;
    if (algorithm != Algorithm::nsga2 && algorithm != Algorithm::random) {
      add("search.algorithm",
          std::string(name(algorithm)) + " does not search for plans and designs together",
          "nsga2 or random, or no hardware.search");
    }
    if (!study_.search.levels.empty()) {
      add("search.levels", "hardware.search works without levels of abstraction",
          "leave out one of them");
    }
    if (study_.accelerators.size() > 1) {
      add("accelerators", "lists several, but hardware.search searches the designs of one machine",
          "leave one of them, or leave hardware.search out");
    }
    if (study_.schedule != Schedule::layer_by_layer) {
      add("schedule",
          "is " + std::string(name(study_.schedule)) +
              ", but with hardware.search layers run one by one",
          "layer_by_layer");
    }
  }

  /// Keys that say something, but nothing to this search.
  void check_ignored_keys() {
    const auto ignore = [this](std::string place, const std::string& why) {
      add(std::move(place), "does not count: " + why, "leave it out");
    };
    if (study_.search.objectives != SearchOptions{}.objectives) {
      ignore("search.objectives",
             "hardware.search minimises the error and the costs of hardware.search.objectives");
    }
    if (!study_.search.sensitivity_seeds) {
      ignore("search.sensitivity_seeds", "hardware.search never begins with these plans");
    }
    if (options_.space == DesignSpaceKind::array) {
      if (options_.overlay != OverlaySpaceOptions{})
        ignore("hardware.search.overlay", "hardware.search.space is array");
      return;
    }
    if (options_.array != ArraySpaceOptions{})
      ignore("hardware.search.array", "hardware.search.space is overlay");
    if (study_.mapper != MappingSearchOptions{})
      ignore("mapper", "overlays have schedules of their own (hardware.search.overlay.rules)");
    if (!std::holds_alternative<chip::BitSerialEngine>(accelerator_.engine().kind)) {
      add("accelerator",
          "designs of space: overlay take the place of " + accelerator_.name() +
              ", which is no bit-serial machine",
          "bismo, or space: array");
    }
  }

  const Study& study_;
  const HardwareSearchOptions& options_;
  const chip::Accelerator& accelerator_;
  Diagnostics problems_;
};

std::unique_ptr<HardwareSpace> make_space(const LoadedStudy& study, chip::MappingCache& mappings) {
  const HardwareOptions& hardware = study.options.hardware;
  const HardwareSearchOptions& options = *hardware.search;
  if (options.space == DesignSpaceKind::overlay) {
    auto space = OverlaySpace::make(study.network, lowering_options(hardware, study.accelerator),
                                    options.overlay, options.effective_objectives());
    HWFLOW_CHECK(space.has_value(), "a study that was not checked: " + to_text(space.error()));
    return std::move(*space);
  }
  auto space = ArraySpace::make(study.network, study.accelerator, hardware, options.array,
                                options.effective_objectives(),
                                {[&mappings, mapper = mapper_options(study.options)](
                                     const Layer& layer, const chip::Accelerator& design) {
                                   return mappings.map(layer, design, mapper);
                                 },
                                 study.options.search.seed});
  HWFLOW_CHECK(space.has_value(), "a study that was not checked: " + to_text(space.error()));
  return std::move(*space);
}

}  // namespace

Diagnostics check_hardware_search(const Study& study, const chip::Accelerator& accelerator) {
  if (!study.hardware.search) return {};
  return Check(study, accelerator).run();
}

std::unique_ptr<DesignedModel> make_designed_model(const LoadedStudy& study,
                                                   chip::MappingCache& mappings) {
  return std::make_unique<DesignedModel>(study.network, study.accelerator, study.options.hardware,
                                         make_space(study, mappings));
}

std::function<bool(std::size_t)> plans_of_pairs(const HardwareSearchSummary& summary) {
  std::set<std::size_t> plans;
  for (const StrategySummary& strategy : summary.strategies) {
    if (strategy.is_kept && strategy.passes && strategy.evaluated)
      plans.insert(*strategy.evaluated);
  }
  return [plans = std::move(plans)](std::size_t plan) { return plans.contains(plan); };
}

void describe_designs(const HardwareSearchSummary& summary, CodesignResult& result) {
  result.energy_components = summary.energy_components;
  result.accelerator.level_names = summary.level_names;
  result.accelerator.clock_mhz = summary.clock_mhz;
}

}  // namespace hwflow::study
