#include "train/quant/quantized_checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/train/nn/temporary_folder.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::train {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(QuantizedCheckpoint, BothFormatsRoundTrip) {
  const QuantizedNetwork quantized = quantize_quadrants({{{8, 8}, {2, 3}, {5, 32}, {16, 4}}});
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / "hwflow_quantized.safetensors";
  write_quantized_network(file, quantized);
  const auto read = read_quantized_network(file, trained().network);
  ASSERT_TRUE(read.has_value()) << to_text(read.error());
  EXPECT_EQ(*read, quantized);
  EXPECT_FALSE(to_integer_network(quantized).has_value());  // a float width

  const IntegerNetwork integers =
      *to_integer_network(quantize_quadrants(CompressionPlan::uniform(4, 4, 4)));
  write_integer_network(file, integers);
  const auto back = read_integer_network(file, trained().network);
  ASSERT_TRUE(back.has_value()) << to_text(back.error());
  EXPECT_EQ(*back, integers);
  EXPECT_FALSE(read_quantized_network(file, trained().network).has_value());  // another format
  std::filesystem::remove(file);
}

/// Which channels stayed is in the file: the network is made by its name and these.
TEST(QuantizedCheckpoint, PrunedNetworksRoundTrip) {
  AccuracyModelOptions options = trained().options;
  options.pruning.emplace();
  const auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options)
          .value();
  CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  const ChannelGroups groups(trained().network);
  for (const ChannelGroup& group : groups.groups())
    plan.channels.push_back(static_cast<std::int32_t>((group.units.size() + 1) / 2));
  const auto finished = model->finish(plan, {.epochs = 0}, {}, {});
  ASSERT_TRUE(finished.has_value());
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "pruned.safetensors";
  write_integer_network(file, finished->network);
  const auto back = read_integer_network(file, trained().network);
  ASSERT_TRUE(back.has_value()) << to_text(back.error());
  EXPECT_EQ(*back, finished->network);
  EXPECT_LT(back->network.macs(), trained().network.macs());

  Safetensors content = read_safetensors(file).value();
  content.metadata["channels"] = "0,1";
  write_safetensors(file, content);
  const auto wrong = read_integer_network(file, trained().network);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(to_text(wrong.error()), HasSubstr("'channels' does not fit the network"));

  write_integer_network(file, finished->network);
  content = read_safetensors(file).value();
  content.metadata.erase("channels");
  write_safetensors(file, content);
  const auto untold = read_integer_network(file, trained().network);
  ASSERT_FALSE(untold.has_value());
  EXPECT_THAT(to_text(untold.error()), HasSubstr("tell different numbers of channels"));
}

/// One change of a good file of integers, and what the reader says.
struct Wrong {
  const char* name;
  std::function<void(Safetensors&)> change;
  const char* says;
};

void PrintTo(const Wrong& row, std::ostream* out) { *out << row.name; }

/// Changes the JSON of the nodes.
std::function<void(Safetensors&)> in_nodes(const std::function<void(json&)>& change) {
  return [change](Safetensors& file) {
    json nodes = json::parse(file.metadata.at("nodes"));
    change(nodes);
    file.metadata["nodes"] = nodes.dump();
  };
}

const std::vector<Wrong>& wrong_files() {
  static const std::vector<Wrong> rows{
      {"Format", [](auto& f) { f.metadata["format"] = "float"; }, "metadata 'format' is 'float'"},
      {"Network", [](auto& f) { f.metadata["network"] = "other"; },
       "belongs to network 'other', not 'small'"},
      {"NoPlan", [](auto& f) { f.metadata.erase("plan"); }, "plan has 0 layers, the network 4"},
      {"ShortPlan", [](auto& f) { f.metadata["plan"] = "4/4"; },
       "plan has 1 layers, the network 4"},
      {"NoMean", [](auto& f) { f.metadata.erase("input_mean"); }, "no input_mean and input_std"},
      {"BrokenJson", [](auto& f) { f.metadata["nodes"] = "{\"first\": ["; },
       "'nodes' is no JSON object"},
      {"NoTensor", [](auto& f) { f.tensors.erase("branch.weight"); },
       "branch.weight: tensor is missing"},
      {"OtherShape",
       [](auto& f) {
         f.tensors.at("last.bias") = {{1}, {0.0F}};
       },
       "last.bias: tensor has another shape"},
      {"NoNode", in_nodes([](json& n) { n.erase("sum"); }), "sum: quantizers are missing"},
      {"NodeIsText", in_nodes([](json& n) { n["sum"] = "text"; }), "sum: quantizers are missing"},
      {"OneEdge", in_nodes([](json& n) { n["sum"]["inputs"].erase(1); }),
       "sum: quantizers are missing"},
      {"GridIsText", in_nodes([](json& n) { n["first"]["inputs"][0][0] = "wide"; }), "first:"},
      {"ShortGrid", in_nodes([](json& n) { n["first"]["inputs"][0].erase(3); }), "first:"},
      {"NoBits", in_nodes([](json& n) { n["last"]["weights"].erase("bits"); }), "last:"},
      {"ZeroScale", in_nodes([](json& n) { n["first"]["inputs"][0][0] = 0.0; }),
       "first: scale must be a positive number"},
      {"NegativeWeightScale", in_nodes([](json& n) { n["last"]["weights"]["scales"][0] = -1.0; }),
       "last: weight scales must be positive"},
      {"TooManyScales", in_nodes([](json& n) { n["last"]["weights"]["scales"].push_back(1.0); }),
       "5 weight scales, 1 or 4 wanted"},
      {"FewBiases", in_nodes([](json& n) { n["last"]["weights"]["bias"].erase(0); }),
       "3 biases for 4 channels"},
      {"CodeOutside", [](auto& f) { f.tensors.at("first.weight").values[0] = 99.0F; },
       "weight codes outside -8..7"}};
  return rows;
}

class WrongIntegerFile : public testing::TestWithParam<Wrong> {};

TEST_P(WrongIntegerFile, IsRefusedWithItsPlace) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "integers.safetensors";
  static const IntegerNetwork good =
      to_integer_network(quantize_quadrants(CompressionPlan::uniform(4, 4, 4))).value();
  write_integer_network(file, good);
  Safetensors content = read_safetensors(file).value();
  GetParam().change(content);
  write_safetensors(file, content);
  const auto read = read_integer_network(file, trained().network);
  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(to_text(read.error()), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(Table, WrongIntegerFile, testing::ValuesIn(wrong_files()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(QuantizedCheckpoint, KeepsTheCodesOfDorefa) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "dorefa.safetensors";
  const QuantizedNetwork quantized =
      quantize_quadrants(CompressionPlan::uniform(4, 3, 4), QuantizerMethod::dorefa);
  write_quantized_network(file, quantized);
  const auto read = read_quantized_network(file, trained().network);
  ASSERT_TRUE(read.has_value()) << to_text(read.error());
  EXPECT_EQ(to_integer_network(*read).value(), to_integer_network(quantized).value());
}

}  // namespace
}  // namespace hwflow::train
