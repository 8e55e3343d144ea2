#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "chip/mapper/mapper.hpp"
#include "study/codesign_result.hpp"
#include "study/designed_model.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// Everything wrong with hardware.search; places begin with the key. Nothing when there is none.
[[nodiscard]] Diagnostics check_hardware_search(const Study& study,
                                                const chip::Accelerator& accelerator);

/// The designs of a checked study with hardware.search. `mappings` outlives the model.
[[nodiscard]] std::unique_ptr<DesignedModel> make_designed_model(const LoadedStudy& study,
                                                                 chip::MappingCache& mappings);

/// Plans that a pair may be picked of: those that count and have a design within the limits.
[[nodiscard]] std::function<bool(std::size_t)> plans_of_pairs(const HardwareSearchSummary& summary);

/// What the report calls the hardware, in place of the accelerator of the study.
void describe_designs(const HardwareSearchSummary& summary, CodesignResult& result);

}  // namespace hwflow::study
