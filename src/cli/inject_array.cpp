#include "cli/inject_array.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/version.hpp"
#include "chip/arch/accelerator_input.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/mapping/array_elements.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_run.hpp"
#include "report/fault_page.hpp"
#include "report/format.hpp"
#include "report/terminal_table.hpp"
#include "train/fault/campaign_summary.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/golden.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using namespace train::fault;

/// A register of a unit with a bit at fault.
struct ArrayFault {
  std::size_t unit = 0;
  Register place = Register::weight;
  Effect effect = Effect::stuck_at_0;
  int bit = 0;
};

template <class Enum>
std::string name_of(Enum value) {
  for (const auto& [name, each] : enum_names(value))
    if (each == value) return std::string(name);
  return {};
}

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(all);
}

MacSet macs_of(const chip::UnitIndices& indices) {
  const auto of = [&](Dim dim) { return indices[index(dim)]; };
  return {of(Dim::g), of(Dim::k), of(Dim::c), of(Dim::p), of(Dim::q), of(Dim::r), of(Dim::s)};
}

class ArrayRun {
 public:
  ArrayRun(const InjectArguments& arguments, const GlobalOptions& options,
           const train::ImageSet& images, IntegerModel model, chip::Accelerator accelerator)
      : arguments_(arguments),
        options_(options),
        images_(images),
        model_(std::move(model)),
        accelerator_(std::move(accelerator)),
        folder_(options.out.value_or("runs/inject")),
        plan_(train::integer::compile(model_.network, train::KernelSet::best).value()),
        line_(options.quiet, Log(options.logs())) {}

