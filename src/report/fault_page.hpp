#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hwflow::report {

/// A share of faulty inferences whose class changed, and its interval.
struct FaultRate {
  std::int64_t faults = 0;  ///< 0: none was drawn, nothing is known
  std::int64_t inferences = 0;
  double rate = 0.0, low = 0.0, high = 1.0;
  double masked = 0.0;  ///< share of inferences whose logits stayed
};

struct NamedFaultRate {
  std::string name;
  FaultRate rate;
};

/// Layers by bits, of the faults of one site; or rows by columns of an array.
struct FaultMap {
  std::string site;
  /// Empty: "SITE by layer and bit", columns are bits.
  std::string title{}, column{};
  std::vector<std::string> layers;
  int bits = 0;
  /// layers x bits, row by row; absent: there are no such faults.
  std::vector<std::optional<FaultRate>> cells;
};

/// Failures when every bit is disturbed with a probability.
struct FaultPoint {
  double bit_rate = 0.0;
  double upsets = 0.0;  ///< in the mean, of an inference
  FaultRate rate;       ///< of inferences
  double accuracy = 0.0;
};

/// Steps of stored codes beside what they store.
struct FaultScale {
  std::string name;
  int bits = 8;
  double scale = 0.0, spread = 0.0;
  double sum_scale = 0.0;  ///< of weights
  double damage = 0.0;     ///< predicted
  FaultRate measured{};    ///< faults 0: not in this campaign
};
struct FaultScales {
  std::string site;
  std::vector<FaultScale> rows;
  std::optional<double> rank_correlation;  ///< of predicted and measured
};

struct FaultTable {
  std::string title, first_column;
  std::vector<NamedFaultRate> rows;
};

/// What a fault-injection campaign found.
struct FaultReport {
  std::string network, model, data, version;
  std::uint64_t seed = 1;
  std::string conditions;  ///< what was disturbed, how faults were drawn
  std::int64_t images = 0;
  double fault_free_accuracy = 0.0, faulty_accuracy = 0.0;
  double confidence = 0.95;
  std::int64_t population = 0;
  FaultRate all;
  std::string interval_of{}, other_interval{};  ///< what it holds for; one that holds for others
  bool replayed = false;                        ///< faults that somebody chose: no interval
  double top5_changed = 0.0, crashed = 0.0;     ///< shares
  double inferences_per_second = 0.0;           ///< 0: not measured
  std::vector<NamedFaultRate> by_site{}, by_layer{}, by_bit{};
  std::vector<FaultMap> maps{};
  std::vector<FaultPoint> curve{};
  std::vector<FaultScales> scales{};
  std::vector<FaultTable> tables{};     ///< others
  std::vector<NamedFaultRate> worst{};  ///< single faults
  std::vector<std::string> files{};
};

/// One HTML page that needs nothing else; what comes from outside is escaped.
[[nodiscard]] std::string fault_page(const FaultReport& report);

/// The heat map of one site.
[[nodiscard]] std::string fault_map_chart(const FaultMap& map);
/// Share of failures over the rate of disturbed bits, with intervals; both logarithmic.
[[nodiscard]] std::string fault_curve_chart(const std::vector<FaultPoint>& curve);

/// "0.52 % (0.31 to 0.87)".
[[nodiscard]] std::string fault_rate_text(const FaultRate& rate);

}  // namespace hwflow::report
