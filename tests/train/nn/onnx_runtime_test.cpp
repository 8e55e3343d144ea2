// Small ONNX files as hwflow reads and computes them, against onnxruntime: sizes of all outputs,
// MACs (by count_macs.py), and the values where the network says that it can compute them. The
// files are written by write_onnx_cases.py. Skipped where HWFLOW_PYTHON names no Python with the
// packages of tools/requirements.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/train/nn/temporary_folder.hpp"
#include "train/nn/network_module.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::train {
namespace {

namespace fs = std::filesystem;

using Sizes = std::vector<std::int64_t>;

struct Case {
  std::string name;
  bool has_values = false;
  std::int64_t macs = 0;
  Sizes input;
  std::vector<Sizes> outputs;
};

Sizes sizes_of(const std::string& text) {
  Sizes sizes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, 'x');) sizes.push_back(std::stoll(part));
  return sizes;
}

std::vector<Case> read_cases(const fs::path& file) {
  std::vector<Case> cases;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Case each;
    std::string kind, sizes;
    words >> each.name >> kind >> each.macs >> sizes;
    each.has_values = kind == "values";
    each.input = sizes_of(sizes);
    while (words >> sizes) each.outputs.push_back(sizes_of(sizes));
    cases.push_back(std::move(each));
  }
  return cases;
}

std::vector<float> read_floats(const fs::path& file) {
  std::vector<float> values(fs::file_size(file) / sizeof(float));
  std::ifstream(file, std::ios::binary)
      .read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
  return values;
}

std::int64_t product(const Sizes& sizes) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  return count;
}

/// Channels, rows and columns of a tensor of four dimensions, the batch first.
Sizes sizes_of(const FeatureShape& shape) { return {1, shape.channels, shape.height, shape.width}; }

void expect_same_values(const OnnxModel& model, const Case& each, const fs::path& stem) {
  const torch::NoGradGuard no_gradients;
  NetworkModule module(model.network);
  load_weights(module, model.weights);
  module.eval();
  std::vector<float> image = read_floats(stem.string() + ".in");
  const std::vector<float> wanted = read_floats(stem.string() + ".out");
  std::vector<float> got;
  for (const torch::Tensor& result :
       module.forward_outputs(torch::from_blob(image.data(), each.input, torch::kFloat32))) {
    const torch::Tensor flat = result.contiguous();
    got.insert(got.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  }
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], 1e-4F * std::max(1.0F, std::abs(wanted[i]))) << "value " << i;
}

void check(const Case& each, const fs::path& stem) {
  const auto model = read_onnx(stem.string() + ".onnx");
  ASSERT_TRUE(model) << to_text(model.error());
  const std::vector<NodeId> outputs = model->network.outputs();
  ASSERT_EQ(outputs.size(), each.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const FeatureShape& shape = model->network.node(outputs[i]).shape;
    EXPECT_EQ(shape.elements(), product(each.outputs[i])) << "output " << i;
    if (each.outputs[i].size() == 4) {
      EXPECT_EQ(sizes_of(shape), each.outputs[i]) << "output " << i;
    }
  }
  EXPECT_EQ(model->network.macs(), each.macs);
  const Diagnostics problems = unsupported_parts(model->network);
  if (!each.has_values) {
    EXPECT_FALSE(problems.empty()) << "says that its values are right";
    return;
  }
  ASSERT_TRUE(problems.empty()) << to_text(problems);
  expect_same_values(*model, each, stem);
}

TEST(OnnxRuntime, GivesTheSameSizesMacsAndValues) {
  const char* python = std::getenv("HWFLOW_PYTHON");
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  if (python == nullptr || !fs::exists(python)) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  const TemporaryFolder folder;
  const std::string command = fmt::format("'{}' '{}/tests/train/nn/write_onnx_cases.py' '{}'",
                                          python, root, folder.path().string());
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const std::vector<Case> cases = read_cases(folder.path() / "cases.txt");
  EXPECT_GT(cases.size(), 300U);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    check(each, folder.path() / each.name);
  }
}

}  // namespace
}  // namespace hwflow::train