  int run() {
    Diagnostics problems = map_layers();
    if (!problems.empty()) return report_unmapped(problems);
    if (stopped()) return report_stopped(false);
    list_units();
    list_faults();
    if (faults_.empty())
      return report_wrong_input({{"--bit-positions", "no register has such bits", ""}});
    right_ = count_right(plan_, workload(), threads());
    run_all();
    if (!stopped()) check_plainly();
    line_.close();
    if (stopped()) return report_stopped(false);
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
        mappings_.push_back(mapped->mapping);
      const ConvShape& conv = plan_.nodes[static_cast<std::size_t>(layers_[i].node.value)].conv;
      if (layers_[i].layer.op.bounds()[index(Dim::c)] != conv.in_channels / conv.groups)
        problems.push_back({layers_[i].layer.name,
                            "reads rows and columns as one list, whose places in the array are "
                            "not told apart",
                            "pool to one pixel, or flatten, before it"});
    }
    return problems;
  }

  void list_units() {
    const chip::ArraySize size = chip::array_size(accelerator_);
    const bool rows = arguments_.array.unit == ArrayUnitKind::row;
    const bool columns = arguments_.array.unit == ArrayUnitKind::column;
    for (std::int64_t y = 0; y < (columns ? 1 : size.y); ++y)
      for (std::int64_t x = 0; x < (rows ? 1 : size.x); ++x) {
        chip::ArrayUnit unit;
        if (!columns) unit.y = y;
        if (!rows) unit.x = x;
        units_.push_back(unit);
      }
    macs_.resize(units_.size());
    parallel_for(units_.size(), threads(), [&](std::size_t u) {
      for (std::size_t i = 0; i < layers_.size(); ++i)
        macs_[u].push_back(
            macs_of(chip::unit_indices(layers_[i].layer, mappings_[i], accelerator_, units_[u])));
    });
  }

  /// Width of a register: of the widest word that a layer keeps in it.
  [[nodiscard]] int bits_of(Register place) const {
    int bits = 0;
    for (const LoweredLayer& layer : layers_)
      bits = std::max(bits, word_of(plan_, static_cast<std::size_t>(layer.node.value), place).bits);
    return bits;
  }

  /// All there are, in a random order; those that the sample size asks for.
  void list_faults() {
    std::vector<ArrayFault> all;
    for (const Register place : arguments_.array.registers)
      for (const Effect effect : arguments_.space.effects)
        for (int bit = 0; bit < bits_of(place); ++bit) {
          const std::vector<int>& wanted = arguments_.space.bits;
          if (!wanted.empty() && std::ranges::find(wanted, bit) == wanted.end()) continue;
          for (std::size_t unit = 0; unit < units_.size(); ++unit)
            all.push_back({unit, place, effect, bit});
        }
    population_ = std::ssize(all);
    if (all.empty()) return;
    const CampaignOptions& campaign = arguments_.campaign;
    const std::int64_t count = campaign.exhaustive ? population_
                               : campaign.most_faults > 0
                                   ? std::min(campaign.most_faults, population_)
                                   : sample_size(population_, campaign.margin, campaign.confidence);
    const RandomOrder order(population_, campaign.seed);
    for (std::int64_t f = 0; f < count; ++f)
      faults_.push_back(all[static_cast<std::size_t>(order[f])]);
  }

  [[nodiscard]] std::vector<ArrayUpset> upsets_of(const ArrayFault& fault) const {
    std::vector<ArrayUpset> upsets;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (macs_[fault.unit][i].count() > 0)
        upsets.push_back({static_cast<std::uint32_t>(layers_[i].node.value), fault.place,
                          fault.effect, std::uint64_t{1} << fault.bit, macs_[fault.unit][i]});
    return upsets;
  }

  void run_all() {
    const auto start = std::chrono::steady_clock::now();
    const auto tallies = run_faults(
        plan_, workload(), faults_.size(),
        [&](Propagation& propagation, std::size_t f) {
          return propagation.run(upsets_of(faults_[f]));
        },
        Spread::all_images, threads(),
        [&](std::int64_t done, std::int64_t all) {
          line_.show({.phase = "faults", .done = done, .total = all, .note = "of the array"});
        },
        interrupts_.token());
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (const Tally& tally : tallies) outcomes_.push_back({0, tally});
  }

  void check_plainly() {
    Rng rng = Rng::derive(options_.seed, 78);
    const std::size_t size = images_.pixels.size() / images_.labels.size();
    Golden golden = make_golden(plan_);
    Propagation propagation(plan_);
    for (; checked_ < std::min<std::int64_t>(arguments_.check, 50) && !stopped(); ++checked_) {
      const std::vector<ArrayUpset> upsets = upsets_of(faults_[rng.below(faults_.size())]);
      const std::uint8_t* pixels = images_.pixels.data() + rng.below(images_.labels.size()) * size;
      run_golden(plan_, pixels, golden);
      propagation.begin(golden);
      const Verdict full = FullRun(model_.network, upsets).run(pixels, golden.workspace.logits);
      differing_ += propagation.run(upsets) == full ? 0 : 1;
    }
  }

  /// Of the faults that `is_of` takes.
  template <class IsOf>
  [[nodiscard]] report::FaultRate rate_where(std::int64_t population, const IsOf& is_of) const {
    std::vector<Outcome> chosen;
    for (std::size_t f = 0; f < faults_.size(); ++f)
      if (is_of(faults_[f])) chosen.push_back(outcomes_[f]);
    return shown(rate_of(chosen, arguments_.campaign.confidence, population));
  }

  [[nodiscard]] std::vector<report::NamedFaultRate> by_register() const {
    std::vector<report::NamedFaultRate> rows;
    for (const Register place : arguments_.array.registers)
      for (const Effect effect : arguments_.space.effects)
        rows.push_back(
            {name_of(place) + " " + name_of(effect), rate_where(0, [&](const ArrayFault& fault) {
               return fault.place == place && fault.effect == effect;
             })});
    return rows;
  }

  [[nodiscard]] std::vector<report::NamedFaultRate> by_bit() const {
    std::vector<report::NamedFaultRate> rows;
    for (const Register place : arguments_.array.registers)
      for (int bit = 0; bit < bits_of(place); ++bit) {
        const report::FaultRate rate = rate_where(
            0, [&](const ArrayFault& fault) { return fault.place == place && fault.bit == bit; });
        if (rate.faults > 0) rows.push_back({fmt::format("{} bit {}", name_of(place), bit), rate});
      }
    return rows;
  }

  [[nodiscard]] std::string name_of_unit(std::size_t unit) const {
    std::vector<std::string> parts;
    if (units_[unit].y) parts.push_back(fmt::format("row {}", *units_[unit].y));
    if (units_[unit].x) parts.push_back(fmt::format("column {}", *units_[unit].x));
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  [[nodiscard]] report::FaultMap map_of_array() const {
    const chip::ArraySize size = chip::array_size(accelerator_);
    const bool rows = arguments_.array.unit == ArrayUnitKind::row;
    report::FaultMap map{.site = "array",
                         .title = fmt::format("The array of {}", accelerator_.name()),
                         .column = rows ? "row as a whole" : "column",
                         .layers = {},
                         .bits = static_cast<int>(rows ? 1 : size.x),
                         .cells = {}};
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
      if (map.cells.size() % static_cast<std::size_t>(map.bits) == 0)
        map.layers.push_back(units_[unit].y ? fmt::format("row {}", *units_[unit].y) : "columns");
      map.cells.emplace_back(
          rate_where(0, [&](const ArrayFault& fault) { return fault.unit == unit; }));
    }
    return map;
  }

  static report::FaultRate shown(const Rate& rate) {
    return {.faults = rate.faults,
            .inferences = rate.tally.inferences,
            .rate = rate.rate,
            .low = rate.interval.low,
            .high = rate.interval.high,
            .masked = share(rate.tally.masked, rate.tally.inferences)};
  }

  [[nodiscard]] Rate overall() const {
    return rate_of(outcomes_, arguments_.campaign.confidence, population_);
  }

  [[nodiscard]] nlohmann::ordered_json json() const {
    const Rate rate = overall();
    const auto json_of = [](const report::FaultRate& r) {
      return nlohmann::ordered_json{{"faults", r.faults}, {"inferences", r.inferences},
                                    {"rate", r.rate},     {"low", r.low},
                                    {"high", r.high},     {"masked", r.masked}};
    };
    const auto list = [&](const std::vector<report::NamedFaultRate>& rows) {
      nlohmann::ordered_json array = nlohmann::ordered_json::array();
      for (const auto& row : rows) {
        array.push_back({{"name", row.name}});
        array.back().update(json_of(row.rate));
      }
      return array;
    };
    nlohmann::ordered_json units = nlohmann::ordered_json::array();
    for (std::size_t u = 0; u < units_.size(); ++u) {
      std::int64_t macs = 0;
      for (const MacSet& set : macs_[u]) macs += set.count();
      nlohmann::ordered_json entry;
      if (units_[u].x) entry["x"] = *units_[u].x;
      if (units_[u].y) entry["y"] = *units_[u].y;
      entry["macs"] = macs;
      entry.update(
          json_of(rate_where(0, [&](const ArrayFault& fault) { return fault.unit == u; })));
      units.push_back(std::move(entry));
    }
    return {{"network", model_.network.network.name()},
            {"model", arguments_.model.model.file},
            {"quantization", model_.how},
            {"accelerator", accelerator_.name()},
            {"unit", name_of(arguments_.array.unit)},
            {"data", images_.name},
            {"images", images_.count()},
            {"seed", options_.seed},
            {"fault_free_right", right_},
            {"population", population_},
            {"faults", rate.faults},
            {"inferences", rate.tally.inferences},
            {"masked", rate.tally.masked},
            {"top1_changed", rate.tally.top1_changed},
            {"top5_changed", rate.tally.top5_changed},
            {"right", rate.tally.right},
            {"rate", rate.rate},
            {"low", rate.interval.low},
            {"high", rate.interval.high},
            {"margin", rate.interval.half_width()},
            {"confidence", arguments_.campaign.confidence},
            {"seconds", seconds_},
            {"faulty_inferences_per_second", share(rate.tally.inferences, 1) / seconds_},
            {"checked", checked_},
            {"by_register", list(by_register())},
            {"by_bit", list(by_bit())},
            {"by_unit", std::move(units)},
            {"report", (folder_ / "inject.html").string()}};
  }

  [[nodiscard]] std::string page() const {
    const Rate rate = overall();
    report::FaultReport page{.network = model_.network.network.name(),
                             .model = arguments_.model.model.file,
                             .data = images_.name,
                             .version = std::string(version()),
                             .seed = options_.seed,
                             .conditions = conditions(),
                             .images = images_.count(),
                             .confidence = arguments_.campaign.confidence,
                             .population = population_,
                             .all = shown(rate)};
    page.fault_free_accuracy = share(right_, images_.count());
    page.faulty_accuracy = share(rate.tally.right, rate.tally.inferences);
    page.inferences_per_second = share(rate.tally.inferences, 1) / seconds_;
    page.maps.push_back(map_of_array());
    page.tables.push_back({"Registers", "register", by_register()});
    page.by_bit = by_bit();
    return report::fault_page(page);
  }

  [[nodiscard]] std::string conditions() const {
    return fmt::format(
        "{}; one bit of one register of one {} of {} is at fault in every layer, for all that "
        "passes through it by each layer's best mapping (energy-delay product, one image).",
        model_.how, name_of(arguments_.array.unit), accelerator_.name());
  }

  [[nodiscard]] std::string table() const {
    const Rate rate = overall();
    std::string text = fmt::format(
        "{} ({}) on {}, {} images of {}: {:.2f} % right without faults\n{} faults of {}, {} "
        "inferences: class changed in {:.3f} % ({:.0f} % interval {:.3f} to {:.3f}), masked {:.1f} "
        "%\n{:.2f} % right with a fault\n{:.0f} faulty inferences a second ({:.1f} s)\n",
        model_.network.network.name(), model_.how, accelerator_.name(), images_.count(),
        images_.name, 100.0 * share(right_, images_.count()), rate.faults, population_,
        rate.tally.inferences, 100.0 * rate.rate, 100.0 * arguments_.campaign.confidence,
        100.0 * rate.interval.low, 100.0 * rate.interval.high,
        100.0 * share(rate.tally.masked, rate.tally.inferences),
        100.0 * share(rate.tally.right, rate.tally.inferences),
        share(rate.tally.inferences, 1) / seconds_, seconds_);
    std::vector<std::vector<std::string>> rows{
        {"register", "faults", "class changed", "from", "to", "masked"}};
    for (const auto& list : {by_register(), by_bit()})
      for (const report::NamedFaultRate& row : list)
        rows.push_back(
            {row.name, fmt::format("{}", row.rate.faults), report::percent_text(row.rate.rate, 2),
             report::percent_text(row.rate.low, 2), report::percent_text(row.rate.high, 2),
             report::percent_text(row.rate.masked)});
    text += fmt::format("\n{}", report::aligned(rows));
    return text + fmt::format("{} inferences run again in the plain way: {} differ\n", checked_,
                              differing_);
  }

  int tell() {
    fs::create_directories(folder_);
    write_json_tree(options_, json());
    write_file(folder_ / "inject.json", json().dump(2) + "\n");
    write_file(folder_ / "inject.html", page());
    if (options_.json != "-" && !options_.quiet)
      fmt::print("{}report: {}\n", table(), (folder_ / "inject.html").string());
    return differing_ == 0 ? kDone : kWorldFailed;
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
  std::vector<chip::ArrayUnit> units_;
  std::vector<std::vector<MacSet>> macs_;  ///< per unit and layer
  std::vector<ArrayFault> faults_;
  std::vector<Outcome> outcomes_;
  std::int64_t population_ = 0, right_ = 0, checked_ = 0, differing_ = 0;
  double seconds_ = 0.0;
};

}  // namespace

int run_array_inject(const InjectArguments& arguments, const GlobalOptions& options,
                     const train::ImageSet& images, IntegerModel model) {
  const auto machine = chip::read_accelerator(arguments.array.arch);
  if (!machine) return report_wrong_input(machine.error());
  return ArrayRun(arguments, options, images, std::move(model), machine->accelerator).run();
}

}  // namespace hwflow::cli
