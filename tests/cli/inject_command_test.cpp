#include "cli/inject_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <set>

#include "base/random.hpp"
#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kImages = 5;
constexpr std::array kCounts{"faults",       "inferences", "masked", "top1_changed",
                             "top5_changed", "crashed",    "right"};

std::string shipped(const std::string& file) {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/models/" + file;
}

/// Random images in the files of CIFAR-10: 4 a training file, 5 to test.
fs::path random_cifar(const TinyStudy& study) {
  const fs::path folder = study.folder() / "cifar";
  if (fs::exists(folder)) return folder;
  fs::create_directories(folder);
  Rng rng(1);
  for (const char* file : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                           "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    std::ofstream stream(folder / file, std::ios::binary);
    const std::int64_t images = std::string_view(file) == "test_batch.bin" ? kImages : 4;
    for (std::int64_t i = 0; i < images; ++i) {
      stream << static_cast<char>(i);
      for (int byte = 0; byte < 3 * 32 * 32; ++byte) stream << static_cast<char>(rng.below(256));
    }
  }
  return folder;
}

/// ResNet-20 with weights and inputs of 4 bits, 8 in the first and last layer.
std::vector<std::string> inject_words(const TinyStudy& study, const std::string& out,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> words{"inject",     shipped("cifar10_resnet20_w4a4.safetensors"),
                                 "--data",     "cifar10",
                                 "--data-dir", random_cifar(study).string(),
                                 "--out",      study.out(out).string(),
                                 "--check",    "3",
                                 "--json",     "-",
                                 "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The same of float weights, on images of TinyStudy.
std::vector<std::string> float_words(const TinyStudy& study, const std::string& out,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> words{"inject",
                                 shipped("fmnist_resnet.safetensors"),
                                 "--data-dir",
                                 study.data().string(),
                                 "--calibration-images",
                                 "8",
                                 "--images",
                                 std::to_string(kImages),
                                 "--out",
                                 study.out(out).string(),
                                 "--check",
                                 "3",
                                 "--json",
                                 "-",
                                 "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

json inject(const TinyStudy& study, const std::string& out, const std::vector<std::string>& more) {
  const Outcome outcome = run_hwflow(inject_words(study, out, more));
  EXPECT_EQ(outcome.exit_code, kDone) << outcome.errors;
  return outcome.exit_code == kDone ? json::parse(outcome.output) : json();
}

/// Without times and places.
json lasting(json result) {
  for (const char* key : {"seconds", "faulty_inferences_per_second", "faults_file", "report"})
    result.erase(key);
  return result;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The first `lines` of a list, and half of the next.
void cut_off(const fs::path& from, const fs::path& to, std::size_t lines) {
  fs::create_directories(to.parent_path());
  std::ofstream cut(to, std::ios::binary);
  const std::vector<std::string> all = lines_of(from);
  for (std::size_t i = 0; i < lines; ++i) cut << all[i] << '\n';
  cut << all[lines].substr(0, all[lines].size() / 2);
}

std::int64_t weights_of(const Network& network) {
  std::int64_t weights = 0;
  for (const NodeId node : network.compute_nodes()) weights += weight_count(network.node(node));
  return weights;
}

/// Of the 4-bit ResNet-20, whose first and last layer have 8: 16 filters of 3 x 3 x 3, and 10
/// outputs of 64 inputs.
std::int64_t weight_bits() {
  return 4 * weights_of(make_builtin_network("resnet20").value()) + 4 * (16 * 3 * 3 * 3 + 10 * 64);
}

std::int64_t sum_of(const json& groups, const std::string& key) {
  return std::accumulate(
      groups.begin(), groups.end(), std::int64_t{0},
      [&](std::int64_t sum, const json& group) { return sum + group[key].get<std::int64_t>(); });
}

const std::vector<std::string> kSmall{"--most-faults", "60", "--round", "20", "--fixed"};
/// Sums and biases in the last layers, where a high bit changes classes.
const std::vector<std::string> kHarmful{"--sites",   "biases",  "scales",    "--most-faults",
                                        "60",        "--round", "20",        "--fixed",
                                        "--effects", "flip",    "stuck-at-1"};

TEST(Inject, JsonHasItsKeysAndGroupsAddUpToTheWhole) {
  const TinyStudy study;
  const json told = inject(study, "i", kSmall);
  ASSERT_FALSE(told.is_null());
  expect_keys(told, {"faults", "masked", "top1_changed", "rate", "margin", "confidence",
                     "faulty_inferences_per_second", "by_layer", "by_bit"});
  EXPECT_EQ(told["faults"], 60);
  EXPECT_EQ(told["inferences"], 60 * kImages);
  for (const char* groups : {"by_site", "by_layer", "by_bit", "by_effect", "by_layer_and_bit"})
    for (const char* count : kCounts)
      EXPECT_EQ(sum_of(told[groups], count), told[count]) << groups << " " << count;
  EXPECT_EQ(told["by_bit"].size(), 8U);

  EXPECT_EQ(told["quantization"], "quantized checkpoint");
  EXPECT_EQ(told["network"], "resnet20");
  const Network network = make_builtin_network("resnet20").value();
  EXPECT_EQ(told["by_layer"].size(), network.compute_nodes().size());
  EXPECT_EQ(told["population"], weight_bits());
  EXPECT_GT(told["masked"], 0);
  EXPECT_GT(told["faulty_inferences_per_second"], 0.0);
  EXPECT_EQ(told["checked"], 3);
  EXPECT_EQ(told["differing"], 0);
  EXPECT_EQ(read_json(study.out("i") / "inject.json"), told);
  EXPECT_EQ(lines_of(study.out("i") / "faults.jsonl").size(), 61U);
}

TEST(Inject, RateAndMarginFollowFromTheCounts) {
  const TinyStudy study;
  // Of one site: the rate is that of the inferences.
  const json told =
      inject(study, "i", {"--sites", "biases", "--most-faults", "60", "--round", "20", "--fixed"});
  ASSERT_FALSE(told.is_null());
  EXPECT_GT(told["top1_changed"], 0);
  EXPECT_LE(told["top5_changed"], told["top1_changed"]);
  const double share = (told["top1_changed"].get<double>() + told["crashed"].get<double>()) /
                       told["inferences"].get<double>();
  EXPECT_DOUBLE_EQ(told["rate"], share);
  EXPECT_LT(told["low"], share);
  EXPECT_GT(told["high"], share);
  // All images of the test set are no sample of it.
  EXPECT_EQ(told["interval_of"], "these images");
  EXPECT_EQ(told["low"], told["of_these_images"]["low"]);
  EXPECT_LT(told["of_images_like_these"]["low"], told["low"]);
  EXPECT_GT(told["of_images_like_these"]["high"], told["high"]);
  EXPECT_DOUBLE_EQ(told["accuracy"],
                   told["right"].get<double>() / told["inferences"].get<double>());
  EXPECT_DOUBLE_EQ(told["margin"], (told["high"].get<double>() - told["low"].get<double>()) / 2);
  ASSERT_FALSE(told["worst"].empty());
  // The line that is named holds that fault.
  const auto lines = lines_of(study.out("i") / "faults.jsonl");
  const json worst = json::parse(lines[told["worst"][0]["line"].get<std::size_t>() - 1]);
  EXPECT_EQ(worst["top1_changed"], told["worst"][0]["top1_changed"]);
}

TEST(Inject, ImagesThatWereDrawnAreASample) {
  const TinyStudy study;
  std::vector<std::string> words = kHarmful;
  words.insert(words.end(), {"--images", "4"});
  const json told = inject(study, "i", words);
  ASSERT_FALSE(told.is_null());
  EXPECT_EQ(told["interval_of"], "images like these");
  EXPECT_EQ(told["high"], told["of_images_like_these"]["high"]);
  EXPECT_LT(told["of_these_images"]["high"], told["high"]);
  EXPECT_THAT(text_of(study.out("i") / "inject.html"), HasSubstr("for images like these"));
}

/// Of two sites every share is weighted by all their faults, as the rate is.
TEST(Inject, SharesOfSeveralSitesAreWeightedAlike) {
  const TinyStudy study;
  const json told = inject(study, "i", kHarmful);
  ASSERT_FALSE(told.is_null());
  ASSERT_EQ(told["by_site"].size(), 2U);
  const auto network = make_builtin_network("resnet20").value();
  double biases = 0.0;
  for (const NodeId node : network.compute_nodes())
    biases += 32.0 * 2 * static_cast<double>(network.node(node).shape.channels);
  const double scales = told["population"].get<double>() - biases;
  for (const char* key : {"rate", "masked_share", "accuracy", "crashed_share"})
    EXPECT_NEAR(told[key].get<double>() * (biases + scales),
                biases * told["by_site"][0][key].get<double>() +
                    scales * told["by_site"][1][key].get<double>(),
                1e-6 * (biases + scales))
        << key;
}

TEST(Inject, DrawsAllPlannedFaultsUnlessAMarginIsWanted) {
  const TinyStudy study;
  const std::vector<std::string> planned{"--sites", "biases", "--most-faults", "60",
                                         "--round", "10",     "--images",      "2"};
  EXPECT_EQ(inject(study, "all", planned)["faults"], 60);
  std::vector<std::string> relative = planned;
  relative.insert(relative.end(), {"--relative-margin", "0.9"});
  const json told = inject(study, "some", relative);
  EXPECT_LT(told["faults"], 60);
  EXPECT_EQ(told["planned"], 60);
  EXPECT_LE(
      told["of_these_images"]["high"].get<double>() - told["of_these_images"]["low"].get<double>(),
      2 * 0.9 * told["rate"].get<double>());
  const Outcome help = run_hwflow({"inject", "--help"});
  for (const char* text : {"all of them are drawn", "--relative-margin", "--stop-at-margin"})
    EXPECT_THAT(help.output, HasSubstr(text));
}

TEST(Inject, AListReplaysToTheSameTallies) {
  const TinyStudy study;
  const json drawn = inject(study, "i", kHarmful);
  ASSERT_FALSE(drawn.is_null());
  const std::string list = drawn["faults_file"];
  const json again = inject(study, "r", {"--faults", list});
  ASSERT_FALSE(again.is_null());
  for (const char* count : kCounts) EXPECT_EQ(again[count], drawn[count]) << count;
  EXPECT_EQ(again["worst"], drawn["worst"]);
  const auto first = lines_of(list), second = lines_of(again["faults_file"].get<std::string>());
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 1; i < first.size(); ++i) {
    json one = json::parse(first[i]), other = json::parse(second[i]);
    one.erase("stratum");
    other.erase("stratum");
    EXPECT_EQ(one, other) << "line " << i + 1;
  }
  // Into the same folder: the list is not written over.
  const std::string before = text_of(list);
  EXPECT_THAT(inject(study, "i", {"--faults", list})["faults_file"].get<std::string>(),
              HasSubstr("replayed.jsonl"));
  EXPECT_EQ(text_of(list), before);
}

TEST(Inject, GoesOnFromAListThatWasCutOffAnywhere) {
  const TinyStudy study;
  const json whole = inject(study, "whole", kHarmful);
  ASSERT_FALSE(whole.is_null());
  const fs::path list = study.out("whole") / "faults.jsonl";
  std::vector<std::string> resumed = kHarmful;
  resumed.emplace_back("--resume");
  for (const std::size_t lines : {1U, 21U, 35U, 60U}) {
    const std::string out = "cut" + std::to_string(lines);
    cut_off(list, study.out(out) / "faults.jsonl", lines);
    const json told = inject(study, out, resumed);
    EXPECT_EQ(lasting(told), lasting(whole)) << lines << " lines";
    EXPECT_EQ(text_of(study.out(out) / "faults.jsonl"), text_of(list)) << lines << " lines";
  }
  // All is known, or nothing.
  EXPECT_EQ(lasting(inject(study, "whole", resumed)), lasting(whole));
  EXPECT_EQ(lasting(inject(study, "new", resumed)), lasting(whole));
}

TEST(Inject, ACampaignGoesOnToMoreFaults) {
  const TinyStudy study;
  std::vector<std::string> fewer = kSmall, more = kSmall;
  fewer[1] = "30";
  more.emplace_back("--resume");
  ASSERT_FALSE(inject(study, "i", fewer).is_null());
  const json told = inject(study, "i", more);
  EXPECT_EQ(lasting(told), lasting(inject(study, "whole", kSmall)));
  EXPECT_EQ(text_of(study.out("i") / "faults.jsonl"), text_of(study.out("whole") / "faults.jsonl"));
}

TEST(Inject, ThreadsChangeNothing) {
  const TinyStudy study;
  const std::vector<std::string> words{"--sites",       "weights", "activations", "accumulators",
                                       "--most-faults", "60",      "--fixed",     "--threads"};
  const auto with = [&](const char* threads) {
    std::vector<std::string> all = words;
    all.emplace_back(threads);
    return inject(study, threads, all);
  };
  const json one = with("1");
  ASSERT_FALSE(one.is_null());
  EXPECT_EQ(lasting(one), lasting(with("2")));
  EXPECT_EQ(text_of(study.out("1") / "faults.jsonl"), text_of(study.out("2") / "faults.jsonl"));
}

TEST(Inject, AnotherSeedDrawsOtherFaults) {
  const TinyStudy study;
  ASSERT_FALSE(inject(study, "a", kSmall).is_null());
  std::vector<std::string> other = kSmall;
  other.insert(other.end(), {"--seed", "2"});
  ASSERT_FALSE(inject(study, "b", other).is_null());
  EXPECT_NE(lines_of(study.out("a") / "faults.jsonl")[1],
            lines_of(study.out("b") / "faults.jsonl")[1]);
}

/// Bits are disturbed as often as the rate says: their number is binomial.
TEST(Inject, RatesOfDisturbedBitsMakeACurve) {
  const TinyStudy study;
  const json told =
      inject(study, "i",
             {"--rate", "1e-5", "1e-3", "--inferences", "20", "--sites", "biases", "activations"});
  ASSERT_FALSE(told.is_null());
  ASSERT_EQ(told["bit_rates"].size(), 2U);
  for (const json& point : told["bit_rates"]) {
    EXPECT_EQ(point["inferences"], 20);
    const double expected =
        20.0 * point["bit_rate"].get<double>() * told["population"].get<double>();
    EXPECT_NEAR(point["upsets"].get<double>(), expected, 5 * std::sqrt(expected));
    EXPECT_DOUBLE_EQ(point["rate"], point["top1_changed"].get<double>() / 20.0);
  }
  EXPECT_EQ(told["bit_rates"][0]["bit_rate"], 1e-5);
  EXPECT_GE(told["bit_rates"][1]["rate"], told["bit_rates"][0]["rate"]);
  EXPECT_EQ(told["faults"], 0);
  EXPECT_THAT(text_of(study.out("i") / "inject.html"), HasSubstr("Rates of disturbed bits"));
}

/// Each product is computed by one element: what all elements do is what the network does.
TEST(Inject, ElementsOfAnArrayShareTheProductsOfTheNetwork) {
  const TinyStudy study;
  const json told = inject(
      study, "a",
      {"--array", "eyeriss", "--most-faults", "20", "--effects", "stuck-at-1", "--images", "2"});
  ASSERT_FALSE(told.is_null());
  EXPECT_EQ(told["faults"], 20);
  EXPECT_EQ(told["inferences"], 40);
  EXPECT_EQ(told["checked"], 3);
  EXPECT_EQ(sum_of(told["by_unit"], "macs"), make_builtin_network("resnet20").value().macs());
  for (const char* count : {"faults", "inferences"})
    for (const char* groups : {"by_unit", "by_register", "by_bit"})
      EXPECT_EQ(sum_of(told[groups], count), told[count]) << groups;
  EXPECT_THAT(text_of(study.out("a") / "inject.html"), HasSubstr("The array of eyeriss"));
}

TEST(Inject, AnArrayIsDrawnByStrataListedAndGoneOnWith) {
  const TinyStudy study;
  const std::vector<std::string> words{
      "--array", "eyeriss", "--most-faults", "14", "--effects", "stuck-at-1", "--registers",
      "weight",  "input",   "--images",      "2",  "--round",   "5"};
  const json whole = inject(study, "a", words);
  ASSERT_FALSE(whole.is_null());
  const fs::path list = study.out("a") / "faults.jsonl";
  const std::vector<std::string> lines = lines_of(list);
  ASSERT_EQ(lines.size(), 15U);
  // Strata in turn: of 16 registers and bits none twice among 14 faults; so of units.
  std::set<std::string> strata, units;
  std::int64_t changed = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const json fault = json::parse(lines[i]);
    strata.insert(fault["register"].dump() + fault["bit"].dump());
    units.insert(fault["unit"].dump());
    changed += fault["top1_changed"].get<std::int64_t>();
  }
  EXPECT_EQ(strata.size(), 14U);
  EXPECT_EQ(units.size(), 14U);
  EXPECT_EQ(changed, whole["top1_changed"]);
  // Mappings are those of 'hwflow map', in a file that it reads.
  const Network network = make_builtin_network("resnet20").value();
  ASSERT_EQ(whole["mappings"]["layers"].size(), network.compute_nodes().size());
  EXPECT_EQ(whole["mappings"]["accelerator"], "eyeriss");
  EXPECT_THAT(whole["mappings"]["layers"][0]["mapping"].get<std::string>(), HasSubstr("DRAM"));
  std::vector<std::string> resumed = words;
  resumed.emplace_back("--resume");
  cut_off(list, study.out("b") / "faults.jsonl", 8);
  EXPECT_EQ(lasting(inject(study, "b", resumed)), lasting(whole));
  EXPECT_EQ(text_of(study.out("b") / "faults.jsonl"), text_of(list));
  // Other faults are refused.
  std::vector<std::string> other = resumed;
  other.insert(other.end(), {"--seed", "2"});
  const Outcome outcome = run_hwflow(inject_words(study, "b", other));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("was made with seed '1', this run has '2'"));
}

TEST(Inject, TellsATableAndWritesAPage) {
  const TinyStudy study;
  std::vector<std::string> words = inject_words(study, "i", kSmall);
  words.erase(std::ranges::find(words, "--json"), std::ranges::find(words, "--quiet") + 1);
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, kDone) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("60 faults of " + std::to_string(weight_bits()) +
                                        " (60 planned), 300 inferences"));
  EXPECT_THAT(outcome.output, HasSubstr("3 inferences run again in the plain way: 0 differ"));
  EXPECT_THAT(outcome.output, HasSubstr("\nlayer1.0.conv1 "));
  const std::string page = text_of(study.out("i") / "inject.html");
  EXPECT_THAT(page, HasSubstr("resnet20: injected faults"));
  EXPECT_THAT(page, HasSubstr("weights by layer and bit"));
  EXPECT_THAT(page, HasSubstr("Scales of weights"));
}

