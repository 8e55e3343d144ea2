#include "train/nn/checkpoint.hpp"

#include <fmt/format.h>
#include <torch/utils.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "train/nn/safetensors.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

FloatTensor to_float_tensor(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const float* first = flat.data_ptr<float>();
  return {flat.sizes().vec(), {first, first + flat.numel()}};
}

Tensor to_torch(const FloatTensor& tensor, const Tensor& like) {
  auto* values = const_cast<float*>(tensor.values.data());  // from_blob; cloned at once
  return torch::from_blob(values, tensor.shape, torch::kFloat32).clone().to(like.device());
}

std::map<std::string, Tensor> state_of(const NetworkModule& module) {
  std::map<std::string, Tensor> state;
  for (const auto& item : module.named_parameters()) state["model." + item.key()] = item.value();
  for (const auto& item : module.named_buffers()) state["model." + item.key()] = item.value();
  return state;
}

std::string momentum_name(const TrainedTensor& tensor) { return "momentum." + tensor.name; }

constexpr const char* kFormat = "hwflow training checkpoint 3";
constexpr const char* kEpochs = "epochs";  // a key of the metadata

std::string to_text(std::span<const EpochReport> epochs) {
  nlohmann::json list = nlohmann::json::array();
  for (const EpochReport& e : epochs) {
    list.push_back({e.epoch, e.loss, e.accuracy, e.learning_rate, e.seconds});
    if (e.robust_accuracy) list.back().push_back(*e.robust_accuracy);
  }
  return list.dump();
}

/// None: the file does not say.
std::optional<std::vector<EpochReport>> epochs_of(
    const std::map<std::string, std::string>& metadata) {
  const auto found = metadata.find(kEpochs);
  if (found == metadata.end()) return std::nullopt;
  const nlohmann::json list = nlohmann::json::parse(found->second, nullptr, false);
  if (!list.is_array()) return std::nullopt;
  std::vector<EpochReport> epochs;
  for (const nlohmann::json& e : list) {
    const bool is_report =
        e.is_array() && (e.size() == 5 || e.size() == 6) &&
        std::ranges::all_of(e, [](const auto& n) { return n.is_number() || n.is_null(); });
    if (!is_report || e[0] != epochs.size() + 1) return std::nullopt;
    const auto number = [&e](std::size_t i) {  // JSON has no number for the loss of a diverged run
      return e[i].is_null() ? std::numeric_limits<double>::quiet_NaN() : e[i].get<double>();
    };
    epochs.push_back({e[0], number(1), number(2), number(3), number(4)});
    if (e.size() == 6) epochs.back().robust_accuracy = number(5);
  }
  return epochs;
}

constexpr std::string_view kSetting = "setting.";  // and its name: a key of the metadata

TrainSettings settings_of(const std::map<std::string, std::string>& metadata) {
  TrainSettings settings;
  for (const auto& [key, text] : metadata) {
    if (key.starts_with(kSetting)) settings[key.substr(kSetting.size())] = text;
  }
  return settings;
}

Diagnostics compare_settings(const std::string& file, const TrainSettings& there,
                             const TrainSettings& here) {
  std::map<std::string, std::pair<std::string, std::string>> all;
  for (const auto& [name, text] : there) all[name].first = text;
  for (const auto& [name, text] : here) all[name].second = text;
  Diagnostics problems;
  for (const auto& [name, texts] : all) {
    if (texts.first == texts.second) continue;
    const auto shown = [](const std::string& text) { return text.empty() ? "none" : text; };
    problems.push_back({file,
                        fmt::format("was written with other settings: {} {} there, {} here", name,
                                    shown(texts.first), shown(texts.second)),
                        ""});
  }
  if (!problems.empty()) {
    problems.back().hint = "use its settings, another folder, or start without resuming";
  }
  return problems;
}

Diagnostics compare(const std::string& file, const Safetensors& content,
                    const std::map<std::string, Tensor>& expected, const TrainSettings& settings) {
  Diagnostics problems = compare_settings(file, settings_of(content.metadata), settings);
  if (!epochs_of(content.metadata)) {
    const auto format = content.metadata.find("format");
    const bool is_ours = format != content.metadata.end() && format->second == kFormat;
    problems.push_back({file,
                        is_ours ? "does not say which epochs are finished"
                                : "was written by another version of hwflow",
                        "start without resuming"});
  }
  for (const auto& [name, tensor] : expected) {
    const auto at = content.tensors.find(name);
    if (at == content.tensors.end()) {
      problems.push_back({file, "tensor '" + name + "' is missing", ""});
    } else if (tensor.sizes() != at->second.shape) {
      problems.push_back({file, "tensor '" + name + "' has another shape", ""});
    }
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (!expected.contains(name)) problems.push_back({file, "tensor '" + name + "' is unused", ""});
  }
  return problems;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& file, const NetworkModule& module,
                      const Sgd& optimizer, std::span<const EpochReport> finished,
                      const TrainSettings& settings) {
  Safetensors content;
  content.metadata = {{"format", kFormat}, {kEpochs, to_text(finished)}};
  for (const auto& [name, text] : settings) content.metadata[std::string(kSetting) + name] = text;
  for (const auto& [name, tensor] : state_of(module))
    content.tensors[name] = to_float_tensor(tensor);
  for (const TrainedTensor& t : optimizer.tensors()) {
    if (t.momentum.defined()) content.tensors[momentum_name(t)] = to_float_tensor(t.momentum);
  }
  write_safetensors(file, content);
}

Expected<std::vector<EpochReport>> read_checkpoint(const std::filesystem::path& file,
                                                   NetworkModule& module, Sgd& optimizer,
                                                   const TrainSettings& settings) {
  const Expected<Safetensors> content = read_safetensors(file);
  if (!content) return Unexpected{content.error()};
  const std::map<std::string, Tensor> state = state_of(module);
  std::map<std::string, Tensor> expected = state;
  for (const TrainedTensor& t : optimizer.tensors()) {
    if (content->tensors.contains(momentum_name(t))) expected[momentum_name(t)] = t.tensor;
  }
  Diagnostics problems = compare(file.string(), content.value(), expected, settings);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  torch::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : state) {
    tensor.copy_(to_torch(content->tensors.at(name), tensor));
  }
  for (std::size_t i = 0; i < optimizer.tensors().size(); ++i) {
    const TrainedTensor& t = optimizer.tensors()[i];
    const auto at = content->tensors.find(momentum_name(t));
    optimizer.set_momentum(
        i, at == content->tensors.end() ? Tensor() : to_torch(at->second, t.tensor));
  }
  return epochs_of(content->metadata).value();
}

}  // namespace hwflow::train
