#include "train/nn/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/train/nn/small_networks.hpp"
#include "tests/train/nn/temporary_folder.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

Network one_layer() {
  Node conv = make_node("c", NodeKind::convolution, {0});
  conv.conv.out_channels = 2;
  conv.has_batch_norm = true;
  return Network::make("one", {make_input({1, 2, 2}), conv}).value();
}

Sgd optimizer_of(const NetworkModule& module) {
  std::vector<TrainedTensor> tensors;
  for (const auto& item : module.named_parameters()) {
    tensors.push_back({.name = item.key(),
                       .tensor = item.value(),
                       .weight_decay = 0.0,
                       .rate_scale = 1.0,
                       .momentum = {}});
  }
  return {std::move(tensors), 0.9, false};
}

TEST(Checkpoint, BringsBackWeightsStatisticsAndMomenta) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "checkpoint";
  const Network network = one_layer();
  NetworkModule module(network);
  const WeightMap weights = random_weights(network, 1);
  load_weights(module, weights);
  Sgd optimizer = optimizer_of(module);
  optimizer.set_momentum(1, torch::full({2}, 0.25));
  const std::vector<EpochReport> finished{{1, 2.5, 0.25, 0.1, 30.5}, {2, 1.0 / 3.0, 0.5, 0.01, 31}};
  write_checkpoint(file, module, optimizer, finished, {{"rate", "0.1"}, {"seed", "1"}});

  NetworkModule other(network);
  Sgd fresh = optimizer_of(other);
  fresh.set_momentum(0, torch::ones({2, 1, 1, 1}));  // must go: the file has none
  const auto epochs = read_checkpoint(file, other, fresh, {{"rate", "0.1"}, {"seed", "1"}});
  ASSERT_TRUE(epochs) << to_text(epochs.error());
  EXPECT_EQ(epochs.value(), finished);
  EXPECT_EQ(weights_of(other), weights);
  EXPECT_FALSE(fresh.tensors()[0].momentum.defined());
  EXPECT_TRUE(torch::equal(fresh.tensors()[1].momentum, torch::full({2}, 0.25)));
}

TEST(Checkpoint, TellsEverythingThatDoesNotFitAndChangesNothing) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "checkpoint";
  const Network network = one_layer();
  NetworkModule module(network);
  Sgd optimizer = optimizer_of(module);
  write_checkpoint(file, module, optimizer, {}, {{"rate", "0.1"}, {"seed", "1"}});
  Safetensors content = read_safetensors(file).value();
  content.tensors.erase("model.c.weight");
  content.tensors["model.c.batch_norm.bias"] = {{3}, {1.0F, 1.0F, 1.0F}};
  content.tensors["model.d.weight"] = {{1}, {1.0F}};
  content.metadata.erase("epochs");
  write_safetensors(file, content);
  const WeightMap before = weights_of(module);
  const auto epochs =
      read_checkpoint(file, module, optimizer, {{"rate", "0.2"}, {"epochs", "4"}, {"seed", "1"}});
  ASSERT_FALSE(epochs);
  EXPECT_EQ(epochs.error().size(), 6U);
  const std::string text = to_text(epochs.error());
  EXPECT_THAT(text, HasSubstr("other settings: rate 0.1 there, 0.2 here"));
  EXPECT_THAT(text, HasSubstr("other settings: epochs none there, 4 here"));
  EXPECT_THAT(text, HasSubstr("which epochs"));
  EXPECT_THAT(text, HasSubstr("'model.c.weight' is missing"));
  EXPECT_THAT(text, HasSubstr("'model.c.batch_norm.bias' has another shape"));
  EXPECT_THAT(text, HasSubstr("'model.d.weight' is unused"));
  EXPECT_EQ(weights_of(module), before);
}

TEST(Checkpoint, EpochsThatAreNoListFromTheFirstOnAreRefused) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "checkpoint";
  NetworkModule module(one_layer());
  Sgd optimizer = optimizer_of(module);
  write_checkpoint(file, module, optimizer, {}, {});
  Safetensors content = read_safetensors(file).value();
  for (const char* text : {"7", "[[2,0,0,0,0]]", "[[1,0,0,0]]", "[[1,\"a\",0,0,0]]", "[[1,"}) {
    content.metadata["epochs"] = text;
    write_safetensors(file, content);
    const auto epochs = read_checkpoint(file, module, optimizer, {});
    ASSERT_FALSE(epochs) << text;
    EXPECT_THAT(to_text(epochs.error()), HasSubstr("which epochs"));
  }
  content.metadata["format"] = "hwflow training checkpoint 2";
  write_safetensors(file, content);
  EXPECT_THAT(to_text(read_checkpoint(file, module, optimizer, {}).error()),
              HasSubstr("another version of hwflow"));
}

TEST(Checkpoint, OfADivergedTrainingIsRead) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "checkpoint";
  NetworkModule module(one_layer());
  Sgd optimizer = optimizer_of(module);
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<EpochReport> finished{{1, infinite, 0.1, 1e6, 2.0},
                                          {2, std::nan(""), 0.1, 1e6, 2.0}};
  write_checkpoint(file, module, optimizer, finished, {});
  const auto epochs = read_checkpoint(file, module, optimizer, {});
  ASSERT_TRUE(epochs) << to_text(epochs.error());
  ASSERT_EQ(epochs->size(), 2U);
  for (const EpochReport& epoch : *epochs) EXPECT_TRUE(std::isnan(epoch.loss));
}

}  // namespace
}  // namespace hwflow::train
