#include "chip/arch/accelerator_input.hpp"

#include <algorithm>

#include "chip/arch/accelerator_format.hpp"
#include "chip/arch/embedded_files.hpp"
#include "chip/arch/timeloop_architecture.hpp"
#include "chip/arch/zigzag_accelerator.hpp"

namespace hwflow::chip {
namespace {

bool is_builtin(const std::string& name) {
  const auto files = embedded_accelerators();
  return std::any_of(files.begin(), files.end(),
                     [&](const EmbeddedFile& file) { return file.name == name; });
}

}  // namespace

Expected<AcceleratorInput> read_accelerator(const Documents& documents) {
  if (documents.find("architecture").value != nullptr)
    return timeloop::read_architecture(documents);
  const Documents::Document& first = documents.all().front();
  if (zigzag::is_accelerator(first.value)) return zigzag::read_accelerator(documents);
  auto accelerator = accelerator_from_value(first.value, first.origin);
  if (!accelerator) return Unexpected{std::move(accelerator).error()};
  return AcceleratorInput{std::move(*accelerator)};
}

Expected<AcceleratorInput> read_accelerator(const std::string& name_or_files) {
  if (is_builtin(name_or_files) || name_or_files.find_first_of("./") == std::string::npos) {
    auto accelerator = load_accelerator(name_or_files);
    if (!accelerator) return Unexpected{std::move(accelerator).error()};
    return AcceleratorInput{std::move(*accelerator)};
  }
  const auto documents = Documents::load(name_or_files);
  if (!documents) return Unexpected{documents.error()};
  return read_accelerator(*documents);
}

ForeignText write_accelerator(const Accelerator& accelerator, Format format) {
  if (format == Format::hwflow) return {accelerator_to_yaml(accelerator), {}, {}};
  if (format == Format::zigzag) return zigzag::write_accelerator(accelerator);
  return timeloop::write_architecture(accelerator, format);
}

}  // namespace hwflow::chip
