#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/expected.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

struct Safetensors {
  WeightMap tensors;                            ///< F32 (F16, BF16, F64, I64 are converted)
  std::map<std::string, std::string> metadata;  ///< the "__metadata__" object
};

/// Errors  short or hostile header, overlapping or out-of-range offsets, unknown dtype, size that
///         contradicts the shape: each names the file, the tensor and the bytes.
[[nodiscard]] Expected<Safetensors> read_safetensors(const std::filesystem::path& file);

/// Writes atomically (temporary file, then rename). Throws std::system_error when the disk fails.
void write_safetensors(const std::filesystem::path& file, const Safetensors& content);

/// A 64-bit hash of names and values: equal weights have equal ones, on every machine.
[[nodiscard]] std::uint64_t fingerprint(const WeightMap& weights);

}  // namespace hwflow::train
