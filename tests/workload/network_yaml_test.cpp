#include "workload/network_yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "workload/builtin_networks.hpp"

namespace hwflow {
namespace {

TEST(NetworkYaml, EveryBuiltinNetworkComesBack) {
  for (const BuiltinNetwork& each : builtin_networks()) {
    const Network network = each.build();
    const auto again = network_from_yaml(to_yaml(network), "text");
    ASSERT_TRUE(again) << to_text(again.error());
    EXPECT_EQ(*again, network) << each.name;
  }
}

// 3x3 on 8x8 with pads of 1: 8x8x4; 4*9*3*64 MACs; then 256 features to 10.
TEST(NetworkYaml, InputsAreTheNodeBeforeWhenLeftOut) {
  const auto network = network_from_yaml(
      "schema: 1\n"
      "name: small\n"
      "nodes:\n"
      "  - {name: x, kind: input, shape: [3, 8, 8]}\n"
      "  - {name: a, kind: convolution, out_channels: 4, kernel: [3, 3], pads: [1, 1, 1, 1],\n"
      "     batch_norm: true, activation: relu}\n"
      "  - {name: b, kind: fully_connected, out_channels: 10, bias: true}\n",
      "text");
  ASSERT_TRUE(network) << to_text(network.error());
  EXPECT_EQ(network->macs(), 4 * 9 * 3 * 64 + 256 * 10);
  EXPECT_EQ(network->parameters(), 4 * 27 + 2 * 4 + 2560 + 10);
}

TEST(NetworkYaml, OutputsComeBackInOrder) {
  const auto network = network_from_yaml(
      "schema: 1\n"
      "name: two\n"
      "nodes:\n"
      "  - {name: x, kind: input, shape: [3, 8, 8]}\n"
      "  - {name: a, kind: convolution, out_channels: 4}\n"
      "  - {name: b, kind: fully_connected, out_channels: 10}\n"
      "outputs: [b, a]\n",
      "text");
  ASSERT_TRUE(network) << to_text(network.error());
  EXPECT_EQ(network->outputs(), (std::vector<NodeId>{{2}, {1}}));
  EXPECT_EQ(*network_from_yaml(to_yaml(*network), "text"), *network);
}

struct Wrong {
  const char* nodes;
  const char* message;
};

TEST(NetworkYaml, WrongFilesAreRefusedWithPlaceAndReason) {
  constexpr const char* kInput = "  - {name: x, kind: input, shape: [3, 8, 8]}\n";
  const Wrong kWrong[] = {
      {"  - {name: a, kind: convolutoin}\n", "convolution"},
      {"  - {name: a, kind: convolution, kernal: [3, 3]}\n", "kernel"},
      {"  - {name: a, kind: convolution, kernel: [3]}\n", "needs 2 numbers, got 1"},
      {"  - {name: a, kind: convolution, inputs: [y]}\n", "no earlier node is called 'y'"},
      {"  - {name: a, kind: convolution, groups: 2}\n", "not divisible by 2 groups"},
      {"  - {name: a, kind: convolution, kernel: [9, 9]}\n", "kernel is larger"},
      {"  - {name: a, kind: convolution, stride: [0, 1]}\n", "stride"},
      {"  - {name: x, kind: softmax}\n", "another node has this name"},
      {"  - {name: a, kind: add, inputs: [x]}\n", "needs 2 inputs, got 1"},
      {"  - {name: a, kind: resize}\n", "needs 3 numbers"},
      {"  - {name: a, kind: reshape, shape: [4, 4, 4]}\n", "do not make"},
      {"  - {kind: softmax}\n", "name"},
      {"outputs: [y]\n", "there is no node 'y'"},
  };
  for (const Wrong& wrong : kWrong) {
    const auto network = network_from_yaml(
        std::string("schema: 1\nname: n\nnodes:\n") + kInput + wrong.nodes, "net.yaml");
    ASSERT_FALSE(network) << wrong.nodes;
    EXPECT_THAT(to_text(network.error()), testing::HasSubstr(wrong.message));
    EXPECT_THAT(to_text(network.error()), testing::HasSubstr("net.yaml"));
  }
}

std::string manual_file() {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/docs/formats/network.md";
}

TEST(NetworkManual, ShippedPageIsTheGeneratedOne) {
  std::ifstream stream(manual_file());
  const std::string shipped{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  if (std::getenv("HWFLOW_APPROVE") != nullptr) {
    std::ofstream(manual_file()) << network_manual();
    return;
  }
  EXPECT_EQ(shipped, network_manual()) << "HWFLOW_APPROVE=1 writes " << manual_file();
}

TEST(NetworkManual, ItsExampleIsANetwork) {
  const std::string page = network_manual();
  const std::size_t start = page.find("```yaml\n") + 8;
  const auto network =
      network_from_yaml(page.substr(start, page.find("```", start) - start), "example");
  ASSERT_TRUE(network.has_value()) << to_text(network.error());
  // stem 3*16*9 * 32*32, body 16*16*9 * 32*32, fc 16*10.
  EXPECT_EQ(network->macs(), 432 * 1024 + 2304 * 1024 + 160);
}

}  // namespace
}  // namespace hwflow
