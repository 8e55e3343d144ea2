#include "train/nn/module_training.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <chrono>
#include <numeric>
#include <string_view>

#include "base/check.hpp"
#include "base/enum_names.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/shuffle.hpp"
#include "train/nn/adversary.hpp"
#include "train/nn/checkpoint.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/sgd.hpp"
#include "train/nn/training.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::span<float> elements_of(Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

torch::Device device_of(const NetworkModule& module) {
  const std::vector<Tensor> parameters = module.parameters();
  return parameters.empty() ? torch::Device(torch::kCPU) : parameters.front().device();
}

/// Only what is asked for, so that checkpoints of trainings without it stay good.
void add_hardening(const TrainOptions& o, TrainSettings& settings) {
  if (o.norm_decay) settings["decay of norms"] = fmt::format("{}", *o.norm_decay);
  if (o.range_decay) settings["decay of ranges"] = fmt::format("{}", *o.range_decay);
  if (o.weight_clip > 0.0) settings["weight clip"] = fmt::format("{}", o.weight_clip);
  if (o.bit_errors.any())
    settings["bit errors"] = fmt::format("weights {} activations {} after {}", o.bit_errors.weights,
                                         o.bit_errors.activations, o.bit_error_epochs);
  const AdversaryOptions& a = o.adversary;
  if (!a.is_on()) return;
  settings["adversary"] =
      fmt::format("{} eps {} step {} steps {} replays {} watched {} {}", enum_name(a.method), a.eps,
                  a.step(), a.method == AdversaryMethod::pgd ? a.steps : 1,
                  a.method == AdversaryMethod::free ? a.replays : 1, a.watch, a.collapse);
}

/// Everything that a resumed run must share with the run that wrote the checkpoint. Epochs count,
/// since the cosine depends on them; threads, device and file names do not.
TrainSettings settings_of(const NetworkModule& module, const ImageSet& images,
                          const Normalization& normalization, const TrainOptions& o) {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  const std::string_view pixels(reinterpret_cast<const char*>(images.pixels.data()),
                                images.pixels.size());
  TrainSettings settings{
      {"network", module.name()},
      {"data", images.name},
      {"training images", fmt::format("{} ({:016x})", images.count(), stable_hash(pixels))},
      {"mean", fmt::format("{}", fmt::join(normalization.mean, ","))},
      {"std", fmt::format("{}", fmt::join(normalization.std, ","))},
      {"epochs", text(o.epochs)},
      {"batch size", text(o.batch_size)},
      {"learning rate", text(o.learning_rate)},
      {"schedule", std::string(enum_name(o.schedule))},
      {"warm-up epochs", text(o.warmup_epochs)},
      {"step epochs", fmt::format("{}", fmt::join(o.step_epochs, ","))},
      {"step factor", text(o.step_factor)},
      {"momentum", text(o.momentum)},
      {"Nesterov momentum", text(o.nesterov)},
      {"weight decay", text(o.weight_decay)},
      {"decay of norms and biases", text(o.decay_norm_and_bias)},
      {"label smoothing", text(o.label_smoothing)},
      {"distillation", text(o.distillation)},
      {"temperature", text(o.temperature)},
      {"crop pad", text(o.augmentation.pad)},
      {"flip", text(o.augmentation.flip)},
      {"seed", text(o.seed)}};
  add_hardening(o, settings);
  settings.insert(o.circumstances.begin(), o.circumstances.end());
  return settings;
}

double decay_of(const std::string& parameter, const Tensor& tensor, const TrainOptions& o) {
  // Names of NetworkModule and FakeQuantizedModule.
  const bool is_norm = parameter.find("batch_norm.") != std::string::npos;
  if (is_norm && o.norm_decay) return *o.norm_decay;
  if (parameter.starts_with("scale_") && o.range_decay) return *o.range_decay;
  return o.decay_norm_and_bias || tensor.dim() > 1 ? o.weight_decay : 0.0;
}

std::vector<TrainedTensor> trained_tensors(const NetworkModule& module, const TrainOptions& o) {
  std::vector<TrainedTensor> tensors;
  for (const auto& item : module.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    tensors.push_back({.name = item.key(),
                       .tensor = item.value(),
                       .weight_decay = decay_of(item.key(), item.value(), o),
                       .rate_scale = 1.0,
                       .momentum = {}});
  }
  return tensors;
}

