#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/cost/cost.hpp"

namespace hwflow::chip {

enum class Objective : std::uint8_t { energy, latency, edp, dram };
[[nodiscard]] std::string_view name(Objective objective);
[[nodiscard]] Expected<Objective> objective_from_name(std::string_view text);
/// The scalar that `objective` minimises.
[[nodiscard]] double value_of(const Cost& cost, Objective objective);

struct MapperOptions {
  Objective objective = Objective::edp;
  enum class Factors : std::uint8_t { perfect, ceiling } factors = Factors::perfect;
  /// May a dimension be spread over columns and rows of the same mesh?
  enum class Axes : std::uint8_t { any, one } axes = Axes::any;
  /// Neighbouring levels that keep one operand each: nested as listed, or in whatever order is
  /// best.
  enum class SiblingOrder : std::uint8_t { listed, any } sibling_order = SiblingOrder::listed;
  std::optional<double> time_limit_seconds;  ///< none = until proved
  /// Cuts the search after so many evaluations: unlike a time limit, the same result everywhere.
  std::optional<std::int64_t> max_evaluations;
  int threads = 1;
  std::uint64_t seed = 1;  ///< heuristics only; the proof does not depend on it
  std::string strategy = "branch_and_bound";
};

/// What is wrong with options, whatever the layer. Places are the members' names.
[[nodiscard]] Diagnostics check(const MapperOptions& options);

/// Best mapping of one layer with its certificate.
struct MappingResult {
  Mapping mapping;
  Cost cost;
  double value = 0.0;        ///< of the objective
  double lower_bound = 0.0;  ///< nothing in the map space is cheaper
  bool optimal = false;      ///< lower_bound >= value (to rounding)
  std::int64_t evaluations = 0;
  std::int64_t nodes = 0;
  double seconds = 0.0;
  [[nodiscard]] double gap() const { return value > 0 ? (value - lower_bound) / value : 0.0; }
};

/// Errors  ProblemKind::infeasible: no mapping exists (which level is too small, and by how much);
///         wrong input: unsupported widths, unknown strategy, ....
[[nodiscard]] Expected<MappingResult> map_layer(const Layer& layer, const Accelerator& accelerator,
                                                const MapperOptions& options,
                                                std::stop_token stop = {});

/// map_layer() started from mappings found before (those outside the map space or infeasible are
/// passed over). The result depends on them, so give only starts that are the same in every run.
[[nodiscard]] Expected<MappingResult> map_layer_from(const Layer& layer,
                                                     const Accelerator& accelerator,
                                                     const MapperOptions& options,
                                                     const std::vector<Mapping>& starts,
                                                     std::stop_token stop = {});

/// Options for searches that map hundreds of layers: bounded by evaluations, hence reproducible,
/// at about a tenth of a second a layer.
[[nodiscard]] MapperOptions quick_mapper_options(Objective objective);

/// Remembers results by (shape key, accelerator key, options): equal layers are mapped once.
/// Thread-safe. Persistence is the caller's business through the two hooks; what they load is
/// evaluated again and thrown away when it is not feasible or does not fit its certificate.
///
/// A layer at other widths than 16/16 (outputs 16, partial sums 32) starts from the mapping found
/// for these widths, which is always looked for first: results do not depend on the order of calls.
class MappingCache {
 public:
  using Load = std::function<std::optional<std::string>(const std::string& key)>;
  using Save = std::function<void(const std::string& key, const std::string& mapping_text)>;
  MappingCache();
  MappingCache(Load load, Save save);
  ~MappingCache();
  [[nodiscard]] Expected<MappingResult> map(const Layer& layer, const Accelerator& accelerator,
                                            const MapperOptions& options);
  [[nodiscard]] std::int64_t hits() const;
  [[nodiscard]] std::int64_t misses() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hwflow::chip
