#pragma once

#include <filesystem>
#include <string>

#include "base/diagnostics.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/sgd.hpp"

namespace hwflow::train {

/// Writes parameters, buffers, momenta and the number of finished epochs (the state of all random
/// streams, which derive from seed and epoch). `signature` is whatever a resume must find
/// unchanged. Atomic; throws std::system_error when the disk fails. Torch header.
void write_checkpoint(const std::filesystem::path& file, const NetworkModule& module,
                      const Sgd& optimizer, int finished_epochs, const std::string& signature);

/// Puts a checkpoint back; the finished epochs. Errors  a broken file, another signature, missing,
/// unused or mis-shaped tensors, all at once; module and optimizer are untouched then.
[[nodiscard]] Expected<int> read_checkpoint(const std::filesystem::path& file,
                                            NetworkModule& module, Sgd& optimizer,
                                            const std::string& signature);

}  // namespace hwflow::train
