#include "cli/prune_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "train/nn/safetensors.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/channel_groups.hpp"
#include "workload/network_yaml.hpp"
#include "workload/onnx_reader.hpp"
#include "workload/shrink.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> prune_words(const TinyStudy& study, const std::string& out,
                                     const std::vector<std::string>& more) {
  const std::string root = std::getenv("HWFLOW_SOURCE_DIR");
  std::vector<std::string> all{"--images", "64"};
  all.insert(all.end(), more.begin(), more.end());
  return study.training(
      {"prune", "fmnist_resnet", "--weights", root + "/models/fmnist_resnet.safetensors"}, out,
      all);
}

json prune(const TinyStudy& study, const std::string& out, const std::vector<std::string>& more) {
  const Outcome outcome = run_hwflow(prune_words(study, out, more));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return outcome.exit_code == 0 ? json::parse(outcome.output) : json();
}

double sum_of(const json& layers, const std::string& key) {
  return std::accumulate(layers.begin(), layers.end(), 0.0, [&](double sum, const json& layer) {
    return sum + layer[key].get<double>();
  });
}

TEST(Prune, WhatItTellsIsThatOfTheNetworkThatItWrites) {
  const TinyStudy study;
  const json told = prune(study, "p", {"--share", "0.5", "--rule", "uniform", "--epochs", "2"});
  ASSERT_FALSE(told.is_null());

  const auto written = read_network_yaml(told["files"]["network"].get<std::string>());
  ASSERT_TRUE(written) << to_text(written.error());
  const Network whole = make_builtin_network("fmnist_resnet").value();
  EXPECT_EQ(told["pruned"]["macs"], written->macs());
  EXPECT_EQ(told["pruned"]["parameters"], written->parameters());
  EXPECT_EQ(told["whole"]["macs"], whole.macs());
  EXPECT_LT(written->macs(), whole.macs() / 3);  // about a quarter
  const ChannelGroups groups(whole);
  for (const ChannelGroup& group : groups.groups()) {
    const std::string layer = whole.node(group.producers.front()).name;
    EXPECT_EQ(2 * written->node(written->find(layer).value()).shape.channels,
              whole.node(whole.find(layer).value()).shape.channels)
        << layer;
  }
  EXPECT_DOUBLE_EQ(sum_of(told["layers"], "energy_pj"), told["pruned"]["energy_pj"]);
  EXPECT_DOUBLE_EQ(sum_of(told["layers"], "cycles_whole"), told["whole"]["cycles"]);

  const Outcome tested =
      run_hwflow({"test", told["files"]["weights"].get<std::string>(), "--data-dir",
                  study.data().string(), "--json", "-", "--quiet"});
  ASSERT_EQ(tested.exit_code, 0) << tested.errors;
  EXPECT_EQ(json::parse(tested.output)["correct"], told["pruned"]["correct"]);
  ASSERT_EQ(told["epochs"].size(), 2U);
  EXPECT_EQ(read_json(study.out("p") / "prune.json"), told);
  EXPECT_THAT(told["settings"]["training"].get<std::string>(), HasSubstr("epochs 2, batch 50"));
  EXPECT_EQ(told["settings"]["criterion"], "l1");
  EXPECT_EQ(told["conditions"],
            "accuracies in float, costs of 1 image at 16/16 bits, additions and poolings included");
}

/// The machine that prices is that of 'hwflow map', which reads the written file.
TEST(Prune, CostsAreThoseThatMapFindsForTheWrittenNetwork) {
  const TinyStudy study;
  const json told = prune(study, "p", {"--share", "0.6", "--epochs", "0", "--bits", "8/8"});
  ASSERT_FALSE(told.is_null());
  EXPECT_FALSE(told.contains("epochs"));
  const Outcome mapped =
      run_hwflow({"map", told["files"]["network"].get<std::string>(), "--arch", "eyeriss", "--bits",
                  "8/8", "--auxiliary", "--max-evaluations", "20000", "--json", "-", "--quiet"});
  ASSERT_EQ(mapped.exit_code, 0) << mapped.errors;
  const json total = json::parse(mapped.output)["total"];
  EXPECT_NEAR(total["energy_pj"].get<double>() / told["pruned"]["energy_pj"].get<double>(), 1.0,
              1e-3);
  EXPECT_EQ(total["cycles"], told["pruned"]["cycles"]);
}

