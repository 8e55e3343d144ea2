#include "workload/builtin_networks.hpp"

#include <algorithm>
#include <string>

#include "workload/networks/families.hpp"

namespace hwflow {

const std::vector<BuiltinNetwork>& builtin_networks() {
  static const std::vector<BuiltinNetwork> kNetworks{
      {"lenet5", "MNIST or Fashion-MNIST, 1x28x28 (padded to 32); C3 fully connected, ReLU",
       "LeCun et al., Gradient-Based Learning, 1998", networks::lenet5},
      {"resnet8", "CIFAR-10, 3x32x32", "Banbury et al., MLPerf Tiny Benchmark, 2021",
       networks::resnet8},
      {"dscnn", "keyword spotting, 1x49x10",
       "Zhang et al., Hello Edge, 2017; as in MLPerf Tiny, 2021", networks::dscnn},
      {"fmnist_resnet", "Fashion-MNIST, 1x28x28: 14 layers of the CIFAR shape",
       "after He et al., Deep Residual Learning, 2016, section 4.2", networks::fmnist_resnet},
      {"resnet20", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet20},
      {"resnet20b", "CIFAR-10, 3x32x32, option-B shortcuts (1x1 convolutions)",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet20b},
      {"resnet32", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet32},
      {"resnet44", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet44},
      {"resnet56", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet56},
      {"resnet18", "ImageNet, 3x224x224",
       "He et al., Deep Residual Learning, 2016; as in torchvision", networks::resnet18},
      {"resnet34", "ImageNet, 3x224x224",
       "He et al., Deep Residual Learning, 2016; as in torchvision", networks::resnet34},
      {"resnet50", "ImageNet, 3x224x224, stride on the 3x3 (v1.5)",
       "He et al., Deep Residual Learning, 2016; as in torchvision", networks::resnet50},
      {"alexnet", "ImageNet, 3x227x227, two groups in conv2, conv4 and conv5; without LRN",
       "Krizhevsky et al., ImageNet Classification, 2012", networks::alexnet},
      {"vgg16", "ImageNet, 3x224x224, configuration D",
       "Simonyan and Zisserman, Very Deep Networks, 2015", networks::vgg16},
      {"vgg19", "ImageNet, 3x224x224, configuration E",
       "Simonyan and Zisserman, Very Deep Networks, 2015", networks::vgg19},
      {"squeezenet", "ImageNet, 3x224x224, version 1.0",
       "Iandola et al., SqueezeNet, 2016; as in torchvision", networks::squeezenet},
      {"squeezenet1_1", "ImageNet, 3x224x224, version 1.1",
       "Iandola et al., SqueezeNet, 2016; as in torchvision", networks::squeezenet1_1},
      {"mobilenetv1", "ImageNet, 3x224x224, width 1.0", "Howard et al., MobileNets, 2017",
       networks::mobilenetv1},
      {"mobilenetv2", "ImageNet, 3x224x224, width 1.0",
       "Sandler et al., MobileNetV2, 2018; as in torchvision", networks::mobilenetv2},
      {"deeplabv3", "Pascal VOC, 3x513x513, ResNet-50, output stride 16, rates 6, 12, 18",
       "Chen et al., Rethinking Atrous Convolution, 2017", networks::deeplabv3},
      {"fsrcnn", "luminance 1x270x480, scale 2 to 540x960, FSRCNN(56,12,4)",
       "Dong et al., Accelerating the Super-Resolution CNN, 2016", networks::fsrcnn},
      {"fsrcnn_subpixel", "luminance 1x540x960, 3x3 to 16 channels in place of the deconvolution",
       "workload of Mei et al., DeFiNES, 2023", networks::fsrcnn_subpixel},
  };
  return kNetworks;
}

Expected<Network> make_builtin_network(std::string_view name) {
  const auto& all = builtin_networks();
  const auto found = std::ranges::find(all, name, &BuiltinNetwork::name);
  if (found != all.end()) return found->build();

  std::vector<std::string> names;
  for (const BuiltinNetwork& each : all) names.emplace_back(each.name);
  return Unexpected{
      Diagnostics{{"network", "no built-in network is called '" + std::string(name) + "'",
                   nearest_name_hint(name, names)}}};
}

}  // namespace hwflow
