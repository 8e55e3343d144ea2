#include "tests/train/export/elsewhere.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/train/nn/temporary_folder.hpp"

namespace hwflow::train {
namespace {

namespace fs = std::filesystem;

/// Empty: not installed.
std::string python() {
  const char* file = std::getenv("HWFLOW_PYTHON");
  return file != nullptr && fs::exists(file) ? file : std::string();
}

}  // namespace

bool can_run_elsewhere() { return !python().empty(); }

std::vector<float> run_elsewhere(const std::string& onnx, OnnxFlavour flavour,
                                 std::span<const std::uint8_t> pixels, const FeatureShape& image) {
  const TemporaryFolder folder;
  const fs::path model = folder.write("model.onnx", onnx), out = folder.path() / "out.f32";
  const std::vector<float> values(pixels.begin(), pixels.end());
  const fs::path input = folder.write(
      "in.f32", {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  const std::string command =
      fmt::format("'{}' '{}/tests/train/export/run_onnx.py' {} '{}' '{}' {} {} {} '{}'", python(),
                  std::getenv("HWFLOW_SOURCE_DIR"), name(flavour), model.string(), input.string(),
                  image.channels, image.height, image.width, out.string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  if (!fs::exists(out)) return {};
  std::vector<float> logits(fs::file_size(out) / sizeof(float));
  std::ifstream(out, std::ios::binary)
      .read(reinterpret_cast<char*>(logits.data()),
            static_cast<std::streamsize>(logits.size() * sizeof(float)));
  return logits;
}

}  // namespace hwflow::train
