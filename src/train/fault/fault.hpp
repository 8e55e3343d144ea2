#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hwflow::train::fault {

/// Which words a fault disturbs.
enum class Site : std::uint8_t {
  weights,       ///< stored codes; the same in every inference
  biases,        ///< stored, in units of the sum; the same in every inference
  scales,        ///< stored fixed-point factor of a requantizer: 31 bits of multiplier, 6 of shift
  activations,   ///< stored codes of a feature map, after they were written
  accumulators,  ///< a finished sum, before it is requantized
};
constexpr auto enum_names(Site) {
  return std::array{std::pair{std::string_view{"weights"}, Site::weights},
                    std::pair{std::string_view{"biases"}, Site::biases},
                    std::pair{std::string_view{"scales"}, Site::scales},
                    std::pair{std::string_view{"activations"}, Site::activations},
                    std::pair{std::string_view{"accumulators"}, Site::accumulators}};
}

/// What happens to the disturbed bits of a word.
enum class Effect : std::uint8_t { flip, stuck_at_0, stuck_at_1 };
constexpr auto enum_names(Effect) {
  return std::array{std::pair{std::string_view{"flip"}, Effect::flip},
                    std::pair{std::string_view{"stuck-at-0"}, Effect::stuck_at_0},
                    std::pair{std::string_view{"stuck-at-1"}, Effect::stuck_at_1}};
}

/// One disturbed word.
struct Upset {
  Site site = Site::weights;
  Effect effect = Effect::flip;
  std::uint32_t node = 0;  ///< of the network
  std::uint32_t copy = 0;  ///< scales, activations: which of the node's stored results
  /// weights: row-major (output, input, row, column); biases: channel; scales: channel, of an
  /// addition the operand; activations and accumulators: (channel, row, column)
  std::int64_t element = 0;
  std::uint64_t bits = 0;  ///< those that are set are disturbed; 1 is the least significant
  bool operator==(const Upset&) const = default;
};

/// How a word is stored: (value - base) / step, in two's complement where it is signed.
struct Word {
  int bits = 8;
  bool is_signed = true;
  std::int64_t base = 0, step = 1;
  bool operator==(const Word&) const = default;
};

/// The value that is read where `value` is stored. Bits beyond the word are lost.
[[nodiscard]] std::int64_t disturbed(std::int64_t value, const Word& word, Effect effect,
                                     std::uint64_t bits);

/// Faults, each of one or several upsets that happen together.
class FaultList {
 public:
  [[nodiscard]] std::size_t size() const { return first_.size() - 1; }
  [[nodiscard]] std::span<const Upset> operator[](std::size_t fault) const {
    return std::span(upsets_).subspan(first_[fault], first_[fault + 1] - first_[fault]);
  }
  void add(std::span<const Upset> upsets) {
    upsets_.insert(upsets_.end(), upsets.begin(), upsets.end());
    first_.push_back(upsets_.size());
  }
  void add(const Upset& upset) { add(std::span(&upset, 1)); }
  bool operator==(const FaultList&) const = default;

 private:
  std::vector<Upset> upsets_;
  std::vector<std::size_t> first_{0};
};

/// What one faulty inference comes to, beside the fault-free one of the same image.
struct Verdict {
  bool crashed = false;  ///< a requantizer was given a shift that it does not have
  bool masked = false;   ///< all logits are as they were
  bool top1_changed = false;
  bool top5_changed = false;  ///< the fault-free class is not among the five highest
  std::int32_t top1 = 0;      ///< class; of a crash: the fault-free one
  bool operator==(const Verdict&) const = default;
};

/// Of a run that did not crash. The first of equal logits is the higher.
[[nodiscard]] Verdict verdict_of(std::span<const std::int64_t> fault_free,
                                 std::span<const std::int64_t> logits);

}  // namespace hwflow::train::fault
