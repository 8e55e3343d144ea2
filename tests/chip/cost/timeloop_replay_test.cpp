// Witness: counts, energy and cycles that timeloop-model printed for 17 fixed mappings; the
// machines, layers and mappings are restated in tests/data/timeloop in the spellings of versions
// 0.3 and 0.4.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chip/cost/cost.hpp"
#include "chip/cost/semantics.hpp"
#include "chip/mapping/mapping_input.hpp"
#include "tests/chip/cost/random_case.hpp"

namespace hwflow::chip {
namespace {

using nlohmann::json;
using testing::make_case;

std::string data(const std::string& file) {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/tests/data/timeloop/" + file;
}

json recorded() { return json::parse(std::ifstream(data("recorded.json")))["cases"]; }

constexpr LayerBits kWords{16, 16, 16, 16};

/// Evaluates a recorded case on a machine file, with Timeloop's counting.
struct Replay {
  explicit Replay(const std::string& id, const json& expected, const std::string& machine_files) {
    const auto machine = read_accelerator(machine_files);
    if (!machine) error = to_text(machine.error());
    if (!machine) return;
    const auto problem = Documents::load(data(expected["problem"].get<std::string>()));
    const auto layers = read_layers(problem.value(), kWords);
    if (!layers) error = to_text(layers.error());
    if (!layers) return;
    const auto documents = Documents::load(data(id + ".map.yaml"));
    const auto mappings = read_mappings(documents.value(), layers->layers, *machine);
    if (!mappings) error = to_text(mappings.error());
    if (!mappings) return;
    for (const MemoryLevel& level : mappings->accelerator.levels()) names.push_back(level.name);
    const auto evaluation = evaluate(layers->layers.front().layer,
                                     with_semantics(mappings->accelerator, Semantics::timeloop),
                                     mappings->mappings.front().mapping);
    if (const auto* found = std::get_if<Cost>(&evaluation)) cost = *found;
    if (!std::holds_alternative<Cost>(evaluation)) error = "infeasible";
  }
  std::string error;
  std::vector<std::string> names;
  Cost cost;
};

void expect_counts(const Replay& replay, const json& expected) {
  ASSERT_EQ(replay.error, "");
  EXPECT_EQ(replay.cost.cycles, expected["cycles"].get<std::int64_t>());
  const double energy = expected["energy_pj"].get<double>();
  EXPECT_NEAR(replay.cost.energy_pj, energy, 1e-9 * energy);
  ASSERT_EQ(replay.names.size(), expected["levels"].size());
  constexpr std::array<const char*, kRoleCount> kTensors{"Weights", "Inputs", "Outputs"};
  for (std::size_t l = 0; l < replay.names.size(); ++l) {
    for (const auto& [tensor, counts] : expected["levels"][replay.names[l]].items()) {
      const auto o = std::find(kTensors.begin(), kTensors.end(), tensor) - kTensors.begin();
      const TensorTraffic& got = replay.cost.levels[l].operands[static_cast<std::size_t>(o)];
      SCOPED_TRACE(replay.names[l] + " " + tensor);
      EXPECT_EQ(got.reads, counts["reads"].get<std::int64_t>());
      EXPECT_EQ(got.fills, counts["fills"].get<std::int64_t>());
      EXPECT_EQ(got.updates, counts["updates"].get<std::int64_t>());
      if (counts.contains("tile_words")) {
        EXPECT_EQ(got.tile_words, counts["tile_words"].get<std::int64_t>());
      }
    }
  }
}

TEST(TimeloopReplay, EveryRecordedCaseIsEqualInCountsEnergyAndCycles) {
  const std::map<std::string, std::string> machines{
      {"D2", data("d2.arch.yaml") + "," + data("d2.ert.yaml")},
      {"E168", data("e168.arch.yaml") + "," + data("e168.ert.yaml")},
      {"E168bw", data("e168bw.arch.yaml") + "," + data("e168.ert.yaml")},
      {"C256", data("c256.arch-0.3.yaml") + "," + data("c256.ert.yaml")}};
  const json all = recorded();
  int cases = 0;
  for (const auto& [id, expected] : all.items()) {
    SCOPED_TRACE(id);
    expect_counts(Replay(id, expected, machines.at(expected["architecture"])), expected);
    ++cases;
  }
  EXPECT_EQ(cases, 17);
}

TEST(TimeloopReplay, TheSameArrayInVersion03IsEqualToo) {
  const std::string machine = data("e168.arch-0.3.yaml") + "," + data("e168.ert.yaml");
  const json all = recorded();
  int cases = 0;
  for (const auto& [id, expected] : all.items()) {
    std::stringstream text;
    text << std::ifstream(data(id + ".map.yaml")).rdbuf();
    // Mappings that name containers are for version 0.4.
    if (expected["architecture"] != "E168" || text.str().find("PE_column") != std::string::npos)
      continue;
    SCOPED_TRACE(id);
    Replay replay(id, expected, machine);
    expect_counts(replay, expected);
    ++cases;
  }
  EXPECT_GE(cases, 4);
}

/// What both formats can say of a random machine.
std::optional<Accelerator> plain(Accelerator::Fields fields) {
  fields.partial_sum_bits = fields.float_bits = 16;
  fields.engine = {};
  fields.engine.mac_energy_pj = 3.0;
  fields.counting = {};
  for (MemoryLevel& level : fields.levels) {
    level.partition_bits = {};
    if (level.capacity_bits) level.capacity_bits = *level.capacity_bits / 16 * 16;
    if (level.capacity_bits == 0) level.capacity_bits = 16;
    level.whole_words = false;
    level.area_um2.reset();
    level.temporal_dims.clear();
    Fanout fanout;
    fanout.x = level.fanout.x;
    fanout.y = level.fanout.y;
    level.fanout = fanout;
  }
  auto made = Accelerator::make(std::move(fields));
  if (!made) return std::nullopt;
  return *made;
}

bool equal(const Evaluation& a, const Evaluation& b) {
  const auto* x = std::get_if<Cost>(&a);
  const auto* y = std::get_if<Cost>(&b);
  if (x == nullptr || y == nullptr) return x == y;
  if (x->cycles != y->cycles || x->dram_bits != y->dram_bits) return false;
  if (std::abs(x->energy_pj - y->energy_pj) > 1e-9 * x->energy_pj) return false;
  for (std::size_t l = 0; l < x->levels.size(); ++l)
    if (x->levels[l].operands != y->levels[l].operands) return false;
  return true;
}

/// Written, read back, evaluated: equal. Returns whether the formats could say the case.
bool check_round_trip(const Layer& layer, const Accelerator& machine, const Mapping& mapping,
                      Format format) {
  const ForeignText arch = write_accelerator(machine, format);
  const ForeignText problem = write_layer(layer, format);
  const ForeignText map = write_mapping(mapping, layer, machine, format);
  if (!arch.losses.empty() || !problem.losses.empty() || !map.losses.empty()) return false;
  const auto read = read_accelerator(Documents::parse(arch.text, "arch").value());
  if (!read) RC_FAIL(to_text(read.error()) + arch.text);
  const auto layers = read_layers(Documents::parse(problem.text, "problem").value(), layer.bits);
  if (!layers) RC_FAIL(to_text(layers.error()) + problem.text);
  const auto mapped =
      read_mappings(Documents::parse(map.text, "map").value(), layers->layers, *read);
  if (!mapped) RC_FAIL(to_text(mapped.error()) + arch.text + problem.text + map.text);
  for (const Semantics semantics : all_semantics()) {
    // Boxes are counted loop by loop: two loops that the file has as one may move fewer of them.
    if (with_semantics(machine, semantics).fields().counting.box_tiles &&
        !(mapped->mappings.front().mapping == mapping))
      continue;
    const auto before = evaluate(layer, with_semantics(machine, semantics), mapping);
    const auto after =
        evaluate(layers->layers.front().layer, with_semantics(mapped->accelerator, semantics),
                 mapped->mappings.front().mapping);
    if (!equal(before, after))
      RC_FAIL(to_text(mapping, machine) + "\n" + machine.key() + "\nread back as\n" +
              to_text(mapped->mappings.front().mapping, mapped->accelerator) + "\n" +
              mapped->accelerator.key() + "\n" + arch.text + problem.text + map.text);
  }
  return true;
}

void check_random_cases(std::uint64_t seed, Format format) {
  Rng rng(seed);
  int said = 0;
  for (int trial = 0; trial < 2000 && said < 10; ++trial) {
    testing::RandomCase drawn = make_case(rng);
    drawn.shape.pad_top = drawn.shape.pad_bottom = 0;
    drawn.shape.pad_left = drawn.shape.pad_right = 0;
    drawn.bits = kWords;
    const auto layer = drawn.layer();
    const auto machine = plain(drawn.machine);
    if (!layer || !machine || !check(drawn.mapping, *layer, *machine).empty()) continue;
    said += check_round_trip(*layer, *machine, drawn.mapping, format) ? 1 : 0;
  }
  RC_ASSERT(said == 10);
}

RC_GTEST_PROP(TimeloopRoundTrip, Version04KeepsWhatRandomMappingsCost, (std::uint64_t seed)) {
  check_random_cases(seed, Format::timeloop);
}
RC_GTEST_PROP(TimeloopRoundTrip, Version03KeepsWhatRandomMappingsCost, (std::uint64_t seed)) {
  check_random_cases(seed, Format::timeloop_0_3);
}

}  // namespace
}  // namespace hwflow::chip
