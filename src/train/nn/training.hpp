#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/adversary_options.hpp"
#include "train/nn/bit_errors.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/normalization.hpp"
#include "train/nn/weighted_network.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

enum class Schedule : std::uint8_t {
  cosine,
  step,
  cyclic  ///< straight up from 0 to the peak in half of the epochs, and down again; no warm-up
};
constexpr auto enum_names(Schedule) {
  return std::array{std::pair{std::string_view{"cosine"}, Schedule::cosine},
                    std::pair{std::string_view{"step"}, Schedule::step},
                    std::pair{std::string_view{"cyclic"}, Schedule::cyclic}};
}

/// Training by stochastic gradient descent with momentum on the cross-entropy.
struct TrainOptions {
  int epochs = 20;
  int threads = 1;                ///< bit-identical results need the same number of threads
  std::int64_t batch_size = 128;  ///< an epoch's last batch is left out unless it is full
  double learning_rate = 0.1;     ///< the peak, after the warm-up
  Schedule schedule = Schedule::cosine;
  bool nesterov = true;
  bool decay_norm_and_bias = false;   ///< else only weights of more than one dimension decay
  bool resume = false;                ///< go on from `checkpoint` if it exists
  double warmup_epochs = 1.0;         ///< linear from 0
  std::vector<double> step_epochs{};  ///< step: the rate is multiplied by step_factor at each
  double step_factor = 0.1;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  std::optional<double> norm_decay{};   ///< of BatchNorm's gains and shifts; none: as above
  std::optional<double> range_decay{};  ///< of the scales that training at widths learns; likewise
  /// After every step, weights of more than one dimension are cut to +- this; 0: they are not.
  /// Source  Stutz et al., "Bit error robustness for energy-efficient DNN accelerators", MLSys
  /// 2021.
  double weight_clip = 0.0;
  /// Random bit error training, at widths: the loss is the mean of that of the codes as they are
  /// and that of the codes with bits flipped, once `bit_error_epochs` are over. 0: none. Source
  /// Stutz et al., as above, section 4.3, of weights; of activations ours.
  BitErrors bit_errors{};
  double bit_error_epochs = 1.0;
  AdversaryOptions adversary{};
  double label_smoothing = 0.0;
  /// Share of the loss that asks for a teacher's probabilities instead of the label's; 0: no
  /// teacher. Both are softened by the temperature T, and the divergence is multiplied by T^2.
  /// Source  Hinton et al., "Distilling the knowledge in a neural network", arXiv 1503.02531.
  double distillation = 0.0;
  double temperature = 4.0;
  Augmentation augmentation{};
  std::uint64_t seed = 1;
  std::string device = "cpu";          ///< as torch writes it: "cpu", "cuda", "cuda:1"
  std::filesystem::path checkpoint{};  ///< written after every epoch; empty = none
  /// What else a resumed run must share with the run that wrote the checkpoint: where it started,
  /// what it is quantized to. By name; train_network() and train_quantized() fill it in.
  std::map<std::string, std::string> circumstances{};
  /// Called after every step with the epochs done, with fraction; empty = not called.
  std::function<void(double epochs)> on_step{};
};

/// Errors  every value out of its range, with the option's name as place.
[[nodiscard]] Diagnostics check(const TrainOptions& options);

/// Errors  not a device name, or not on this machine.
[[nodiscard]] Diagnostics check_device(const std::string& name);

/// The learning rate after `epoch` (with fraction) epochs.
[[nodiscard]] double learning_rate_at(const TrainOptions& options, double epoch);

struct EpochReport {
  int epoch = 0;               ///< 1-based
  double loss = 0.0;           ///< mean over the epoch's batches, as trained (augmented)
  double accuracy = 0.0;       ///< likewise
  double learning_rate = 0.0;  ///< of its last step
  double seconds = 0.0;
  std::optional<double> robust_accuracy{};  ///< of the first batch, where an adversary is watched
  bool collapsed = false;  ///< it fell too far: training ended, with the weights before this epoch
  bool operator==(const EpochReport&) const = default;
};
using EpochProgress = std::function<void(const EpochReport&)>;

struct TrainedNetwork {
  WeightMap weights;
  std::vector<EpochReport> epochs;  ///< all, those before a resume too
  bool stopped = false;             ///< by the stop token: resume goes on from the last checkpoint
};

/// A network whose answers a training may ask for.
using Teacher = WeightedNetwork;

/// Trains from `initial` weights, or from He's initialisation by the seed. Every random number is
/// drawn from (seed, epoch), so a resumed run continues bit for bit as the uninterrupted one.
///
/// teacher   wanted where options.distillation > 0
/// Errors  options out of range, images that do not fit the network, a network that cannot be
///         executed, unknown or absent device, a checkpoint of another network or other options.
[[nodiscard]] Expected<TrainedNetwork> train_network(
    const Network& network, const std::optional<WeightMap>& initial, const ImageSet& images,
    const Normalization& normalization, const TrainOptions& options,
    const EpochProgress& progress = {}, std::stop_token stop = {},
    const Teacher* teacher = nullptr);

struct EvaluationOptions {
  std::int64_t batch_size = 256;
  std::string device = "cpu";
  int threads = 1;
};

/// For every image 1 if the network's highest output is the label, else 0 (the first of equals).
/// Errors  as train_network.
[[nodiscard]] Expected<std::vector<std::uint8_t>> correct_images(const Network& network,
                                                                 const WeightMap& weights,
                                                                 const ImageSet& images,
                                                                 const Normalization& normalization,
                                                                 const EvaluationOptions& options);

/// Images whose size differs from the network's input, or a network without one output per class.
[[nodiscard]] Diagnostics check_fit(const Network& network, const ImageSet& images);

}  // namespace hwflow::train
