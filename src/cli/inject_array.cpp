#include "cli/inject_array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/enum_names.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "chip/arch/accelerator_input.hpp"
#include "chip/mapper/mapper.hpp"
#include "cli/inject_array_list.hpp"
#include "cli/inject_array_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_run.hpp"
#include "train/fault/content_hash.hpp"
#include "train/fault/fault_draw.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using namespace train::fault;

MacSet macs_of(const chip::UnitIndices& indices) {
  const auto of = [&](Dim dim) { return indices[index(dim)]; };
  return {of(Dim::g), of(Dim::k), of(Dim::c), of(Dim::p), of(Dim::q), of(Dim::r), of(Dim::s)};
}

class ArrayRun {
 public:
  ArrayRun(const InjectArguments& arguments, const GlobalOptions& options,
           const train::ImageSet& images, IntegerModel model, chip::Accelerator accelerator,
           bool all_images)
      : arguments_(arguments),
        options_(options),
        images_(images),
        model_(std::move(model)),
        accelerator_(std::move(accelerator)),
        folder_(options.out.value_or("runs/inject")),
        plan_(train::integer::compile(model_.network, train::KernelSet::best).value()),
        line_(options.quiet, Log(options.logs())) {
    outcome_.network = model_.network.network.name();
    outcome_.model = arguments.model.model.file;
    outcome_.how = model_.how;
    outcome_.accelerator = accelerator_.name();
    outcome_.data = images.name;
    outcome_.seed = options.seed;
    outcome_.array = arguments.array;
    outcome_.effects = arguments.space.effects;
    outcome_.size = chip::array_size(accelerator_);
    outcome_.images = images.count();
    outcome_.all_images = all_images;
    outcome_.confidence = arguments.campaign.confidence;
    outcome_.page_file = folder_ / "inject.html";
    outcome_.list_file = folder_ / "faults.jsonl";
  }

  int run() {
    Diagnostics problems = map_layers();
    if (!problems.empty()) return report_unmapped(problems);
    if (stopped()) return report_stopped(false);
    list_units();
    list_faults();
    if (outcome_.faults.empty())
      return report_wrong_input({{"--bit-positions", "no register has such bits", ""}});
    if (problems = read_known(); !problems.empty()) return report_wrong_input(problems);
    fs::create_directories(folder_);
    outcome_.fault_free_right = count_right(plan_, workload(), threads());
    run_all();
    if (!stopped()) check();
    line_.close();
    if (stopped()) return report_stopped(!outcome_.outcomes.empty());
    return tell();
  }

 private:
  [[nodiscard]] Workload workload() const { return {images_.pixels, images_.labels}; }
  [[nodiscard]] int threads() const { return arguments_.campaign.threads; }
  [[nodiscard]] bool stopped() const { return interrupts_.token().stop_requested(); }

  /// The best mapping of every layer with weights, as 'hwflow map' finds it.
  Diagnostics map_layers() {
    layers_ = lower(model_.network.network, model_.network.plan, {.include_auxiliary = false});
    chip::MapperOptions mapper;
    mapper.strategy = "products";
    mapper.max_evaluations = 20'000;
    mapper.seed = options_.seed;
    chip::MappingCache cache;
    Diagnostics problems;
    for (std::size_t i = 0; i < layers_.size() && !stopped(); ++i) {
      line_.show({.phase = "mapping",
                  .done = static_cast<std::int64_t>(i),
                  .total = std::ssize(layers_),
                  .note = layers_[i].layer.name});
      const auto mapped = cache.map(layers_[i].layer, accelerator_, mapper);
      if (!mapped)
        problems.insert(problems.end(), mapped.error().begin(), mapped.error().end());
      else
        add_mapping(layers_[i].layer.name, mapped->mapping);
      const ConvShape& conv = plan_.nodes[static_cast<std::size_t>(layers_[i].node.value)].conv;
      if (layers_[i].layer.op.bounds()[index(Dim::c)] != conv.in_channels / conv.groups)
        problems.push_back({layers_[i].layer.name,
                            "reads rows and columns as one list, whose places in the array are "
                            "not told apart",
                            "pool to one pixel, or flatten, before it"});
    }
    return problems;
  }

