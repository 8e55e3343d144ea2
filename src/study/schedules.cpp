#include "study/schedules.hpp"

#include <utility>

#include "base/check.hpp"
#include "study/fused_bounds_model.hpp"
#include "study/fused_model.hpp"
#include "study/layer_bounds_model.hpp"
#include "study/layer_by_layer_model.hpp"

namespace hwflow::study {
namespace {

std::unique_ptr<HardwareModel> make_layer_by_layer(const LoadedStudy& study,
                                                   chip::MappingCache& mappings) {
  return std::make_unique<LayerByLayerModel>(
      study.network, study.accelerator, study.options.hardware,
      [&mappings, accelerator = study.accelerator, options = mapper_options(study.options)](
          const Layer& layer) { return mappings.map(layer, accelerator, options); });
}

std::unique_ptr<HardwareModel> make_fused(const LoadedStudy& study, chip::MappingCache& mappings) {
  chip::FusionOptions options;
  options.objective = study.options.mapper.objective;
  options.mapper = mapper_options(study.options);
  auto model =
      FusedModel::make(study.network, study.accelerator, study.options.hardware, options, mappings);
  HWFLOW_CHECK(model.has_value(), "a study that was not checked: " + to_text(model.error()));
  return std::move(*model);
}

}  // namespace

chip::MapperOptions mapper_options(const Study& study) {
  chip::MapperOptions options;
  options.objective = study.mapper.objective;
  options.factors = study.mapper.factors;
  options.max_evaluations = study.mapper.max_evaluations;
  options.strategy = study.mapper.strategy;
  options.seed = study.search.seed;
  options.threads = 1;  // layers and plans are mapped side by side
  return options;
}

std::unique_ptr<HardwareModel> make_hardware_model(const LoadedStudy& study,
                                                   chip::MappingCache& mappings) {
  switch (study.options.schedule) {
    case Schedule::layer_by_layer: return make_layer_by_layer(study, mappings);
    case Schedule::fused: return make_fused(study, mappings);
  }
  HWFLOW_CHECK(false, "unknown schedule");
  return nullptr;
}

std::unique_ptr<HardwareModel> make_bounds_model(const LoadedStudy& study, Abstraction model) {
  const HardwareOptions& hardware = study.options.hardware;
  if (study.options.schedule == Schedule::layer_by_layer) {
    return std::make_unique<LayerBoundsModel>(study.network, study.accelerator, hardware,
                                              bounds_of_layers(study.accelerator, model));
  }
  auto bounds = FusedBoundsModel::make(study.network, study.accelerator, hardware, model);
  HWFLOW_CHECK(bounds.has_value(), "a study that was not checked: " + to_text(bounds.error()));
  return std::move(*bounds);
}

}  // namespace hwflow::study
