// Every model file of the data folder (HWFLOW_DATA/onnx) loads; its MACs and parameters are those
// of publications, of our built-in networks, or of hand arithmetic. Skipped where the folder is
// absent.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "workload/builtin_networks.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow {
namespace {

std::filesystem::path onnx_folder() {
  const char* data = std::getenv("HWFLOW_DATA");
  return data == nullptr ? std::filesystem::path() : std::filesystem::path(data) / "onnx";
}

struct Figures {
  std::int64_t macs, folded_parameters;
};

const std::map<std::string, Figures>& known_figures() {
  static const std::map<std::string, Figures> kFigures{
      // 224x224 input, so 54, 26 and 12 pixels: 34848*54^2 + 307200*26^2 + (884736 + 663552 +
      // 442368)*12^2 + 9216*4096 + 4096^2 + 4096*1000; parameters: Caffe's bvlc_alexnet.
      {"alexnet.onnx", {654'560'384, 60'965'224}},
      {"light_bvlc_alexnet.onnx", {654'560'384, 60'965'224}},
      // 4x4 pixels of (4800 + 36864 + 18432 + 7776) weights; and 64 + 64 + 32 biases.
      {"espcn_float.onnx", {67'872 * 16, 67'872 + 160}},
      // 128x128 pixels, 12 instead of 27 output channels: 3456 weights in the last layer.
      {"espcn_quant_qonnx.onnx", {63'552LL * 128 * 128, 63'552 + 160}},
      // 28^2*25*8 + 14^2*25*8*16 + 256*10, and 200+8 + 3200+16 + 2560+10.
      {"mnist.onnx", {786'560, 5'994}},
      // Q, K, V: 3 * 128*512*64; scores and result: 2 * 128*128*64; all operands are inputs.
      {"attention_head.onnx", {14'680'064, 0}},
      // 540x960 pixels of 1400 + 672 + 4*1296 + 672 + 8064 weights.
      {"fsrcnn.onnx", {15'992LL * 540 * 960, 15'992}},
      // GoogLeNet: Caffe's bvlc_googlenet; MACs by Sze et al. 2017, Table II: 1.43 G.
      {"light_inception_v1.onnx", {1'431'556'352, 6'998'552}},
      // Parameters: the sum of the sizes of the file's tensors.
      {"FastestDet.onnx", {121'491'744, 240'301}},
      {"light_zfnet512.onnx", {1'481'727'008, 87'250'536}},
  };
  return kFigures;
}

/// Files that hold the same network as a built-in, BatchNorm folded away or not.
const std::map<std::string, std::string>& same_as_builtin() {
  static const std::map<std::string, std::string> kSame{{"resnet18.onnx", "resnet18"},
                                                        {"mobilenetv2.onnx", "mobilenetv2"},
                                                        {"light_resnet50.onnx", "resnet50"},
                                                        {"light_vgg19.onnx", "vgg19"},
                                                        {"light_squeezenet.onnx", "squeezenet1_1"},
                                                        {"fsrcnn.onnx", "fsrcnn_subpixel"}};
  return kSame;
}

TEST(OnnxFiles, EveryFileLoadsWithItsFigures) {
  if (!std::filesystem::is_directory(onnx_folder())) GTEST_SKIP() << "HWFLOW_DATA/onnx is absent";
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(onnx_folder())) {
    if (entry.path().extension() != ".onnx") continue;
    ++files;
    const std::string name = entry.path().filename().string();
    const auto model = read_onnx(entry.path());
    ASSERT_TRUE(model) << to_text(model.error());
    const auto known = known_figures().find(name);
    if (known != known_figures().end()) {
      EXPECT_EQ(model->network.macs(), known->second.macs) << name;
      EXPECT_EQ(model->network.folded_parameters(), known->second.folded_parameters) << name;
    }
    const auto same = same_as_builtin().find(name);
    if (same != same_as_builtin().end()) {
      EXPECT_EQ(model->network.macs(), make_builtin_network(same->second)->macs()) << name;
    }
    EXPECT_TRUE(known != known_figures().end() || same != same_as_builtin().end()) << name;
  }
  EXPECT_GE(files, 15);
}

/// What count_macs.py prints for a file; none where HWFLOW_PYTHON names no Python.
std::optional<std::int64_t> macs_by_onnx(const std::filesystem::path& file) {
  const char* python = std::getenv("HWFLOW_PYTHON");
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  if (python == nullptr || root == nullptr || !std::filesystem::exists(python)) return std::nullopt;
  const std::string command =
      fmt::format("'{}' '{}/tests/workload/count_macs.py' '{}'", python, root, file.string());
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::array<char, 64> line{};
  const bool has_line = std::fgets(line.data(), line.size(), pipe) != nullptr;
  if (pclose(pipe) != 0 || !has_line) return std::nullopt;
  return std::stoll(line.data());
}

// The figures above that no publication has are those of onnx's own shape inference and the
// formulas of the operators: count_macs.py.
TEST(OnnxFiles, MacsAreThoseOfAnotherCount) {
  const char* python = std::getenv("HWFLOW_PYTHON");
  if (!std::filesystem::is_directory(onnx_folder())) GTEST_SKIP() << "HWFLOW_DATA/onnx is absent";
  if (python == nullptr || !std::filesystem::exists(python))
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(onnx_folder())) {
    if (entry.path().extension() != ".onnx") continue;
    const std::string name = entry.path().filename().string();
    if (name == "espcn_quant_qonnx.onnx") continue;  // onnx does not know the sizes behind Quant
    const auto macs = macs_by_onnx(entry.path());
    ASSERT_TRUE(macs) << name;
    EXPECT_EQ(read_onnx(entry.path())->network.macs(), *macs) << name;
  }
}

TEST(OnnxFiles, WeightsOfEveryLayerComeWithTheFile) {
  if (!std::filesystem::is_directory(onnx_folder())) GTEST_SKIP() << "HWFLOW_DATA/onnx is absent";
  const auto model = read_onnx(onnx_folder() / "with_weights/mnist.onnx");
  ASSERT_TRUE(model) << to_text(model.error());
  ASSERT_EQ(model->network.compute_nodes().size(), 3U);
  for (const NodeId id : model->network.compute_nodes()) {
    const std::string& node = model->network.node(id).name;
    EXPECT_TRUE(model->weights.contains(node + ".weight")) << node;
    EXPECT_TRUE(model->weights.contains(node + ".bias")) << node;
  }
  EXPECT_EQ(model->weights.at("Times212.weight").shape, (std::vector<std::int64_t>{10, 256}));
}

TEST(OnnxFiles, WeightsThatAreElsewhereLeaveShapes) {
  if (!std::filesystem::is_directory(onnx_folder())) GTEST_SKIP() << "HWFLOW_DATA/onnx is absent";
  const auto model = read_onnx(onnx_folder() / "zigzag_shape_only/resnet18.onnx");
  ASSERT_TRUE(model) << to_text(model.error());
  EXPECT_TRUE(model->weights.empty());
  EXPECT_FALSE(model->notes.empty());
}

}  // namespace
}  // namespace hwflow
