/// Files that are wrong, and what hwflow says of them: one row, one message.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/cli/wrong_input.hpp"
#include "tests/support/refusals.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

std::string source_file(const std::string& relative) {
  std::stringstream text;
  text << std::ifstream(fs::path(std::getenv("HWFLOW_SOURCE_DIR")) / relative).rdbuf();
  return text.str();
}

/// A shipped file with one place changed.
std::string edited(const std::string& relative, const std::string& from, const std::string& to) {
  return hwflow::testing::edited(source_file(relative), from, to);
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

constexpr const char* kPooling =
    "schema: 1\nname: pooling\nnodes:\n"
    "  - {name: image, kind: input, shape: [1, 28, 28]}\n"
    "  - {name: pool, kind: max_pooling, kernel: [2, 2], stride: [2, 2]}\n";
constexpr const char* kSoftmax =
    "schema: 1\nname: softmax\nnodes:\n"
    "  - {name: image, kind: input, shape: [1, 28, 28]}\n"
    "  - {name: soft, kind: softmax}\n";
constexpr const char* kEndlessNetwork =
    "schema: 1\nname: endless\nnodes:\n"
    "  - {name: image, kind: input, shape: [1073741824, 1, 1]}\n"
    "  - {name: fc, kind: fully_connected, out_channels: 524288}\n";

std::string slow_machine() {
  return eyeriss("read_bandwidth_bits_per_cycle: 19.2", "read_bandwidth_bits_per_cycle: 0.001");
}

const Row kRows[] = {
    // Files that are none.
    {"arch_is_a_folder",
     [] {
       return Files{{"d/readme", "x"}};
     },
     {"map", "lenet5", "--arch", "./d"},
     {"./d: is a directory"}},
    {"arch_is_a_device",
     [] { return kNone; },
     {"map", "lenet5", "--arch", "/dev/zero"},
     {"/dev/zero: is a pipe or a device, not a file"}},
    {"references_are_a_device",
     [] { return kNone; },
     {"map", "--refs", "/dev/zero"},
     {"/dev/zero: is a pipe or a device"}},
    {"mapping_is_a_device",
     [] { return kNone; },
     {"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", "/dev/zero"},
     {"/dev/zero: is a pipe or a device"}},
    {"weights_are_a_device",
     [] { return kNone; },
     {"test", "/dev/zero", "--network", "resnet20"},
     {"/dev/zero: is a pipe or a device"}},
    {"weights_are_a_folder",
     [] {
       return Files{{"d/readme", "x"}};
     },
     {"test", "d", "--network", "resnet20"},
     {"d: is a directory"}},
    {"study_is_a_device",
     [] { return kNone; },
     {"codesign", "/dev/zero", "--out", "o"},
     {"/dev/zero: is a pipe or a device"}},
    {"yaml_empty", [] { return arch(""); }, kMapA, {"a.yaml: must be a map, got null"}},
    {"yaml_binary",
     [] { return arch(std::string("schema: 1\nname: a\x00\x01", 19)); },
     kMapA,
     {"a.yaml:2:8: byte 0x00 is no UTF-8 text"}},
    {"yaml_not_utf8",
     [] { return arch("schema: 1\nname: a\xff\n"); },
     kMapA,
     {"a.yaml:2:8: byte 0xff is no UTF-8 text"}},
    {"yaml_bomb_of_texts",
     [] {
       std::string bomb = "a: &a '" + std::string(1'000'000, 'x') + "'\nb: [*a";
       for (int i = 0; i < 10'000; ++i) bomb += ",*a";
       return arch(bomb + "]\n");  // 10 GB when copied
     },
     kMapA,
     {"a.yaml:2:", "more than 1000000 values"}},
    {"yaml_deep",
     [] {
       std::string deep = "a: ";
       for (int i = 0; i < 1000; ++i) deep += "[";
       return arch(deep);
     },
     kMapA,
     {"a.yaml:1:"}},
    // Accelerator files.
    {"arch_tiny_bandwidth",
     [] {
       return arch(
           eyeriss("read_bandwidth_bits_per_cycle: 19.2", "read_bandwidth_bits_per_cycle: 1e-30"));
     },
     kMapA,
     {"levels[0].read_bandwidth_bits_per_cycle: must be >= 0.001, got 1e-30"}},
    {"arch_energy_beyond_doubles",
     [] { return arch(eyeriss("clock_mhz: 200", "clock_mhz: 1e400")); },
     kMapA,
     {"clock_mhz: must be a finite number, got inf"}},
    {"arch_partial_sums_too_narrow",
     [] { return arch(eyeriss("partial_sum_bits: 16", "partial_sum_bits: 1")); },
     kMapA,
     {"a.yaml:14: partial_sum_bits: 1 bits cannot hold a sum of products of 16-bit operands"}},
    {"arch_keeps_a_role_twice",
     [] { return arch(eyeriss("keeps: [weights,", "keeps: [weights, weights,")); },
     kMapA,
     {"levels[0].keeps[1]: 'weights' is also levels[0].keeps[0]"}},
    {"arch_capacity_beyond_doubles",
     [] { return arch(eyeriss("capacity_bits: 884736", "capacity_bits: 9007199254740993")); },
     kMapA,
     {"levels[1].capacity_bits: must be <= 9007199254740992"}},
    {"arch_mesh_beyond_any_chip",
     [] { return arch(eyeriss("x: 14", "x: 99999999")); },
     kMapA,
     {"fanout.x: must be <= 1048576"}},
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
     {"m.json: there is no such file"}},
    {"mapping_of_something_else",
     [] {
       return Files{{"m.json", "{}"}};
     },
     {"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", "m.json"},
     {"m.json", "layers"}},
    {"network_without_weights",
     [] {
       return Files{{"n.yaml", kPooling}};
     },
     {"map", "n.yaml", "--arch", "eyeriss"},
     {"n.yaml: has no layer with weights (--auxiliary maps its poolings"}},
    {"network_that_computes_nothing",
     [] {
       return Files{{"n.yaml", kSoftmax}};
     },
     {"map", "n.yaml", "--arch", "eyeriss", "--auxiliary"},
     {"n.yaml: has no layer that computes anything"}},
    {"training_without_weights",
     [] {
       return Files{{"n.yaml", kPooling}};
     },
     {"train", "n.yaml", "--out", "o"},
     {"pooling: has no layer with weights: there is nothing to train"}},
    {"layer_beyond_counting",
     [] {
       return Files{{"n.yaml", kEndlessNetwork}, {"a.yaml", slow_machine()}};
     },
     {"map", "n.yaml", "--arch", "a.yaml"},
     {"fc: could take", "cycles on 'eyeriss', more than can be counted"}},
    {"mapping_of_another_machine_told_once",
     [] {
       return Files{{"m.json", R"({"layers": [{"name": "conv1", "mapping": "L2: k4 | L1: c2"},
                                              {"name": "conv2", "mapping": "L2: k4 | L1: c3"}]})"}};
     },
     {"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", "m.json"},
     {"m.json:1:", "L2: 'eyeriss' has no such level, as in 1 more place",
      "DRAM: level missing, as in 1 more place"}},
    // Weight files.
    {"weights_not_there",
     [] { return kNone; },
     {"test", "w.safetensors", "--network", "resnet20"},
     {"w.safetensors: there is no such file"}},
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
    {"study_agent_budgets",
     [] {
       return Files{{"s.yaml", study("population: 40",
                                     "population: 40\n  algorithm: agent\n  evaluations: 0\n"
                                     "  budgets: [{of: power, share: 0.6}, "
                                     "{of: latency, share: 0}, {share: 0.5}, {of: energy}, "
                                     "{of: energy, share: 1, also: [{of: watts, share: 1}]}]")}};
     },
     kCodesign,
     {"search.evaluations: must be >= 1, got 0",
      "search.budgets[0].of: must be one of accuracy, energy, latency, dram, model_size, "
      "macs, failure_rate, got 'power'",
      "search.budgets[1].share: must be > 0, got 0", "search.budgets[2]: missing required key 'of'",
      "search.budgets[3]: missing required key 'share'",
      "search.budgets[4].also[0].of: must be one of", "got 'watts'", "6 problems"}},
    {"study_agent_budgets_of_no_cost",
     [] {
       return Files{
           {"s.yaml", study("population: 40",
                            "population: 40\n  evaluations: 3\n  algorithm: evolution\n  budgets: "
                            "[{of: accuracy, share: 0.5}]")}};
     },
     kCodesign,
     {"s.yaml: search.budgets[0].of: must be a cost, got accuracy (energy, latency, dram, "
      "model_size or, with channels, macs)",
      "s.yaml: search.evaluations: 3 are too few"}},
    {"study_fused_without_one_buffer",
     [] {
       return Files{{"s.yaml", study("accelerator: eyeriss",
                                     "accelerator: bitfusion\nschedule: fused\n"
                                     "hardware: {include_auxiliary: false}")}};
     },
     kCodesign,
     {"s.yaml: schedule: fused groups cannot run on bitfusion: no on-chip level keeps both inputs "
      "and outputs",
      "schedule: layer_by_layer",
      "s.yaml: hardware.include_auxiliary: false leaves out additions"}},
    {"study_unknown_mapper",
     [] {
       return Files{{"s.yaml", study("max_evaluations: 20000",
                                     "max_evaluations: 20000\n  strategy: product")}};
     },
     kCodesign,
     {"s.yaml: mapper.strategy: ", "products"}},
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

class WrongInput : public RefusedInput {};
TEST_P(WrongInput, IsRefusedWithItsPlaceAndTheFix) { expect_refused(); }
INSTANTIATE_TEST_SUITE_P(Rows, WrongInput, ::testing::ValuesIn(kRows), name_of);

TEST(WrongInputs, AreAtLeastForty) { EXPECT_GE(std::size(kRows), 40U); }

}  // namespace
}  // namespace hwflow::cli