/// Copies of all parameters and buffers, and the way back.
class Snapshot {
 public:
  explicit Snapshot(const NetworkModule& module) {
    for (const Tensor& tensor : tensors_of(module)) copies_.push_back(tensor.detach().clone());
  }
  void restore(NetworkModule& module) const {
    const torch::NoGradGuard no_gradients;
    std::size_t next = 0;
    for (Tensor& tensor : tensors_of(module)) tensor.copy_(copies_[next++]);
  }

 private:
  static std::vector<Tensor> tensors_of(const NetworkModule& module) {
    std::vector<Tensor> tensors = module.parameters();
    for (const Tensor& buffer : module.buffers()) tensors.push_back(buffer);
    return tensors;
  }
  std::vector<Tensor> copies_;
};

std::vector<std::int64_t> shuffled(std::int64_t count, Rng& rng) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  shuffle(order, rng);
  return order;
}

/// One training run on one module.
class Trainer {
 public:
  Trainer(NetworkModule& module, const ImageSet& images, const Normalization& normalization,
          const TrainOptions& options, NetworkModule* teacher)
      : module_(module),
        teacher_(teacher),
        images_(images),
        options_(options),
        writer_(images, normalization),
        optimizer_(trained_tensors(module, options), options.momentum, options.nesterov),
        // The images are hashed only where a file keeps the settings.
        settings_(options.checkpoint.empty() ? TrainSettings{}
                                             : settings_of(module, images, normalization, options)),
        device_(device_of(module)),
        adversary_(options.adversary, normalization, device_) {}

  Expected<std::vector<EpochReport>> run(const EpochProgress& progress,
                                         const std::stop_token& stop) {
    std::vector<EpochReport> reports;
    if (options_.resume && std::filesystem::exists(options_.checkpoint)) {
      auto read = read_checkpoint(options_.checkpoint, module_, optimizer_, settings_);
      if (!read) return Unexpected{read.error()};
      reports = std::move(*read);
    }
    for (int epoch = static_cast<int>(reports.size()); epoch < options_.epochs; ++epoch) {
      const std::optional<Snapshot> before =
          watches() ? std::optional<Snapshot>(std::in_place, module_) : std::nullopt;
      std::optional<EpochReport> report = run_epoch(epoch, stop);
      if (!report) break;
      if (before) judge(reports, *report);
      reports.push_back(*report);
      if (report->collapsed) {
        before->restore(module_);
        if (progress) progress(*report);
        break;
      }
      if (!options_.checkpoint.empty()) {
        write_checkpoint(options_.checkpoint, module_, optimizer_, reports, settings_);
      }
      if (progress) progress(*report);
    }
    return reports;
  }

 private:
  /// None when stopped within the epoch.
  std::optional<EpochReport> run_epoch(int epoch, const std::stop_token& stop) {
    const Clock::time_point start = Clock::now();
    Rng rng = Rng::derive(options_.seed, static_cast<std::uint64_t>(epoch));
    const std::vector<std::int64_t> order = shuffled(images_.count(), rng);
    const std::int64_t batch = std::min(options_.batch_size, images_.count());
    const std::int64_t steps = images_.count() / batch;
    EpochReport report{.epoch = epoch + 1};
    module_.train();
    if (teacher_ != nullptr) teacher_->eval();
    first_batch_ = {};
    adversary_.forget();
    for (std::int64_t step = 0; step < steps; ++step) {
      if (stop.stop_requested()) return std::nullopt;
      const double at = epoch + (static_cast<double>(step) + 1.0) / static_cast<double>(steps);
      report.learning_rate = learning_rate_at(options_, at);
      flips_bits_ = options_.bit_errors.any() && at > options_.bit_error_epochs;
      const std::span indices(order.data() + step * batch, static_cast<std::size_t>(batch));
      run_step(indices, rng, report);
      if (options_.on_step) options_.on_step(at);
    }
    report.loss /= static_cast<double>(steps);
    report.accuracy /= static_cast<double>(steps * batch);
    report.seconds = seconds_since(start);
    return report;
  }

  struct Batch {
    Tensor input, labels;
  };