TEST(Prune, KeepsWithinEveryBudget) {
  const TinyStudy study;
  const json told = prune(study, "p", {"--within", "energy=0.6", "latency=0.7", "--epochs", "0"});
  ASSERT_FALSE(told.is_null());
  const auto share = [&](const char* cost) {
    return told["pruned"][cost].get<double>() / told["whole"][cost].get<double>();
  };
  EXPECT_LE(share("energy_pj"), 0.6);
  EXPECT_LE(share("cycles"), 0.7);
  EXPECT_TRUE(share("energy_pj") > 0.5 || share("cycles") > 0.6);  // not far below
}

TEST(Prune, TakesTheChannelsOfAPlan) {
  const TinyStudy study;
  const json first = prune(study, "a", {"--share", "0.7", "--epochs", "0"});
  ASSERT_FALSE(first.is_null());
  const std::string plan = first["plan"];
  ASSERT_THAT(plan, HasSubstr("16/16 |"));
  const json again = prune(study, "b", {"--channels", plan, "--epochs", "0"});
  EXPECT_EQ(again["groups"], first["groups"]);
  EXPECT_EQ(again["untrained_correct"], first["untrained_correct"]);
  // The weights, too, bit for bit.
  const auto weights = [&](const std::string& out) {
    return train::read_safetensors(study.out(out) / "fmnist_resnet_pruned.safetensors")
        .value()
        .tensors;
  };
  EXPECT_EQ(weights("a"), weights("b"));
}

TEST(Prune, MayKeepAllChannels) {
  const TinyStudy study;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--share", "1"},
        {"--within", "energy=1"},
        {"--share", "0.9", "--multiple", "16", "--rule", "uniform"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--epochs", "0"});
    const json told = prune(study, "p", all);
    ASSERT_FALSE(told.is_null());
    EXPECT_EQ(told["pruned"]["macs"], told["whole"]["macs"]);
    for (const json& group : told["groups"]) EXPECT_EQ(group["kept"], group["whole"]);
  }
}

TEST(Prune, GoesOnWhereItWasStopped) {
  const TinyStudy study;
  const std::vector<std::string> words{"--share", "0.5", "--epochs", "1"};
  const json first = prune(study, "p", words);
  ASSERT_FALSE(first.is_null());
  std::vector<std::string> resumed = words;
  resumed.emplace_back("--resume");
  const json again = prune(study, "p", resumed);
  EXPECT_EQ(again["epochs"], first["epochs"]);  // all were done
  EXPECT_EQ(again["pruned"]["correct"], first["pruned"]["correct"]);
  resumed[1] = "0.6";
  const Outcome other = run_hwflow(prune_words(study, "p", resumed));
  EXPECT_EQ(other.exit_code, kWrongInput);
  EXPECT_THAT(other.errors, HasSubstr("other settings"));
  // What was there still fits together.
  const Outcome tested =
      run_hwflow({"test", first["files"]["weights"].get<std::string>(), "--data-dir",
                  study.data().string(), "--json", "-", "--quiet"});
  ASSERT_EQ(tested.exit_code, 0) << tested.errors;
  EXPECT_EQ(json::parse(tested.output)["correct"], first["pruned"]["correct"]);
}

TEST(Prune, AStudyIsSearchedAsByCodesign) {
  const TinyStudy study;
  std::vector<std::string> words =
      study.codesign("a", {"--quiet", "--json", "-", "--set", "search.channels={shares: [0.5, 1]}",
                           "--set", "search.algorithm=uniform", "--set", "finish.picks=0"});
  const Outcome codesign = run_hwflow(words);
  ASSERT_EQ(codesign.exit_code, 0) << codesign.errors;
  words.front() = "prune";
  *(std::ranges::find(words, "--out") + 1) = study.out("b").string();
  const Outcome pruned = run_hwflow(words);
  ASSERT_EQ(pruned.exit_code, 0) << pruned.errors;
  EXPECT_EQ(lasting_part(json::parse(pruned.output)), lasting_part(json::parse(codesign.output)));
}

