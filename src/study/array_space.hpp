#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "chip/arch/array_design.hpp"
#include "study/hardware_space.hpp"
#include "study/layer_by_layer_model.hpp"

namespace hwflow::study {

/// What a search among arrays works with.
struct ArraySearch {
  /// Best mapping of a layer on a design; called from several threads at once.
  std::function<Expected<chip::MappingResult>(const Layer&, const chip::Accelerator& design)>
      map_layer;
  std::uint64_t seed = 1;  ///< of the study
};

/// The accelerator of the study with other sizes (chip::resized), layers mapped one by one.
///
/// Sizes: rows, columns, register bits, buffer bits, DRAM bits per cycle (infinite: unlimited). All
/// designs are priced when there are at most `most_exhaustive`; else NSGA-II chooses designs, for
/// every plan by itself, with the same random numbers and the reference, or the design nearest to
/// it, among the first ones. Designs that cannot run a plan are left
/// out of its front.
class ArraySpace final : public HardwareSpace {
 public:
  /// Errors  as check().
  [[nodiscard]] static Expected<std::unique_ptr<ArraySpace>> make(
      Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
      const ArraySpaceOptions& options, std::vector<HardwareObjective> objectives,
      ArraySearch search);

  [[nodiscard]] std::vector<std::string> size_names() const override;
  [[nodiscard]] std::string describe(const DesignSizes& sizes) const override;
  [[nodiscard]] std::int64_t size() const override;
  [[nodiscard]] double clock_mhz() const override { return accelerator_.fields().clock_mhz; }
  [[nodiscard]] Expected<std::optional<std::vector<std::vector<DesignPoint>>>> fronts(
      std::span<const CompressionPlan> plans, int threads, const std::stop_token& stop) override;
  [[nodiscard]] DesignSizes reference() const override;
  [[nodiscard]] Expected<DesignPoint> point(const CompressionPlan& plan,
                                            const DesignSizes& sizes) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan, const DesignSizes& sizes) override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan,
                                      const DesignSizes& sizes) override;
  [[nodiscard]] std::vector<std::string> energy_components() const override;
  [[nodiscard]] std::vector<std::string> level_names() const override;

 private:
  /// A design with what is known of layers on it.
  struct Machine {
    std::unique_ptr<LayerByLayerModel> model;
    double area_um2 = 0.0;
  };
  ArraySpace(Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
             std::vector<std::vector<double>> lists, const ArraySpaceOptions& options,
             std::vector<HardwareObjective> objectives, ArraySearch search);

  [[nodiscard]] Machine& machine(const DesignSizes& sizes);
  /// Of the designs of the space, by genome: places in the lists.
  [[nodiscard]] DesignSizes sizes_at(const std::vector<int>& genome) const;
  [[nodiscard]] DesignPoint point_of(const Machine& machine, const DesignSizes& sizes,
                                     const HardwareCost& cost) const;
  /// None: the design cannot run the plan.
  [[nodiscard]] std::optional<HardwareCost> priced(const Machine& machine,
                                                   const CompressionPlan& plan) const;
  /// Maps the layers of the plans on every one of the designs; false when stopped.
  bool prepare(std::span<const CompressionPlan> plans, std::span<const DesignSizes> designs,
               int threads, const std::stop_token& stop);
  [[nodiscard]] std::vector<DesignPoint> points(const CompressionPlan& plan,
                                                std::span<const DesignSizes> designs);
  [[nodiscard]] std::optional<std::vector<DesignPoint>> bred(const CompressionPlan& plan,
                                                             int threads,
                                                             const std::stop_token& stop);
  [[nodiscard]] std::vector<int> genome_near_reference() const;
  [[nodiscard]] std::vector<DesignSizes> all_designs() const;

  Network network_;  // whole: plans that remove channels are refused (check_study)
  chip::Accelerator accelerator_;
  HardwareOptions hardware_;
  LoweringOptions lowering_;
  std::vector<std::vector<double>> lists_;  // of the sizes, each with one value at least
  ArraySpaceOptions options_;
  ArraySearch search_;
  std::map<DesignSizes, Machine> machines_;
};

/// Problems of the options with an accelerator, each at its key ("rows[1]", ...).
[[nodiscard]] Diagnostics check(const ArraySpaceOptions& options,
                                const chip::Accelerator& accelerator);

}  // namespace hwflow::study
