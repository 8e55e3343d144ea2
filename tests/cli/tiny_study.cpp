#include "tests/cli/tiny_study.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 28;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 0xFF);
  return bytes;
}

/// Image i is of class i % 10: a square of 8 pixels at one of ten places, on a faint pattern.
std::string pixels_of(int i) {
  std::string pixels;
  const int label = i % 10, top = 2 + 16 * (label / 5), left = 1 + 5 * (label % 5);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool bright = y >= top && y < top + 8 && x >= left && x < left + 8;
      pixels += static_cast<char>(bright ? 200 + i % 50 : (7 * i + 3 * x + 5 * y) % 40);
    }
  }
  return pixels;
}

void write_part(const fs::path& folder, const std::string& part, int count) {
  std::ofstream images(folder / (part + "-images-idx3-ubyte"), std::ios::binary);
  std::ofstream labels(folder / (part + "-labels-idx1-ubyte"), std::ios::binary);
  images << big_endian(0x803) << big_endian(static_cast<std::uint32_t>(count)) << big_endian(kSide)
         << big_endian(kSide);
  labels << big_endian(0x801) << big_endian(static_cast<std::uint32_t>(count));
  for (int i = 0; i < count; ++i) {
    images << pixels_of(i);
    labels << static_cast<char>(i % 10);
  }
}

constexpr const char* kStudy = R"(schema: 1
study: tiny
network: fmnist_resnet
weights: {}/models/fmnist_resnet.safetensors
accelerator: eyeriss
mapper: {{max_evaluations: 100}}
search:
  weight_bits: [2, 4, 8]
  input_bits: [4, 8]
  population: 8
  generations: 2
  sensitivity_seeds: false
accuracy: {{calibration_images: 16, search_images: 100, confirm_images: 50}}
baselines: [{{weights: 8, inputs: 8}}]
finish: {{picks: 1, baselines: [{{weights: 8, inputs: 8}}], epochs: 0}}
)";

}  // namespace

TinyStudy::TinyStudy() {
  std::string pattern = (fs::temp_directory_path() / "hwflow-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
  fs::create_directories(data());
  write_part(data(), "train", 300);
  write_part(data(), "t10k", 40);
  std::ofstream(folder_ / "s.yaml") << fmt::format(kStudy, std::getenv("HWFLOW_SOURCE_DIR"));
}

TinyStudy::~TinyStudy() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> TinyStudy::codesign(const std::string& out_name,
                                             const std::vector<std::string>& more) const {
  std::vector<std::string> words{"codesign",   (folder_ / "s.yaml").string(),
                                 "--data-dir", data().string(),
                                 "--out",      out(out_name).string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> TinyStudy::training(std::vector<std::string> begin,
                                             const std::string& out_name,
                                             const std::vector<std::string>& more) const {
  const std::vector<std::string> same{"--data-dir",
                                      data().string(),
                                      "--out",
                                      out(out_name).string(),
                                      "--batch-size",
                                      "50",
                                      "--hold-out",
                                      "100",
                                      "--no-flip",
                                      "--pad",
                                      "0",
                                      "--threads",
                                      "1",
                                      "--json",
                                      "-",
                                      "--quiet"};
  begin.insert(begin.end(), same.begin(), same.end());
  begin.insert(begin.end(), more.begin(), more.end());
  return begin;
}

nlohmann::json lasting_part(nlohmann::json result) {
  result.erase("report");
  for (const char* key :
       {"id", "started", "seconds", "threads", "accuracies_reused", "mappings_searched"}) {
    result["run"].erase(key);
  }
  const auto without_times = [](nlohmann::json& generations) {
    for (nlohmann::json& generation : generations) generation.erase("seconds");
  };
  without_times(result["generations"]);
  for (nlohmann::json& level : result["levels"]) without_times(level["generations"]);
  return result;
}

nlohmann::json read_json(const fs::path& file) {
  std::ifstream stream(file);
  return nlohmann::json::parse(stream);
}

}  // namespace hwflow::cli
