#pragma once

#include "workload/network.hpp"

/// One maker per built-in network; the registry (builtin_networks.cpp) names size and source.
namespace hwflow::networks {

[[nodiscard]] Network resnet20();
[[nodiscard]] Network resnet20b();
[[nodiscard]] Network resnet32();
[[nodiscard]] Network resnet44();
[[nodiscard]] Network resnet56();
[[nodiscard]] Network fmnist_resnet();

[[nodiscard]] Network resnet8();
[[nodiscard]] Network dscnn();

[[nodiscard]] Network resnet18();
[[nodiscard]] Network resnet34();
[[nodiscard]] Network resnet50();
[[nodiscard]] Network deeplabv3();

[[nodiscard]] Network lenet5();
[[nodiscard]] Network alexnet();
[[nodiscard]] Network vgg16();
[[nodiscard]] Network vgg19();

[[nodiscard]] Network squeezenet();
[[nodiscard]] Network squeezenet1_1();

[[nodiscard]] Network mobilenetv1();
[[nodiscard]] Network mobilenetv2();

[[nodiscard]] Network fsrcnn();
[[nodiscard]] Network fsrcnn_subpixel();

}  // namespace hwflow::networks
