#include <array>
#include <string_view>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

constexpr const char* kDetection = "selects boxes: its output size depends on the image";
constexpr const char* kControl = "runs a graph within the graph";
constexpr const char* kRecurrent = "recurrent layers are not supported";
constexpr const char* kCut = "cut the model before its post-processing";
constexpr const char* kFlatten = "simplify the model with constant conditions";

struct Row {
  std::string_view op_type;
  const char *reason, *hint;
};

constexpr std::array kRows{
    Row{"Compress", kDetection, kCut},
    Row{"GRU", kRecurrent, ""},
    Row{"If", kControl, kFlatten},
    Row{"LSTM", kRecurrent, ""},
    Row{"Loop", kControl, kFlatten},
    Row{"MaxRoiPool", kDetection, kCut},
    Row{"NonMaxSuppression", kDetection, kCut},
    Row{"NonZero", kDetection, kCut},
    Row{"RNN", kRecurrent, ""},
    Row{"RoiAlign", kDetection, kCut},
    Row{"Scan", kControl, kFlatten},
    Row{"Unique", kDetection, kCut},
};

}  // namespace

void import_refused(const NodeImport& node) {
  for (const Row& row : kRows)
    if (row.op_type == node.op_type()) throw Problem(row.reason, row.hint);
}

bool is_refused(std::string_view op_type) {
  for (const Row& row : kRows)
    if (row.op_type == op_type) return true;
  return false;
}

}  // namespace hwflow::onnx_import
