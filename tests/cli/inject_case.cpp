#include "tests/cli/inject_case.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <numeric>

#include "base/random.hpp"
#include "cli/command.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow::cli {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// Random images in the files of CIFAR-10: 4 a training file, 5 to test.
fs::path random_cifar(const TinyStudy& study) {
  const fs::path folder = study.folder() / "cifar";
  if (fs::exists(folder)) return folder;
  fs::create_directories(folder);
  Rng rng(1);
  for (const char* file : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                           "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    std::ofstream stream(folder / file, std::ios::binary);
    const std::int64_t images = std::string_view(file) == "test_batch.bin" ? kInjectImages : 4;
    for (std::int64_t i = 0; i < images; ++i) {
      stream << static_cast<char>(i);
      for (int byte = 0; byte < 3 * 32 * 32; ++byte) stream << static_cast<char>(rng.below(256));
    }
  }
  return folder;
}

}  // namespace

std::string shipped(const std::string& file) {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/models/" + file;
}

std::vector<std::string> inject_words(const TinyStudy& study, const std::string& out,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> words{"inject",     shipped("cifar10_resnet20_w4a4.safetensors"),
                                 "--data",     "cifar10",
                                 "--data-dir", random_cifar(study).string(),
                                 "--out",      study.out(out).string(),
                                 "--check",    "3",
                                 "--json",     "-",
                                 "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> float_words(const TinyStudy& study, const std::string& out,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> words{"inject",
                                 shipped("fmnist_resnet.safetensors"),
                                 "--data-dir",
                                 study.data().string(),
                                 "--calibration-images",
                                 "8",
                                 "--images",
                                 std::to_string(kInjectImages),
                                 "--out",
                                 study.out(out).string(),
                                 "--check",
                                 "3",
                                 "--json",
                                 "-",
                                 "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

json inject(const TinyStudy& study, const std::string& out, const std::vector<std::string>& more) {
  const Outcome outcome = run_hwflow(inject_words(study, out, more));
  EXPECT_EQ(outcome.exit_code, kDone) << outcome.errors;
  return outcome.exit_code == kDone ? json::parse(outcome.output) : json();
}

json lasting(json result) {
  for (const char* key : {"seconds", "faulty_inferences_per_second", "faults_file", "report"})
    result.erase(key);
  return result;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void cut_off(const fs::path& from, const fs::path& to, std::size_t lines) {
  fs::create_directories(to.parent_path());
  std::ofstream cut(to, std::ios::binary);
  const std::vector<std::string> all = lines_of(from);
  for (std::size_t i = 0; i < lines; ++i) cut << all[i] << '\n';
  cut << all[lines].substr(0, all[lines].size() / 2);
}

std::int64_t weights_of(const Network& network) {
  std::int64_t weights = 0;
  for (const NodeId node : network.compute_nodes()) weights += weight_count(network.node(node));
  return weights;
}

std::int64_t sum_of(const json& groups, const std::string& key) {
  return std::accumulate(
      groups.begin(), groups.end(), std::int64_t{0},
      [&](std::int64_t sum, const json& group) { return sum + group[key].get<std::int64_t>(); });
}

}  // namespace hwflow::cli