TEST(Inject, QuantizesFloatWeights) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(float_words(study, "f", kSmall));
  ASSERT_EQ(outcome.exit_code, kDone) << outcome.errors;
  const json told = json::parse(outcome.output);
  EXPECT_EQ(told["quantization"], "8/8 bits, calibrated on 8 images");
  EXPECT_EQ(told["images"], kImages);
  EXPECT_EQ(told["inferences"], 60 * kImages);
  EXPECT_EQ(told["population"], 8 * weights_of(make_builtin_network("fmnist_resnet").value()));
  EXPECT_EQ(told["differing"], 0);
}

struct Refusal {
  const char* name;
  std::vector<std::string> words;
  std::vector<const char*> messages;
};
void PrintTo(const Refusal& refusal, std::ostream* stream) { *stream << refusal.name; }

class InjectRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(InjectRefuses, WithEveryProblemAndItsPlace) {
  const TinyStudy study;
  std::ofstream(study.folder() / "garbage.jsonl")
      << "{\"hwflow_faults\": 1}\n"
         "garbage\n"
         "{\"upsets\": [{\"site\": \"weights\", \"layer\": \"conv9\", \"element\": 0, \"bits\": "
         "\"0x1\"}]}\n";
  std::ofstream(study.folder() / "other.jsonl") << "{\"hwflow_faults\": \"one\"}\n";
  std::ofstream(study.folder() / "empty.jsonl") << "{\"hwflow_faults\": 1}\n";
  const fs::path before = fs::current_path();
  fs::current_path(study.folder());
  const Outcome outcome = run_hwflow(inject_words(study, "o", GetParam().words));
  fs::current_path(before);
  EXPECT_EQ(outcome.exit_code, kWrongInput) << outcome.errors;
  for (const char* message : GetParam().messages) EXPECT_THAT(outcome.errors, HasSubstr(message));
  EXPECT_FALSE(fs::exists(study.out("o"))) << "something was written";
}

