#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "train/export/onnx_export.hpp"

namespace hwflow::train {

/// Whether there is a Python with the packages of tools/requirements.txt (HWFLOW_PYTHON).
[[nodiscard]] bool can_run_elsewhere();

/// Logits of images (planes of bytes of shape `image`) as tests/train/export/run_onnx.py gives
/// them: onnxruntime for QDQ, the qonnx package for QONNX. A program that fails is a test failure.
[[nodiscard]] std::vector<float> run_elsewhere(const std::string& onnx, OnnxFlavour flavour,
                                               std::span<const std::uint8_t> pixels,
                                               const FeatureShape& image);

}  // namespace hwflow::train
