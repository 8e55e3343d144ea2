#pragma once

#include "study/designed_model.hpp"
#include "study/search.hpp"

namespace hwflow::study {

/// A search for plans joined to one for designs (hardware.search of the study), in either order.
///
/// Afterwards `model` knows for every measured plan the design that its costs in the result are of:
/// of those within the limits the one of least geometric mean of costs; without any, and for the
/// uniform plans of the re-training, the reference.
/// Depends on the study, the space and the accuracy model alone: the same for any number of threads
/// and for a run that was killed and started again.
/// Errors  a layer that no design can run.
[[nodiscard]] Expected<SearchResult> search_jointly(const Study& study, DesignedModel& model,
                                                    train::AccuracyModel& accuracy, RunStore& store,
                                                    const SearchSetting& setting);

}  // namespace hwflow::study
