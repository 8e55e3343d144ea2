#pragma once

#include <memory>

#include "chip/mapper/mapper.hpp"
#include "study/hardware_model.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// How a study has the mapper look for mappings: of a layer, or of a block of one.
[[nodiscard]] chip::MapperOptions mapper_options(const Study& study);

/// The hardware model that Study::schedule names. The study is one that check() accepts; `mappings`
/// outlives the model.
[[nodiscard]] std::unique_ptr<HardwareModel> make_hardware_model(const LoadedStudy& study,
                                                                 chip::MappingCache& mappings);

/// The same at a coarser level of abstraction: a lower bound of it, and of the levels between.
[[nodiscard]] std::unique_ptr<HardwareModel> make_bounds_model(const LoadedStudy& study,
                                                               Abstraction model);

}  // namespace hwflow::study