  Batch make_batch(std::span<const std::int64_t> indices, Rng& rng) {
    const auto count = static_cast<std::int64_t>(indices.size());
    Tensor input = torch::empty({count, images_.channels, images_.height, images_.width});
    writer_.write_augmented(indices, options_.augmentation, rng, elements_of(input));
    Tensor labels = torch::empty({count}, torch::kInt64);
    for (std::int64_t i = 0; i < count; ++i) {
      labels.data_ptr<std::int64_t>()[i] =
          images_.labels[static_cast<std::size_t>(indices[static_cast<std::size_t>(i)])];
    }
    return {input.to(device_), labels.to(device_)};
  }

  void run_step(std::span<const std::int64_t> indices, Rng& rng, EpochReport& report) {
    Batch batch = make_batch(indices, rng);
    if (!first_batch_.input.defined()) first_batch_ = batch;
    const AdversaryOptions& adversary = options_.adversary;
    if (adversary.method == AdversaryMethod::free) return replay(batch, rng, report);
    if (adversary.is_on())
      batch.input = adversary_.perturb(module_, batch.input, batch.labels, rng);
    update(batch, 1.0, rng, report);
  }

  /// Each gradient moves weights and pixels both.
  void replay(const Batch& batch, Rng& rng, EpochReport& report) {
    const int replays = options_.adversary.replays;
    for (int i = 0; i < replays; ++i) {
      const Tensor input = adversary_.changed(batch.input);
      update({input, batch.labels}, 1.0 / replays, rng, report);
      adversary_.learn(batch.input, input.grad());
    }
  }

  /// One step of the optimizer; `share` of its loss and hits go into the report.
  void update(const Batch& batch, double share, Rng& rng, EpochReport& report) {
    const Tensor logits = module_.forward(batch.input);
    Tensor loss = loss_of(logits, batch.labels, batch.input);
    if (flips_bits_) loss = 0.5 * (loss + loss_under_bit_errors(batch, rng));
    optimizer_.zero_gradients();
    loss.backward();
    optimizer_.step(report.learning_rate);
    if (options_.weight_clip > 0.0) clip_weights();
    report.loss += share * loss.item<double>();
    report.accuracy += share * logits.detach().argmax(1).eq(batch.labels).sum().item<double>();
  }

  /// BatchNorm's running statistics are those of the codes as they are.
  Tensor loss_under_bit_errors(const Batch& batch, Rng& rng) {
    const std::vector<Tensor> buffers = module_.buffers();
    std::vector<Tensor> before;
    for (const Tensor& buffer : buffers) before.push_back(buffer.clone());
    (void)module_.flip_bits(options_.bit_errors, &rng);
    const Tensor loss = loss_of(module_.forward(batch.input), batch.labels, batch.input);
    (void)module_.flip_bits({}, nullptr);
    // Behind autograd's back: the backward pass does not read running statistics in training.
    for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i].variable_data().copy_(before[i]);
    return loss;
  }

  void clip_weights() {
    const torch::NoGradGuard no_gradients;
    for (const TrainedTensor& t : optimizer_.tensors()) {
      if (t.tensor.dim() > 1) Tensor(t.tensor).clamp_(-options_.weight_clip, options_.weight_clip);
    }
  }

  [[nodiscard]] bool watches() const {
    return options_.adversary.is_on() && options_.adversary.watch;
  }

  /// How robust the epoch left the network, and whether that is the end.
  void judge(const std::vector<EpochReport>& before, EpochReport& report) {
    // A stream of its own: the epochs' own numbers do not depend on being watched.
    Rng rng =
        Rng::derive(stable_hash("watch"), options_.seed + static_cast<std::uint64_t>(report.epoch));
    report.robust_accuracy =
        adversary_.robust_share(module_, first_batch_.input, first_batch_.labels, rng);
    if (before.empty() || !before.back().robust_accuracy) return;
    report.collapsed =
        *before.back().robust_accuracy - *report.robust_accuracy > options_.adversary.collapse;
  }

  [[nodiscard]] Tensor loss_of(const Tensor& logits, const Tensor& labels, const Tensor& input) {
    const double share = options_.distillation;
    Tensor loss;
    if (share < 1.0) {
      loss = (1.0 - share) * torch::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean,
                                                       -100, options_.label_smoothing);
    }
    if (share <= 0.0) return loss;
    Tensor wanted;
    {
      const torch::NoGradGuard no_gradients;
      wanted = torch::log_softmax(teacher_->forward(input) / options_.temperature, 1);
    }
    const Tensor got = torch::log_softmax(logits / options_.temperature, 1);
    const Tensor divergence = (wanted.exp() * (wanted - got)).sum(1).mean();
    const Tensor part = share * options_.temperature * options_.temperature * divergence;
    return loss.defined() ? loss + part : part;
  }

  NetworkModule& module_;
  NetworkModule* teacher_;
  const ImageSet& images_;
  const TrainOptions& options_;
  BatchWriter writer_;
  Sgd optimizer_;
  TrainSettings settings_;
  torch::Device device_;
  Adversary adversary_;
  bool flips_bits_ = false;
  Batch first_batch_;  ///< of the epoch, as it is without an adversary
};

