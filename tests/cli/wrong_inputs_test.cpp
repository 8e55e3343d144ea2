/// What users get wrong, and what hwflow tells them: one row, one message. Exit code 2 each time,
/// nothing written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "cli/command.hpp"
#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string source_file(const std::string& relative) {
  std::stringstream text;
  text << std::ifstream(fs::path(std::getenv("HWFLOW_SOURCE_DIR")) / relative).rdbuf();
  return text.str();
}

/// A shipped file with one place changed.
std::string edited(const std::string& relative, const std::string& from, const std::string& to) {
  std::string text = source_file(relative);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << relative << " no longer has '" << from << "'";
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string eyeriss(const std::string& from, const std::string& to) {
  return edited("accelerators/eyeriss.yaml", from, to);
}

/// The demo study; its weights are named by their absolute path.
std::string study(const std::string& from, const std::string& to) {
  std::string text = edited("examples/01_fmnist_eyeriss.yaml", from, to);
  const std::string weights = "../models/";
  const std::size_t at = text.find(weights);
  if (at == std::string::npos) return text;
  return text.replace(at, weights.size(),
                      std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/models/");
}

/// A safetensors file: the length of its header, the header, and `data` bytes.
std::string safetensors(const std::string& header, std::size_t data = 0) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>((header.size() >> (8 * i)) & 0xFF));
  return bytes + header + std::string(data, '\0');
}

/// CIFAR-10 records: label, then 3072 pixels.
std::string cifar(int records, char label) {
  std::string bytes;
  for (int i = 0; i < records; ++i) bytes += std::string(1, label) + std::string(3072, 'x');
  return bytes;
}

using Files = std::map<std::string, std::string>;

struct Row {
  const char* name;
  std::function<Files()> files;
  std::vector<std::string> words;
  std::vector<const char*> messages;
};

void PrintTo(const Row& row, std::ostream* stream) { *stream << row.name; }

const Files kNone;
const std::vector<std::string> kMapA{"map", "lenet5", "--arch", "a.yaml"};
const std::vector<std::string> kCodesign{"codesign", "s.yaml", "--out", "o"};
const std::vector<std::string> kTest{"test",   "w.safetensors", "--network",  "resnet20",
                                     "--data", "cifar10",       "--data-dir", "d"};

Files arch(const std::string& text) { return {{"a.yaml", text}}; }
Files weights(const std::string& bytes) {
  return {{"w.safetensors", bytes},
          {"d/test_batch.bin", cifar(2, 1)},
          {"d/data_batch_1.bin", cifar(2, 1)}};
}

