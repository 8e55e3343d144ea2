#include "cli/inject_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "tests/cli/inject_case.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::array kCounts{"faults",       "inferences", "masked", "top1_changed",
                             "top5_changed", "crashed",    "right"};

/// Of the 4-bit ResNet-20, whose first and last layer have 8: 16 filters of 3 x 3 x 3, and 10
/// outputs of 64 inputs.
std::int64_t weight_bits() {
  return 4 * weights_of(make_builtin_network("resnet20").value()) + 4 * (16 * 3 * 3 * 3 + 10 * 64);
}

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
  EXPECT_EQ(told["inferences"], 60 * kInjectImages);
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
  EXPECT_EQ(told["images"], kInjectImages);
  EXPECT_EQ(told["inferences"], 60 * kInjectImages);
  EXPECT_EQ(told["population"], 8 * weights_of(make_builtin_network("fmnist_resnet").value()));
  EXPECT_EQ(told["differing"], 0);
}

}  // namespace
}  // namespace hwflow::cli