/// Torch keeps one global thread count; this puts the old one back.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : before_(torch::get_num_threads()) {
    torch::set_num_threads(threads);
  }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;
  ~ThreadScope() { torch::set_num_threads(before_); }

 private:
  int before_;
};

Diagnostics check_all(const Network& network, const ImageSet& images, const std::string& device) {
  Diagnostics problems = unsupported_parts(network);
  for (const Diagnostic& problem : check_fit(network, images)) problems.push_back(problem);
  for (const Diagnostic& problem : check_device(device)) problems.push_back(problem);
  return problems;
}

struct Slice {
  std::int64_t first = 0, count = 0;  ///< goes no further than the images
};

/// Runs a slice of the images through a module in evaluation mode.
void mark_correct(NetworkModule& module, const ImageSet& images, const Normalization& normalization,
                  Slice slice, std::vector<std::uint8_t>& correct) {
  torch::NoGradGuard no_gradients;
  std::vector<std::int64_t> indices(
      static_cast<std::size_t>(std::min(slice.count, images.count() - slice.first)));
  std::iota(indices.begin(), indices.end(), slice.first);
  const Tensor input = to_tensor(images, normalization, indices).to(device_of(module));
  const Tensor chosen = module.forward(input).argmax(1).to(torch::kCPU);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto image = static_cast<std::size_t>(indices[i]);
    correct[image] = chosen.data_ptr<std::int64_t>()[i] == images.labels[image] ? 1 : 0;
  }
}

/// Batches in parallel, each on one thread: torch's own threads would wait for one another in every
/// layer, which takes many times as long on a busy machine.
std::vector<std::uint8_t> correct_on_threads(NetworkModule& module, const ImageSet& images,
                                             const Normalization& normalization,
                                             const EvaluationOptions& options) {
  HWFLOW_CHECK(options.batch_size >= 1, "a batch holds at least one image");
  const ThreadScope restored(1);
  module.eval();
  std::vector<std::uint8_t> correct(static_cast<std::size_t>(images.count()));
  const std::int64_t batches = (images.count() + options.batch_size - 1) / options.batch_size;
  parallel_for(static_cast<std::size_t>(batches), options.threads, [&](std::size_t batch) {
    torch::set_num_threads(1);  // holds for the calling thread only
    const std::int64_t first = static_cast<std::int64_t>(batch) * options.batch_size;
    mark_correct(module, images, normalization, {first, options.batch_size}, correct);
  });
  return correct;
}

}  // namespace

Expected<torch::Device> find_device(const std::string& name) {
  const auto refuse = [&](const char* reason, const char* hint) {
    return Unexpected{Diagnostics{{"device " + name, reason, hint}}};
  };
  if (name == "cpu") return torch::Device(torch::kCPU);
  if (name != "cuda" && !name.starts_with("cuda:")) {
    return refuse("is not a device that we know", "cpu, cuda or cuda:<number>");
  }
  const auto count = static_cast<std::int64_t>(torch::cuda::device_count());
  if (count == 0) return refuse("is not there", "this libtorch or machine has no CUDA; use cpu");
  const std::string digits = name == "cuda" ? "0" : name.substr(5);
  if (digits.empty() || digits.size() > 2 ||
      digits.find_first_not_of("0123456789") != std::string::npos || std::stol(digits) >= count) {
    return refuse("is not there", "cuda:0 is the first");
  }
  return torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(std::stol(digits)));
}