  void add_mapping(const std::string& layer, const chip::Mapping& mapping) {
    mappings_.push_back(mapping);
    outcome_.mappings.emplace_back(layer, to_text(mapping, accelerator_));
  }

  void list_units() {
    const chip::ArraySize& size = outcome_.size;
    const bool rows = arguments_.array.unit == ArrayUnitKind::row;
    const bool columns = arguments_.array.unit == ArrayUnitKind::column;
    for (std::int64_t y = 0; y < (columns ? 1 : size.y); ++y)
      for (std::int64_t x = 0; x < (rows ? 1 : size.x); ++x) {
        chip::ArrayUnit unit;
        if (!columns) unit.y = y;
        if (!rows) unit.x = x;
        outcome_.units.push_back(unit);
      }
    macs_.resize(outcome_.units.size());
    parallel_for(macs_.size(), threads(), [&](std::size_t u) {
      for (std::size_t i = 0; i < layers_.size(); ++i)
        macs_[u].push_back(macs_of(
            chip::unit_indices(layers_[i].layer, mappings_[i], accelerator_, outcome_.units[u])));
    });
    for (const std::vector<MacSet>& of_layers : macs_) {
      std::int64_t macs = 0;
      for (const MacSet& set : of_layers) macs += set.count();
      outcome_.macs.push_back(macs);
    }
  }

  /// Width of a register: of the widest word that a layer keeps in it.
  [[nodiscard]] int bits_of(Register place) const {
    int bits = 0;
    for (const LoweredLayer& layer : layers_)
      bits = std::max(bits, word_of(plan_, static_cast<std::size_t>(layer.node.value), place).bits);
    return bits;
  }

  /// Strata of a register, an effect and a bit, each of all units; of their pairs those that the
  /// sample size asks for, strata and units in turn.
  void list_faults() {
    std::vector<ArrayFault> strata;
    for (const Register place : arguments_.array.registers)
      for (const Effect effect : arguments_.space.effects)
        for (int bit = 0; bit < bits_of(place); ++bit) {
          const std::vector<int>& wanted = arguments_.space.bits;
          if (wanted.empty() || std::ranges::find(wanted, bit) != wanted.end())
            strata.push_back({0, place, effect, bit});
        }
    if (strata.empty()) return;
    const std::int64_t units = std::ssize(outcome_.units);
    outcome_.population = std::ssize(strata) * units;
    const CampaignOptions& campaign = arguments_.campaign;
    const PairOrder order(std::ssize(strata), units, campaign.seed);
    const std::int64_t count = planned_faults(outcome_.population, campaign);
    for (std::int64_t f = 0; f < count; ++f) {
      outcome_.faults.push_back(strata[static_cast<std::size_t>(order[f].stratum)]);
      outcome_.faults.back().unit = static_cast<std::size_t>(order[f].unit);
    }
  }

  /// All that a list must have been made with to be gone on with.
  [[nodiscard]] CampaignSettings settings() const {
    std::vector<std::string_view> registers, effects;
    for (const Register place : arguments_.array.registers) registers.push_back(enum_name(place));
    for (const Effect effect : arguments_.space.effects) effects.push_back(enum_name(effect));
    std::string mappings;
    for (const auto& [layer, mapping] : outcome_.mappings) mappings += layer + mapping;
    return {{"network", fmt::format("{:016x}", content_hash(model_.network))},
            {"accelerator", outcome_.accelerator},
            {"mappings", fmt::format("{:016x}", stable_hash(mappings))},
            {"unit", std::string(enum_name(arguments_.array.unit))},
            {"registers", fmt::format("{}", fmt::join(registers, " "))},
            {"effects", fmt::format("{}", fmt::join(effects, " "))},
            {"bit_positions", fmt::format("{}", fmt::join(arguments_.space.bits, " "))},
            {"data", outcome_.data},
            {"images", fmt::format("{} {:016x}", images_.count(), content_hash(workload()))},
            {"seed", std::to_string(options_.seed)}};
  }

