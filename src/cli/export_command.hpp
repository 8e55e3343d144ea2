#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow export MODEL --format qdq|qonnx: a quantized checkpoint as an ONNX file.
void add_export_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
