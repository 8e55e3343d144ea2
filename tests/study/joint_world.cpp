#include "tests/study/joint_world.hpp"

namespace hwflow::study {

OverlaySpaceOptions small_overlays() {
  OverlaySpaceOptions options;
  options.dm = options.dn = {1, 2, 4};
  options.dk = {64, 128};
  options.bm = options.bn = {64, 2048};
  options.device = Device::none;
  options.reference = {2, 64, 2, 64, 64};
  return options;
}

Study joint_study(SearchOrder order) {
  Study study = small_study();
  study.search.generations = 6;
  study.hardware.search.emplace();
  HardwareSearchOptions& search = *study.hardware.search;
  search.order = order;
  search.overlay = small_overlays();
  search.accuracy_loss_points = 6.0;
  search.targets.latency = 0.6;
  search.targets.dram = 0.8;
  search.targets.bram = 1.5;
  return study;
}

std::unique_ptr<OverlaySpace> small_overlay_space(const Study& study) {
  const HardwareSearchOptions& search = *study.hardware.search;
  return std::move(OverlaySpace::make(small_network(),
                                      lowering_options(study.hardware, small_accelerator()),
                                      search.overlay, search.effective_objectives()))
      .value();
}

std::unique_ptr<DesignedModel> small_designed_model(const Study& study) {
  return std::make_unique<DesignedModel>(small_network(), small_accelerator(), study.hardware,
                                         small_overlay_space(study));
}

}  // namespace hwflow::study