const Row kRows[] = {
    // The command line.
    {"no_command", [] { return kNone; }, {}, {"subcommand is required"}},
    {"unknown_command",
     [] { return kNone; },
     {"codesing"},
     {"unknown command 'codesing'", "did you mean 'codesign'?"}},
    {"unknown_option",
     [] { return kNone; },
     {"map", "lenet5", "--ach", "eyeriss"},
     {"hwflow map: unknown option '--ach' (did you mean '--arch'?)"}},
    {"missing_arch",
     [] { return kNone; },
     {"map", "lenet5"},
     {"--arch: is missing", "hwflow list accelerators"}},
    {"threads_not_a_number",
     [] { return kNone; },
     {"list", "networks", "--threads", "many"},
     {"--threads", "many"}},
    {"setting_without_a_file",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "eyeriss", "--set", "clock_mhz=1"},
     {"hwflow map: unknown option '--set'"}},
    {"unknown_network",
     [] { return kNone; },
     {"map", "resnet21", "--arch", "eyeriss"},
     {"no built-in network is called 'resnet21'", "did you mean 'resnet2"}},
    {"unknown_accelerator",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "eyris"},
     {"eyris", "did you mean 'eyeriss'?"}},
    {"unknown_objective",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "eyeriss", "--objective", "enrgy"},
     {"unknown objective 'enrgy' (did you mean 'energy'?)"}},
    {"unknown_factors",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "eyeriss", "--factors", "prime"},
     {"'prime'", "perfect, ceiling"}},
    {"bad_bits",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "eyeriss", "--bits", "9/x"},
     {"--bits: must be W/A", "'9/x'"}},
    {"width_beyond_the_engine",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "defines-meta", "--bits", "16/16"},
     {"conv1", "cannot multiply 16 bit weights by 16 bit inputs"}},
    {"unknown_key_to_explain",
     [] { return kNone; },
     {"explain", "search.populaton"},
     {"did you mean 'search.population'?"}},
    {"unknown_export_format",
     [] { return kNone; },
     {"export", "x", "--format", "onnx"},
     {"unknown ONNX flavour 'onnx'"}},
    {"unknown_device",
     [] { return kNone; },
     {"train", "resnet20", "--data", "mars"},
     {"mars", "is not a data set that we know"}},
    // Accelerator files.
    {"yaml_broken", [] { return arch("a: [1, 2\n"); }, kMapA, {"a.yaml:2:"}},
    {"yaml_key_twice",
     [] { return arch("schema: 1\nname: a\nname: b\n"); },
     kMapA,
     {"a.yaml:3", "name"}},
    {"arch_missing_keys",
     [] { return arch("schema: 1\nname: a\nlevels: []\n"); },
     kMapA,
     {"missing required key 'source'", "missing required key 'engine'", "hwflow: 3 problems"}},
    {"arch_unknown_key",
     [] { return arch(eyeriss("capacity_bits: 884736", "capacity_bit: 8")); },
     kMapA,
     {"levels[1].capacity_bit: unknown key (did you mean 'capacity_bits'?)"}},
    {"arch_out_of_range_and_wrong_type",
     [] {
       std::string text = eyeriss("capacity_bits: 884736", "capacity_bits: -8");
       return arch(text.replace(text.find("clock_mhz: 200"), 14, "clock_mhz: up!"));
     },
     kMapA,
     {"clock_mhz: must be a number, got 'up!'", "levels[1].capacity_bits: must be >= 1, got -8",
      "2 problems"}},
    {"arch_version",
     [] { return arch(eyeriss("schema: 1", "schema: 7")); },
     kMapA,
     {"schema: must be 1, got 7"}},
    {"arch_entry_not_in_table",
     [] { return arch(eyeriss("energy: dram", "energy: drm")); },
     kMapA,
     {"levels[0].energy", "did you mean 'dram'?"}},
    {"arch_mixed_tables",
     [] { return arch(eyeriss("energy: dram", "energy: dram\n    read_energy_pj_per_bit: 3")); },
     kMapA,
     {"levels[0].read_energy_pj_per_bit"}},
    {"arch_unknown_engine",
     [] { return arch(eyeriss("bit_parallel", "bit_paralel")); },
     kMapA,
     {"engine.kind", "did you mean 'bit_parallel'?"}},
    {"arch_not_there", [] { return kNone; }, kMapA, {"a.yaml"}},
    // Network files.
    {"network_yaml_unknown_kind",
     [] {
       return Files{{"n.yaml", "schema: 1\nname: n\nnodes:\n  - {name: a, kind: convolutoin}\n"}};
     },
     {"map", "n.yaml", "--arch", "eyeriss"},
     {"n.yaml:4", "convolutoin"}},
    {"onnx_not_there",
     [] { return kNone; },
     {"map", "n.onnx", "--arch", "eyeriss"},
     {"n.onnx: there is no such file"}},
    {"onnx_empty",
     [] {
       return Files{{"n.onnx", ""}};
     },
     {"map", "n.onnx", "--arch", "eyeriss"},
     {"n.onnx", "is this an ONNX model?"}},
    {"onnx_garbage",
     [] {
       return Files{{"n.onnx", std::string(500, '\xEE')}};
     },
     {"map", "n.onnx", "--arch", "eyeriss"},
     {"n.onnx: is truncated, or no ONNX file at all"}},
    {"mapping_not_there",
     [] { return kNone; },
     {"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", "m.json"},
     {"m.json", "cannot be"}},
    {"mapping_of_something_else",
     [] {
       return Files{{"m.json", "{}"}};
     },
     {"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", "m.json"},
     {"m.json", "layers"}},
    // Weight files.
    {"weights_not_there",
     [] { return kNone; },
     {"test", "w.safetensors", "--network", "resnet20"},
     {"w.safetensors: cannot be read"}},
    {"weights_short",
     [] { return weights(std::string("\x10\x20\0\0\0\0\0\0{}", 10)); },
     kTest,
     {"w.safetensors: byte 0: header length 8208 goes beyond the 2 bytes that follow"}},
    {"weights_hostile_length",
     [] { return weights(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10)); },
     kTest,
     {"header length 9223372036854775807"}},
    {"weights_header_not_json",
     [] { return weights(safetensors("{\"a\":")); },
     kTest,
     {"w.safetensors: byte 8: the header is not JSON"}},
    {"weights_beyond_the_end",
     [] {
       return weights(
           safetensors(R"({"conv1.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", 8));
     },
     kTest,
     {"conv1.weight"}},
    {"weights_size_against_shape",
     [] {
       return weights(safetensors(
           R"({"conv1.weight":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}})", 12));
     },
     kTest,
     {"conv1.weight"}},
    {"weights_unknown_dtype",
     [] {
       return weights(
           safetensors(R"({"conv1.weight":{"dtype":"Q4","shape":[4],"data_offsets":[0,16]}})", 16));
     },
     kTest,
     {"conv1.weight", "Q4"}},
    {"weights_of_another_network",
     [] { return weights(safetensors("{}")); },
     kTest,
     {"'conv1.weight': of network resnet20 is missing"}},
    {"export_of_float_weights",
     [] {
       return Files{{"w.safetensors", safetensors("{}")}};
     },
     {"export", "w.safetensors", "--network", "resnet20"},
     {"hwflow-integer-1"}},
    // Data files.
    {"data_folder_without_files",
     [] {
       return Files{{"d/readme", "x"}, {"w.safetensors", safetensors("{}")}};
     },
     kTest,
     {"holds no cifar10 files"}},
    {"cifar_short_record",
     [] {
       Files files = weights(safetensors("{}"));
       files["d/test_batch.bin"] = cifar(2, 1).substr(1);
       return files;
     },
     kTest,
     {"test_batch.bin"}},
    {"cifar_label_beyond_the_classes",
     [] {
       Files files = weights(safetensors("{}"));
       files["d/test_batch.bin"] = cifar(2, 11);
       return files;
     },
     kTest,
     {"test_batch.bin", "label 11"}},
    {"fashion_mnist_wrong_magic",
     [] {
       Files files;
       for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
         files[std::string("d/") + name] = std::string(64, '\x09');
       }
       return files;
     },
     {"train", "fmnist_resnet", "--data", "fashion-mnist", "--data-dir", "d", "--out", "o"},
     {"magic"}},
    {"images_do_not_fit_the_network",
     [] { return kNone; },
     {"train", "resnet20", "--data", "fashion-mnist", "--out", "o"},
     {"resnet20: reads images of 3 x 32 x 32", "1 x 28 x 28"}},
    // Study files.
    {"study_not_there", [] { return kNone; }, kCodesign, {"s.yaml"}},
    {"study_unknown_key",
     [] {
       return Files{{"s.yaml", study("population:", "populaton:")}};
     },
     kCodesign,
     {"search.populaton: unknown key (did you mean 'population'?)"}},
    {"study_population",
     [] {
       return Files{{"s.yaml", study("population: 40", "population: 41")}};
     },
     kCodesign,
     {"search.population: must be a multiple of 4", "got 41"}},
    {"study_unknown_objective",
     [] {
       return Files{{"s.yaml", study("[accuracy, energy, latency]", "[accuracy, power]")}};
     },
     kCodesign,
     {"search.objectives[1]", "power"}},
    {"study_without_weights",
     [] {
       return Files{{"s.yaml", study("fmnist_resnet.safetensors", "none.safetensors")}};
     },
     kCodesign,
     {"s.yaml: weights: no file '", "none.safetensors'"}},
    {"study_unknown_data",
     [] {
       return Files{{"s.yaml", study("", "")}};
     },
     {"codesign", "s.yaml", "--out", "o", "--set", "data.name=fashon-mnist"},
     {"--set data.name=fashon-mnist: is not a data set"}},
    {"study_unknown_accelerator",
     [] {
       return Files{{"s.yaml", study("accelerator: eyeriss", "accelerator: eyeris")}};
     },
     kCodesign,
     {"accelerator", "did you mean 'eyeriss'?"}},
    {"study_width_twice",
     [] {
       return Files{{"s.yaml", study("weight_bits: [2, 3", "weight_bits: [2, 2, 3")}};
     },
     kCodesign,
     {"search.weight_bits: lists a width twice"}},
    {"setting_of_unknown_key",
     [] {
       return Files{{"s.yaml", study("seed: 1", "seed: 2")}};
     },
     {"codesign", "s.yaml", "--out", "o", "--set", "search.sed=3"},
     {"search.sed"}},
};

class WrongInput : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    folder_ = fs::path(testing::TempDir()) / ("hwflow_wrong_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    fs::current_path(folder_);
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

 private:
  fs::path before_, folder_;
};

TEST_P(WrongInput, IsRefusedWithItsPlaceAndTheFix) {
  for (const auto& [name, bytes] : GetParam().files()) {
    if (fs::path(name).has_parent_path()) fs::create_directories(fs::path(name).parent_path());
    std::ofstream(name, std::ios::binary) << bytes;
  }
  const Outcome outcome = run_hwflow(GetParam().words);
  EXPECT_EQ(outcome.exit_code, kWrongInput) << outcome.errors;
  for (const char* message : GetParam().messages) EXPECT_THAT(outcome.errors, HasSubstr(message));
  EXPECT_FALSE(fs::exists("o")) << "something was written";
}

INSTANTIATE_TEST_SUITE_P(Rows, WrongInput, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(WrongInputs, AreAtLeastForty) { EXPECT_GE(std::size(kRows), 40U); }

}  // namespace
}  // namespace hwflow::cli
