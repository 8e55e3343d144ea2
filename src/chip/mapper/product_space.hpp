#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/outer_traffic.hpp"
#include "chip/mapper/search.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// Classes of loop orders that a product search takes on, before most are left out.
inline constexpr std::size_t kMostClasses = 6'000;
/// Room for the tables of a search, and how many choices times classes promise to fit.
inline constexpr std::size_t kMostTableBytes = std::size_t{3} << 30;
inline constexpr std::size_t kMostTableRows = 1'200'000'000;

/// What all product searches of one layer share: sums, classes of loop orders and their tables.
/// Not for two threads at once.
class ProductSpace {
 public:
  /// Which costs the searches ask for.
  enum class Purpose : std::uint8_t { dram, untimed, timed };
  /// Keeps references.
  ProductSpace(const Layer& layer, const Accelerator& accelerator, const MapSpace& space,
               Purpose purpose);
  /// As one search needs it.
  explicit ProductSpace(const SearchProblem& problem);

  /// A class that has mappings, with its tables.
  struct Class {
    LoopClass orders;
    std::vector<Table*> tables;  ///< per compound
  };
  enum class State : std::uint8_t { unknown, known, too_many, stopped };
  /// Finds the classes and makes their tables, the first time.
  State find_classes(const StopSign& stop);
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }

  /// Remembers what it was asked.
  [[nodiscard]] OuterTraffic& outer_traffic() const { return *outer_traffic_; }
  [[nodiscard]] const TermModel& model() const { return model_; }
  [[nodiscard]] const std::vector<MeshAxis>& axes() const { return axes_; }
  /// Requires  classes that are known.
  [[nodiscard]] const ChoiceTables& tables() const { return *tables_; }

 private:
  const Layer& layer_;
  const MapSpace& space_;
  TermModel model_;
  bool is_timed_;
  std::vector<MeshAxis> axes_;
  std::unique_ptr<ChoiceTables> tables_;
  std::unique_ptr<OuterTraffic> outer_traffic_;
  std::vector<Class> classes_;
  State state_ = State::unknown;
};

/// Does energy depend on time?
[[nodiscard]] bool may_leak(const Accelerator& accelerator);

}  // namespace hwflow::chip
