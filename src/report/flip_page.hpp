#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hwflow::report {

/// A flip of an attack on stored bits, and the network after it.
struct FlipRow {
  std::string layer;
  std::int64_t element = 0;
  int bit = 0;
  std::int64_t before = 0, after = 0;  ///< codes
  double loss = 0.0, accuracy = 0.0;
  double moved = 0.0;  ///< share of the attacked images that are taken for the target
};

/// What an attack on stored bits found, beside random flips.
struct FlipReport {
  std::string network, model, data, version;
  std::uint64_t seed = 1;
  std::string conditions;  ///< how flips were searched, and why no more
  double clean_accuracy = 0.0, clean_loss = 0.0;
  std::int64_t images = 0;      ///< that accuracies are of
  std::int64_t population = 0;  ///< bits that could be flipped
  std::string target{};         ///< what images are to be taken for; empty: anything wrong
  std::vector<FlipRow> flips{};
  std::vector<std::vector<double>> random{};  ///< of each run accuracies after 1, 2, ... flips
  std::vector<std::string> files{};
};

/// One HTML page that needs nothing else; what comes from outside is escaped.
[[nodiscard]] std::string flip_page(const FlipReport& report);

/// Accuracy over the number of flips: the attack, and random flips.
[[nodiscard]] std::string flip_curve_chart(const FlipReport& report);

}  // namespace hwflow::report
