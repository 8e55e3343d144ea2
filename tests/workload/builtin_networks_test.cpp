#include "workload/builtin_networks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

namespace hwflow {
namespace {

/// What a publication says of a network. Tolerance: 0 where the figure is printed in full, else one
/// unit of the last printed digit (figures are cut as often as rounded).
struct Published {
  const char* network;
  double macs, macs_tolerance;
  double parameters, parameters_tolerance;
  const char* source;
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.network; }

// Parameters in full; its GFLOPS are MACs, printed with two digits.
constexpr const char* kTorchvision =
    "torchvision 0.15 documentation, table of classification weights";

const Published kPublished[] = {
    // 28^2*25*6 + 10^2*25*6*16 + 400*120 + 120*84 + 84*10 MACs, and, all maps connected in C3,
    // 156 + 2416 + 48120 + 10164 + 850 parameters.
    {"lenet5", 416'520, 0, 61'706, 0, "LeCun et al. 1998, Fig. 2, by hand"},
    // Parameters: tensors of the checkpoint without running statistics. MACs by hand: stem 442368,
    // stage 1 2*2359296, stages 2 and 3 each 1179648 + 2359296 + 131072, classifier 640.
    {"resnet8", 12'501'632, 0, 78'186, 0, "MLPerf Tiny v1.0 checkpoint"},
    // 320000 + 4 * (72000 + 512000) + 768 MACs; 2624+128 + 4*(640+128+4160+128) + 780 parameters.
    {"dscnn", 2.7e6, 0.1e6, 23'756, 0, "Banbury et al., MLPerf Tiny, 2021 (24 k), by hand"},
    {"resnet20", 40.55e6, 0.01e6, 269'722, 0, "akamaster/pytorch_resnet_cifar10; Li et al. 2017"},
    // ResNet-20 and two 1x1 shortcuts: 40551040 + 16*32*256 + 32*64*64 MACs.
    {"resnet20b", 40'813'184, 0, 272'474, 0, "distiller checkpoint; MACs by hand"},
    {"resnet32", 69e6, 1e6, 464'154, 0, "akamaster/pytorch_resnet_cifar10"},
    {"resnet44", 97e6, 1e6, 658'586, 0, "akamaster/pytorch_resnet_cifar10"},
    {"resnet56", 125.49e6, 0.01e6, 853'018, 0, "akamaster/pytorch_resnet_cifar10; Li et al. 2017"},
    {"resnet18", 1.81e9, 0.01e9, 11'689'512, 0, kTorchvision},
    {"resnet34", 3.66e9, 0.01e9, 21'797'672, 0, kTorchvision},
    {"resnet50", 4.09e9, 0.01e9, 25'557'032, 0, kTorchvision},
    {"alexnet", 724e6, 1e6, 60'965'224, 0, "Sze et al. 2017, Table II; Caffe's bvlc_alexnet"},
    {"vgg16", 15.47e9, 0.01e9, 138'357'544, 0, kTorchvision},
    {"vgg19", 19.63e9, 0.01e9, 143'667'240, 0, kTorchvision},
    {"squeezenet", 0.82e9, 0.01e9, 1'248'424, 0, kTorchvision},
    {"squeezenet1_1", 0.35e9, 0.01e9, 1'235'496, 0, kTorchvision},
    {"mobilenetv1", 569e6, 1e6, 4.2e6, 0.1e6, "Howard et al. 2017, Table 4"},
    {"mobilenetv2", 0.30e9, 0.01e9, 3'504'872, 0, kTorchvision},
    // The trunk at 513 and the head by hand, see DeepLabIsItsTrunkAndHead. Parameters:
    // torchvision's
    // 42,004,074 without the auxiliary head of 1024*256*9 + 2*256 + 256*21 + 21.
    {"deeplabv3", 51.078e9, 0.001e9, 42'004'074 - 2'365'205, 0,
     "torchvision 0.15 documentation, deeplabv3_resnet50"},
    // 25d + sd + 4*9ss + ds + 81d = 12,464 weights, each used once for every input pixel; and one
    // bias for each of the 56+12+4*12+56+1 channels, one slope of PReLU for all but the last.
    {"fsrcnn", 12'464.0 * 270 * 480, 0, 12'464 + 173 + 172, 0, "Dong et al. 2016, section 3.1"},
    // With 9*16*56 in place of 81*56 weights, and 16 output channels.
    {"fsrcnn_subpixel", 15'992.0 * 540 * 960, 0, 15'992 + 188 + 172, 0,
     "Mei et al., DeFiNES, 2023"},
    // 1x28x28: 28^2*9*(16 + 4*16^2) + 14^2*9*(16*32 + 3*32^2) + 7^2*9*(32*64 + 3*64^2) + 640.
    {"fmnist_resnet", 7'338'240 + 6'322'176 + 6'322'176 + 640, 0, 172'218, 0,
     "by hand, after He et al. 2016"},
};

class PublishedFigures : public testing::TestWithParam<Published> {};

TEST_P(PublishedFigures, MacsAndParameters) {
  const auto network = make_builtin_network(GetParam().network);
  ASSERT_TRUE(network) << to_text(network.error());
  EXPECT_NEAR(static_cast<double>(network->macs()), GetParam().macs, GetParam().macs_tolerance)
      << GetParam().source;
  EXPECT_NEAR(static_cast<double>(network->parameters()), GetParam().parameters,
              GetParam().parameters_tolerance)
      << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(Published, PublishedFigures, testing::ValuesIn(kPublished),
                         [](const auto& row) { return std::string(row.param.network); });

TEST(BuiltinNetworks, EveryOneHasItsPublishedFigures) {
  for (const BuiltinNetwork& each : builtin_networks()) {
    EXPECT_TRUE(std::ranges::any_of(kPublished, [&](const Published& published) {
      return each.name == published.network;
    })) << each.name;
    EXPECT_EQ(each.build().name(), each.name);
  }
}

TEST(BuiltinNetworks, UnknownNameGetsTheNearest) {
  const auto network = make_builtin_network("resnet21");
  ASSERT_FALSE(network);
  EXPECT_THAT(to_text(network.error()), testing::HasSubstr("did you mean 'resnet"));
}

// [out channels, in channels per group, out size, kernel, stride, padded input, groups], MACs of
// one image (a quarter of the four of the measurement): Chen et al., Eyeriss, JSSC 2017, Tables
// III, V.
TEST(BuiltinNetworks, AlexNetConvolutionsAreThoseOfTheEyerissChip) {
  struct Row {
    const char* name;
    std::int64_t k, c, size, kernel, stride, padded, groups, macs_of_four;
  };
  constexpr Row kRows[] = {{"conv1", 96, 3, 55, 11, 4, 227, 1, 421'660'800},
                           {"conv2", 256, 48, 27, 5, 1, 31, 2, 895'795'200},
                           {"conv3", 384, 256, 13, 3, 1, 15, 1, 598'081'536},
                           {"conv4", 384, 192, 13, 3, 1, 15, 2, 448'561'152},
                           {"conv5", 256, 192, 13, 3, 1, 15, 2, 299'040'768}};
  const Network network = *make_builtin_network("alexnet");
  for (const Row& row : kRows) {
    const NodeId id = *network.find(row.name);
    const ConvShape& conv = network.node(id).conv;
    EXPECT_EQ(conv.out_channels, row.k) << row.name;
    EXPECT_EQ(conv.in_channels / conv.groups, row.c) << row.name;
    EXPECT_EQ(network.node(id).shape.height, row.size) << row.name;
    EXPECT_EQ(conv.kernel_height, row.kernel) << row.name;
    EXPECT_EQ(conv.stride_height, row.stride) << row.name;
    EXPECT_EQ(conv.in_height + conv.pad_top + conv.pad_bottom, row.padded) << row.name;
    EXPECT_EQ(conv.groups, row.groups) << row.name;
    EXPECT_EQ(network.operator_of(id, 4)->macs(), row.macs_of_four) << row.name;
  }
}

TEST(BuiltinNetworks, ResNet8PadsAtTheBottomAndRightOnly) {
  const Network network = *make_builtin_network("resnet8");
  const ConvShape& conv = network.node(*network.find("conv2d_3")).conv;
  EXPECT_EQ(conv.pad_top + conv.pad_left, 0);
  EXPECT_EQ(conv.pad_bottom, 1);
  EXPECT_EQ(conv.pad_right, 1);
  EXPECT_EQ(network.node(*network.find("conv2d")).batch_norm_epsilon, 1e-3);
}

TEST(BuiltinNetworks, OptionAShortcutPadsAQuarterOfTheChannelsOnEachSide) {
  const Network network = *make_builtin_network("resnet20");
  const Node& shortcut = network.node(*network.find("layer2.0.shortcut"));
  EXPECT_EQ(shortcut.channel_pad_before, 8);
  EXPECT_EQ(shortcut.channel_pad_after, 8);
  EXPECT_EQ(shortcut.shape, (FeatureShape{32, 16, 16}));
}

// Classifier parameters 2048*1000 + 1000 and resolution: 513 -> 257 -> 129 -> 65 -> 33.
TEST(BuiltinNetworks, DeepLabKeepsOutputStride16) {
  const Network network = *make_builtin_network("deeplabv3");
  EXPECT_EQ(network.node(*network.find("layer4.2.add")).shape, (FeatureShape{2048, 33, 33}));
  EXPECT_EQ(network.node(*network.find("aspp.3")).conv.dilation_height, 18);
  EXPECT_EQ(network.node(*network.find("upsample")).shape, (FeatureShape{21, 513, 513}));
}

// By hand, in MACs. Sizes 257, 129, 65, 33, 33 (layer4 dilated); c -> m -> m -> 4m bottlenecks.
TEST(BuiltinNetworks, DeepLabIsItsTrunkAndHead) {
  const auto stage = [](std::int64_t in, std::int64_t m, int blocks, std::int64_t size_in,
                        std::int64_t size) {
    const std::int64_t first =
        in * m * size_in * size_in + (9 * m * m + 4 * m * m + in * 4 * m) * size * size;
    return first + (blocks - 1) * (4 * m * m + 9 * m * m + 4 * m * m) * size * size;
  };
  const std::int64_t trunk = 3 * 64 * 49 * 257 * 257 + stage(64, 64, 3, 129, 129) +
                             stage(256, 128, 4, 129, 65) + stage(512, 256, 6, 65, 33) +
                             stage(1024, 512, 3, 33, 33);
  const std::int64_t head =
      std::int64_t{33} * 33 *
          (2048 * 256 + 3 * 9 * 2048 * 256 + 5 * 256 * 256 + 9 * 256 * 256 + 256 * 21) +
      2048 * 256;
  EXPECT_EQ(make_builtin_network("deeplabv3")->macs(), trunk + head);
}

TEST(BuiltinNetworks, ResidualNetworksEndTheirBlocksWithOneActivation) {
  const Network network = *make_builtin_network("resnet20");
  EXPECT_EQ(network.node(*network.find("layer1.0.conv1")).activation, Activation::relu);
  EXPECT_EQ(network.node(*network.find("layer1.0.conv2")).activation, Activation::none);
  EXPECT_EQ(network.node(*network.find("layer1.0.add")).activation, Activation::relu);
  EXPECT_EQ(network.node(*network.find("linear")).activation, Activation::none);
}

}  // namespace
}  // namespace hwflow
