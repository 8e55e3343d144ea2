#pragma once

#include <string>
#include <utility>

namespace hwflow::onnx_import {

/// Why a part of an ONNX file cannot be used. Thrown and caught within the reader only: it names
/// the node, collects the problems of all nodes and returns them as Diagnostics.
struct Problem {
  explicit Problem(std::string why, std::string how_to_mend = "")
      : reason(std::move(why)), hint(std::move(how_to_mend)) {}
  std::string reason;
  std::string hint;
};

}  // namespace hwflow::onnx_import