  Diagnostics read_known() {
    if (!arguments_.resume || !fs::exists(outcome_.list_file)) return {};
    auto known = read_array_list(outcome_.list_file, settings(), outcome_);
    if (!known) return known.error();
    outcome_.outcomes = std::move(*known);
    return {};
  }

  [[nodiscard]] std::vector<ArrayUpset> upsets_of(const ArrayFault& fault) const {
    std::vector<ArrayUpset> upsets;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (macs_[fault.unit][i].count() > 0)
        upsets.push_back({static_cast<std::uint32_t>(layers_[i].node.value), fault.place,
                          fault.effect, std::uint64_t{1} << fault.bit, macs_[fault.unit][i]});
    return upsets;
  }

  [[nodiscard]] RunFault run_fault(std::size_t first = 0) const {
    return [this, first](Propagation& propagation, std::size_t f) {
      return propagation.run(upsets_of(outcome_.faults[first + f]));
    };
  }

  /// Round by round, as each is written.
  void run_all() {
    std::optional<ArrayList> list;
    std::vector<Outcome>& outcomes = outcome_.outcomes;
    if (outcomes.empty())
      list.emplace(outcome_.list_file, settings());
    else
      list.emplace(outcome_.list_file);
    const std::int64_t all = std::ssize(outcome_.faults) * images_.count();
    const auto start = std::chrono::steady_clock::now();
    while (outcomes.size() < outcome_.faults.size() && !stopped()) {
      const std::size_t first = outcomes.size();
      const std::size_t count = std::min(static_cast<std::size_t>(arguments_.campaign.round),
                                         outcome_.faults.size() - first);
      const std::int64_t before = std::ssize(outcomes) * images_.count();
      const std::vector<Outcome> own = run_faults(
          plan_, workload(), count, run_fault(first), threads(),
          [&](std::int64_t done, std::int64_t) {
            line_.show(
                {.phase = "faults", .done = before + done, .total = all, .note = "of the array"});
          },
          interrupts_.token());
      if (stopped()) break;
      outcomes.insert(outcomes.end(), own.begin(), own.end());
      outcome_.inferences += std::ssize(own) * images_.count();
      list->append(outcome_, first);
    }
    outcome_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  /// Plain runs of an array walk every product.
  void check() {
    constexpr std::int64_t kMostChecks = 50;
    outcome_.check = check_plainly(
        plan_, workload(), outcome_.faults.size(), run_fault(),
        [&](std::size_t f) { return FullRun(plan_, upsets_of(outcome_.faults[f])); },
        std::min(arguments_.check, kMostChecks), Rng::derive(options_.seed, 78)(),
        interrupts_.token());
  }

  int tell() {
    fs::create_directories(folder_);
    write_json_tree(options_, to_json(outcome_));
    write_file(folder_ / "inject.json", to_json(outcome_).dump(2) + "\n");
    write_file(outcome_.page_file, array_page(outcome_));
    if (options_.json != "-" && !options_.quiet)
      fmt::print("{}report: {}\n", array_table(outcome_), outcome_.page_file.string());
    return outcome_.check.differing == 0 ? kDone : kWorldFailed;
  }

  const InjectArguments& arguments_;
  const GlobalOptions& options_;
  const train::ImageSet& images_;
  IntegerModel model_;
  chip::Accelerator accelerator_;
  fs::path folder_;
  train::integer::Plan plan_;
  InterruptWatch interrupts_;
  ProgressLine line_;
  std::vector<LoweredLayer> layers_;
  std::vector<chip::Mapping> mappings_;
  std::vector<std::vector<MacSet>> macs_;  ///< per unit and layer
  ArrayOutcome outcome_;
};

}  // namespace

int run_array_inject(const InjectArguments& arguments, const GlobalOptions& options,
                     const train::ImageSet& images, IntegerModel model, bool all_images) {
  const auto machine = chip::read_accelerator(arguments.array.arch);
  if (!machine) return report_wrong_input(machine.error());
  return ArrayRun(arguments, options, images, std::move(model), machine->accelerator, all_images)
      .run();
}

}  // namespace hwflow::cli