const Refusal kRefusals[] = {
    {"numbers_out_of_range",
     {"--margin", "3", "--confidence", "1", "--most-faults", "-1", "--round", "0"},
     {"--margin 3: is out of range", "--confidence 1", "--most-faults -1", "--round 0",
      "4 problems"}},
    {"rate_that_is_no_probability", {"--rate", "2", "0"}, {"--rate 2: is no", "--rate 0: is no"}},
    {"layers_bits_and_margin_at_once",
     {"--layers", "conv1", "conv9", "--bit-positions", "99", "--margin", "nan"},
     {"--layers conv9: is not a node of resnet20", "--bit-positions 99", "--margin nan",
      "3 problems"}},
    {"no_such_words",
     {"--layers", "conv1", "--bit-positions", "20"},
     {"--sites: the chosen layers have no such words and bits"}},
    {"unknown_site", {"--sites", "wieghts"}, {"--sites", "wieghts"}},
    {"unknown_effect", {"--effects", "flop"}, {"--effects", "flop"}},
    {"list_that_is_not_there", {"--faults", "absent.jsonl"}, {"absent.jsonl: cannot be read"}},
    {"list_with_garbage",
     {"--faults", "garbage.jsonl", "--confidence", "7"},
     {"garbage.jsonl:2: is no JSON", "garbage.jsonl:3: 'conv9' is no layer", "--confidence 7",
      "3 problems"}},
    {"list_of_something_else",
     {"--faults", "other.jsonl"},
     {"other.jsonl:1: does not begin a list of faults"}},
    {"list_of_nothing", {"--faults", "empty.jsonl"}, {"empty.jsonl: holds no fault"}},
    {"replay_and_rates",
     {"--faults", "garbage.jsonl", "--rate", "0.1"},
     {"--faults: replays a list"}},
    {"array_and_options_of_stored_words",
     {"--array", "eyeriss", "--faults", "garbage.jsonl", "--rate", "0.1", "--sites", "weights",
      "--layers", "conv1", "--adjacent-bits", "2", "--relative-margin", "0.1", "--stop-at-margin",
      "--margin", "7"},
     {"--sites: is of stored words", "--layers: chooses stored words", "--adjacent-bits: is of",
      "--rate: is of stored words", "--faults: replays faults of stored words",
      "--relative-margin: has no effect", "--stop-at-margin: has no effect", "--margin 7"}},
    {"options_of_an_array_without_one",
     {"--array-unit", "row", "--registers", "input", "--inferences", "5"},
     {"--array-unit: is of an array", "--registers: is of an array", "--inferences: is of each",
      "3 problems"}},
    {"fixed_and_margins",
     {"--fixed", "--relative-margin", "0.1"},
     {"--fixed: draws all planned faults"}},
    {"relative_margin_out_of_range", {"--relative-margin", "1.5"}, {"--relative-margin 1.5"}},
    {"array_that_is_not_there", {"--array", "eyris"}, {"eyris", "did you mean 'eyeriss'?"}},
    {"rates_that_resume", {"--rate", "0.1", "--resume"}, {"--resume: goes on with single faults"}},
};
INSTANTIATE_TEST_SUITE_P(Rows, InjectRefuses, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return row.param.name; });

