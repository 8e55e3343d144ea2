#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/nn/training.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

TEST(LearningRate, CosineWithWarmUp) {
  const TrainOptions options{.epochs = 11, .learning_rate = 0.2, .warmup_epochs = 1.0};
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 0.25), 0.05);  // a quarter of the warm-up
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 1.0), 0.2);    // the peak
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 6.0), 0.1);    // half way: cos(pi/2) = 0
  EXPECT_NEAR(learning_rate_at(options, 1.0 + 10.0 / 3.0), 0.15, 1e-12);  // cos(pi/3) = 1/2
  EXPECT_NEAR(learning_rate_at(options, 11.0), 0.0, 1e-12);
}

TEST(LearningRate, Steps) {
  TrainOptions options{.epochs = 200, .learning_rate = 0.1, .schedule = Schedule::step};
  options.warmup_epochs = 0.0;
  options.step_epochs = {100, 150};
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 0.0), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 99.9), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 100.0), 0.01);
  EXPECT_NEAR(learning_rate_at(options, 199.0), 0.001, 1e-15);
}

TEST(LearningRate, CyclicIsATent) {
  const TrainOptions options{
      .epochs = 10, .learning_rate = 0.2, .schedule = Schedule::cyclic, .warmup_epochs = 1.0};
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 0.0), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 2.5), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 5.0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 7.5), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 10.0), 0.0);
}

TEST(TrainOptions, DefaultsAreInRange) { EXPECT_TRUE(check(TrainOptions{}).empty()); }

TEST(TrainOptions, EachWrongValueIsNamed) {
  struct Wrong {
    const char* place;
    void (*spoil)(TrainOptions&);
  };
  const std::vector<Wrong> cases{
      {"epochs", [](TrainOptions& o) { o.epochs = 0; }},
      {"batch_size", [](TrainOptions& o) { o.batch_size = 1; }},
      {"learning_rate", [](TrainOptions& o) { o.learning_rate = -0.1; }},
      {"learning_rate", [](TrainOptions& o) { o.learning_rate = 0.0 / 0.0; }},
      {"warmup_epochs", [](TrainOptions& o) { o.warmup_epochs = -1.0; }},
      {"step_factor", [](TrainOptions& o) { o.step_factor = 0.0; }},
      {"step_epochs",
       [](TrainOptions& o) {
         o.step_epochs = {3.0, 2.0};
       }},
      {"momentum", [](TrainOptions& o) { o.momentum = 1.0; }},
      {"nesterov", [](TrainOptions& o) { o.momentum = 0.0; }},
      {"weight_decay", [](TrainOptions& o) { o.weight_decay = -1.0; }},
      {"label_smoothing", [](TrainOptions& o) { o.label_smoothing = 1.0; }},
      {"pad", [](TrainOptions& o) { o.augmentation.pad = -1; }},
      {"threads", [](TrainOptions& o) { o.threads = 0; }},
      {"norm_decay", [](TrainOptions& o) { o.norm_decay = -1.0; }},
      {"range_decay", [](TrainOptions& o) { o.range_decay = 0.0 / 0.0; }},
      {"weight_clip", [](TrainOptions& o) { o.weight_clip = -1.0; }},
      {"adversary_eps", [](TrainOptions& o) { o.adversary.eps = 2.0; }},
      {"resume", [](TrainOptions& o) { o.resume = true; }},
  };
  for (const Wrong& wrong : cases) {
    TrainOptions options;
    wrong.spoil(options);
    const Diagnostics problems = check(options);
    ASSERT_EQ(problems.size(), 1U) << wrong.place;
    EXPECT_EQ(problems[0].place, wrong.place);
  }
}

TEST(CheckFit, WantsTheSizeAndTheClassesOfTheImages) {
  const Network network = *make_builtin_network("resnet20");
  ImageSet images{.name = "set", .channels = 3, .height = 32, .width = 32, .classes = 10};
  EXPECT_TRUE(check_fit(network, images).empty());
  images.channels = 1;
  images.classes = 100;
  EXPECT_EQ(check_fit(network, images).size(), 2U);
}

TEST(CheckFit, RefusesSeveralOutputsByName) {
  const Network one = *make_builtin_network("resnet20");
  const NodeId last = one.outputs().front();
  const ImageSet images{.name = "set", .channels = 3, .height = 32, .width = 32, .classes = 10};
  const Network two = *Network::make("two", one.nodes(), {last, {last.value - 1}});
  const Diagnostics problems = check_fit(two, images);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].reason, "has 2 outputs ('" + two.node(last).name + "', '" +
                                    two.node({last.value - 1}).name +
                                    "'); accuracy is that of one");
}

}  // namespace
}  // namespace hwflow::train