/// The order of --channels: each count removes channels of these layers and of no others.
TEST(Prune, ListsGroupsInTheOrderOfTheCounts) {
  const Outcome outcome =
      run_hwflow({"prune", "fmnist_resnet", "--groups", "--json", "-", "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json told = json::parse(outcome.output);
  const Network whole = make_builtin_network("fmnist_resnet").value();
  const ChannelGroups groups(whole);
  ASSERT_EQ(told.size(), groups.groups().size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    std::vector<std::int32_t> counts;
    for (const ChannelGroup& group : groups.groups())
      counts.push_back(static_cast<std::int32_t>(group.units.size()));
    ASSERT_EQ(told[i]["channels"], counts[i]);
    --counts[i];
    const Network shrunk = shrink(whole, groups, KeptUnits::first(counts)).value().network;
    const std::vector<std::string> layers = told[i]["layers"];
    for (const NodeId node : whole.compute_nodes()) {
      const std::string name = whole.node(node).name;
      const bool is_listed = std::ranges::find(layers, name) != layers.end();
      EXPECT_EQ(shrunk.node(node).shape.channels < whole.node(node).shape.channels, is_listed)
          << name;
    }
  }
}

TEST(Prune, ListsGroupsAndDoesNothingElse) {
  const Outcome outcome = run_hwflow({"prune", "fmnist_resnet", "--groups", "--share", "0.5"});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--share: has no say in what --groups lists"));
}

/// So that a study with a mistake is not taken for a network.
TEST(Prune, AStudyThatIsNoYamlIsAStudy) {
  const TinyStudy study;
  const auto file = study.folder() / "broken.yaml";
  std::ofstream(file) << "schema: 1\nstudy: broken\nsearch: {channels: [\n";
  const Outcome outcome = run_hwflow({"prune", file.string(), "--share", "0.5"});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--share: is for a network, and this is a study"));
}

TEST(Prune, RefusesMisuse) {
  const TinyStudy study;
  struct Row {
    std::vector<std::string> words;
    const char* message;
  };
  const Row rows[] = {
      {{}, "--share, --within, --channels: say how many channels stay, and none is given"},
      {{"--share", "0.5", "--within", "energy=0.5"}, "exclude each other"},
      {{"--within", "energy"}, "--within energy: is no COST=SHARE"},
      {{"--within", "accuracy=0.5"}, "costs: energy, latency"},
      {{"--within", "energy=1.5"}, "above 0, at most 1"},
      {{"--channels", "3 4"}, "--channels, number of groups: is 2; the network has 9"},
      {{"--channels", "a b"}, "--channels: 'a b' is no list of counts"},
      {{"--channels", "3 4", "--multiple", "4"}, "says every count itself"},
      {{"--share", "0.5", "--criterion", "l3"}, "l3 not in {l1,l2,batch_norm,taylor"},
      {{"--share", "0.5", "--keep", "no_such_layer"}, "no layer 'no_such_layer'"},
      {{"--share", "0.5", "--bits", "8"}, "--bits 8"},
      {{"--share", "0.5", "--arch", "no_such_machine"}, "no_such_machine"},
      {{"--share", "0.5", "--device", "cuda:99"}, "--device cuda:99: is not there"},
      {{"--share", "0.5", "--epochs", "-1"}, "--epochs"}};
  for (const Row& row : rows) {
    const Outcome outcome = run_hwflow(prune_words(study, "p", row.words));
    EXPECT_EQ(outcome.exit_code, kWrongInput) << row.message;
    EXPECT_THAT(outcome.errors, HasSubstr(row.message));
    EXPECT_FALSE(std::filesystem::exists(study.out("p"))) << row.message;
  }
  const std::string study_file = (study.folder() / "s.yaml").string();
  const Outcome no_channels = run_hwflow({"prune", study_file, "--share", "0.5"});
  EXPECT_EQ(no_channels.exit_code, kWrongInput);
  EXPECT_THAT(no_channels.errors, HasSubstr("search.channels: is missing"));
  EXPECT_THAT(no_channels.errors, HasSubstr("--share: is for a network, and this is a study"));
  const Outcome dear =
      run_hwflow(prune_words(study, "p", {"--within", "energy=0.001", "--epochs", "0"}));
  EXPECT_EQ(dear.exit_code, kNothingFeasible);
  EXPECT_THAT(dear.errors, HasSubstr("the fewest channels still cost"));
}

}  // namespace
}  // namespace hwflow::cli
