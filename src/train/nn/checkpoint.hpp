#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/sgd.hpp"
#include "train/nn/training.hpp"

namespace hwflow::train {

/// What a resumed run must share with the run that wrote its checkpoint, by name.
using TrainSettings = std::map<std::string, std::string>;

/// Writes parameters, buffers, momenta, settings and the finished epochs, all from the first one on
/// (their number is the state of all random streams, which derive from seed and epoch). Atomic;
/// throws std::system_error when the disk fails. Torch header.
void write_checkpoint(const std::filesystem::path& file, const NetworkModule& module,
                      const Sgd& optimizer, std::span<const EpochReport> finished,
                      const TrainSettings& settings);

/// Puts a checkpoint back; the finished epochs. Errors  a broken file, other settings (each by
/// name), missing, unused or mis-shaped tensors, all at once; module and optimizer are untouched
/// then.
[[nodiscard]] Expected<std::vector<EpochReport>> read_checkpoint(const std::filesystem::path& file,
                                                                 NetworkModule& module,
                                                                 Sgd& optimizer,
                                                                 const TrainSettings& settings);

}  // namespace hwflow::train