TEST(Inject, FilesThatAreMissingAreTold) {
  const Outcome outcome =
      run_hwflow({"inject", "absent.safetensors", "--data-dir", "absent", "--margin", "3"});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--margin 3"));
  EXPECT_THAT(outcome.errors, HasSubstr("absent: holds no fashion-mnist files"));
  const TinyStudy study;
  std::vector<std::string> words = inject_words(study, "o", {});
  words[1] = "absent.safetensors";
  EXPECT_THAT(run_hwflow(words).errors, HasSubstr("absent.safetensors"));
}

TEST(Inject, ResumeRefusesOtherOptionsOneByOne) {
  const TinyStudy study;
  ASSERT_FALSE(inject(study, "i", kSmall).is_null());
  const fs::path list = study.out("i") / "faults.jsonl";
  const std::string before = text_of(list);
  const Outcome outcome =
      run_hwflow(inject_words(study, "i",
                              {"--most-faults", "60", "--round", "30", "--resume", "--seed", "2",
                               "--sites", "biases", "--layers", "conv1"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  for (const char* message :
       {"was made with round '20', this run has '30'", "was made with seed '1', this run has '2'",
        "was made with sites 'weights', this run has 'biases'",
        "was made with layers '', this run has 'conv1'"})
    EXPECT_THAT(outcome.errors, HasSubstr(message));
  EXPECT_EQ(text_of(list), before);
}

/// Bits that this network's words do not have are told as what they come from.
TEST(Inject, ResumeRefusesAnotherNetworkByItsName) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(float_words(study, "i", kSmall)).exit_code, kDone);
  std::vector<std::string> words = float_words(study, "i", kSmall);
  words.insert(words.end(), {"--bits", "4/4", "--resume"});
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("quantization '8/8 bits, calibrated on 8 images', this run "
                                        "has '4/4 bits, calibrated on 8 images'"));
  EXPECT_THAT(outcome.errors, Not(HasSubstr("have 4 bits")));
  EXPECT_EQ(run_hwflow(float_words(study, "x", {"--bits", "x/8"})).exit_code, kWrongInput);
}