Diagnostics check_device(const std::string& name) {
  const Expected<torch::Device> found = find_device(name);
  return found ? Diagnostics{} : found.error();
}

Tensor to_tensor(const ImageSet& images, const Normalization& normalization,
                 const std::vector<std::int64_t>& indices) {
  Tensor batch = torch::empty(
      {static_cast<std::int64_t>(indices.size()), images.channels, images.height, images.width});
  BatchWriter(images, normalization).write(indices, elements_of(batch));
  return batch;
}

std::unique_ptr<NetworkModule> module_of(const Teacher* teacher, torch::Device device) {
  if (teacher == nullptr) return nullptr;
  auto module = std::make_unique<NetworkModule>(teacher->network);
  load_weights(*module, teacher->weights);
  module->to(device);
  return module;
}

std::string circumstance_of(const Teacher* teacher) {
  return teacher == nullptr ? "none"
                            : fmt::format("weights {:016x}", fingerprint(teacher->weights));
}

Expected<std::vector<EpochReport>> train_module(NetworkModule& module, const ImageSet& images,
                                                const Normalization& normalization,
                                                const TrainOptions& options,
                                                const EpochProgress& progress,
                                                const std::stop_token& stop,
                                                NetworkModule* teacher) {
  HWFLOW_CHECK(teacher != nullptr || options.distillation == 0.0, "distillation needs a teacher");
  Diagnostics problems = check(options);
  for (const Diagnostic& problem : check_fit(module.network(), images)) problems.push_back(problem);
  if (images.count() < 2) problems.push_back({images.name, "holds fewer than two images", ""});
  if (!module.flip_bits(options.bit_errors, nullptr)) {
    problems.push_back({"bit_errors",
                        "flip bits of codes, which this network has not where it should",
                        "train at widths; DoReFa's weights have no codes that flip"});
  }
  (void)module.flip_bits({}, nullptr);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const ThreadScope threads(options.threads);
  return Trainer(module, images, normalization, options, teacher).run(progress, stop);
}

std::vector<std::uint8_t> correct_images(NetworkModule& module, const ImageSet& images,
                                         const Normalization& normalization,
                                         std::int64_t batch_size) {
  HWFLOW_CHECK(batch_size >= 1, "a batch holds at least one image");
  module.eval();
  std::vector<std::uint8_t> correct(static_cast<std::size_t>(images.count()));
  for (std::int64_t first = 0; first < images.count(); first += batch_size)
    mark_correct(module, images, normalization, {first, batch_size}, correct);
  return correct;
}

Expected<TrainedNetwork> train_network(const Network& network,
                                       const std::optional<WeightMap>& initial,
                                       const ImageSet& images, const Normalization& normalization,
                                       const TrainOptions& options, const EpochProgress& progress,
                                       std::stop_token stop, const Teacher* teacher) {
  Diagnostics problems = check_all(network, images, options.device);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const torch::Device device = find_device(options.device).value();
  NetworkModule module(network);
  if (initial) {
    load_weights(module, *initial);
  } else {
    initialise(module, options.seed);
  }
  module.to(device);
  TrainOptions started = options;
  started.circumstances["start"] =
      initial ? fmt::format("weights {:016x}", fingerprint(*initial)) : "random";
  started.circumstances["teacher"] = circumstance_of(teacher);
  Expected<std::vector<EpochReport>> reports = train_module(
      module, images, normalization, started, progress, stop, module_of(teacher, device).get());
  if (!reports) return Unexpected{reports.error()};
  const bool stopped = stop.stop_requested();
  return TrainedNetwork{weights_of(module), std::move(reports.value()), stopped};
}

Expected<std::vector<std::uint8_t>> correct_images(const Network& network, const WeightMap& weights,
                                                   const ImageSet& images,
                                                   const Normalization& normalization,
                                                   const EvaluationOptions& options) {
  Diagnostics problems = check_all(network, images, options.device);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  NetworkModule module(network);
  load_weights(module, weights);
  module.to(find_device(options.device).value());
  if (options.device != "cpu")
    return correct_images(module, images, normalization, options.batch_size);
  return correct_on_threads(module, images, normalization, options);
}

}  // namespace hwflow::train
