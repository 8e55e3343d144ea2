#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "train/nn/network_module.hpp"
#include "train/nn/training.hpp"

namespace hwflow::train {

/// The device of that name. Errors  not a device name, or not there. Torch header.
[[nodiscard]] Expected<torch::Device> find_device(const std::string& name);

/// The teacher as a module on that device; null: there is none.
[[nodiscard]] std::unique_ptr<NetworkModule> module_of(const Teacher* teacher,
                                                       torch::Device device);
/// What a resumed training must share of it.
[[nodiscard]] std::string circumstance_of(const Teacher* teacher);

/// Trains the module in place; quantizing subclasses train their own parameters with it (all of
/// named_parameters()). See train_network() for the promises. The module must be on the device.
/// `teacher`, if there is one, is on the same device and is left in evaluation mode; options
/// .distillation > 0 needs it.
[[nodiscard]] Expected<std::vector<EpochReport>> train_module(
    NetworkModule& module, const ImageSet& images, const Normalization& normalization,
    const TrainOptions& options, const EpochProgress& progress, const std::stop_token& stop,
    NetworkModule* teacher = nullptr);

/// As correct_images(), with the module as it is (it is left in evaluation mode).
[[nodiscard]] std::vector<std::uint8_t> correct_images(NetworkModule& module,
                                                       const ImageSet& images,
                                                       const Normalization& normalization,
                                                       std::int64_t batch_size);

/// The images at `indices` as the module's input, on the CPU.
[[nodiscard]] torch::Tensor to_tensor(const ImageSet& images, const Normalization& normalization,
                                      const std::vector<std::int64_t>& indices);

}  // namespace hwflow::train
