#include "workload/builtin_networks.hpp"

#include <algorithm>
#include <string>

#include "workload/networks/families.hpp"

namespace hwflow {

const std::vector<BuiltinNetwork>& builtin_networks() {
  static const std::vector<BuiltinNetwork> kNetworks{
      {"resnet8", "CIFAR-10, 3x32x32", "Banbury et al., MLPerf Tiny Benchmark, 2021",
       networks::resnet8},
      {"resnet20", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet20},
      {"resnet32", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet32},
      {"resnet44", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet44},
      {"resnet56", "CIFAR-10, 3x32x32, option-A shortcuts",
       "He et al., Deep Residual Learning, 2016, section 4.2", networks::resnet56},
      {"fmnist_resnet", "Fashion-MNIST, 1x28x28: 14 layers of the CIFAR shape",
       "after He et al., Deep Residual Learning, 2016, section 4.2", networks::fmnist_resnet},
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