/// Another model in the place of the file is another campaign; the same one elsewhere is not.
TEST(Inject, ResumeGoesByTheContentOfTheModel) {
  const TinyStudy study;
  const fs::path model = study.folder() / "model.safetensors";
  fs::copy_file(shipped("cifar10_resnet20_w4a4.safetensors"), model);
  std::vector<std::string> words = inject_words(study, "i", kSmall);
  words[1] = model.string();
  const Outcome first = run_hwflow(words);
  ASSERT_EQ(first.exit_code, kDone) << first.errors;
  words.emplace_back("--resume");
  words[1] = shipped("cifar10_resnet20_w4a4.safetensors");
  const Outcome moved = run_hwflow(words);
  EXPECT_EQ(moved.exit_code, kDone) << moved.errors;
  // One byte of the last tensor.
  words[1] = model.string();
  {
    std::fstream stream(model, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(-2, std::ios::end);
    const int byte = stream.get();
    stream.seekp(-2, std::ios::end);
    stream.put(static_cast<char>(byte ^ 1));
  }
  const Outcome changed = run_hwflow(words);
  EXPECT_EQ(changed.exit_code, kWrongInput);
  EXPECT_THAT(changed.errors, HasSubstr("was made with network '"));
}

/// A list that somebody edited, or that a version that draws otherwise wrote.
TEST(Inject, ResumeRefusesAListOfOtherFaults) {
  const TinyStudy study;
  ASSERT_FALSE(inject(study, "i", kSmall).is_null());
  const fs::path list = study.out("i") / "faults.jsonl";
  std::vector<std::string> lines = lines_of(list);
  std::swap(lines[7], lines[8]);
  {
    std::ofstream stream(list, std::ios::binary);
    for (const std::string& line : lines) stream << line << '\n';
  }
  std::vector<std::string> resumed = kSmall;
  resumed.emplace_back("--resume");
  const Outcome outcome = run_hwflow(inject_words(study, "i", resumed));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("faults.jsonl:8"));
  EXPECT_THAT(outcome.errors, HasSubstr("is not the fault that this campaign draws there"));
}

}  // namespace
}  // namespace hwflow::cli
