#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chip/mapping/mapping_input.hpp"

namespace hwflow::chip::timeloop {

/// One factor of a directive: "C=4", "C4", or "C=4,2" with a shorter last turn.
struct Factor {
  std::string dim;
  std::int64_t bound = 1;  ///< 0: the whole dimension
  std::optional<std::int64_t> last;
  bool operator==(const Factor&) const = default;
};
/// Errors (as empty)  anything else in the text.
[[nodiscard]] std::optional<std::vector<Factor>> parse_factors(std::string_view text);

/// `mapping:` of Timeloop for one layer. Levels keep what its directives say; a level that keeps
/// nothing is taken out.
[[nodiscard]] Expected<MappingInput> read_mapping(const Documents& documents,
                                                  const LayerInput& layer,
                                                  const AcceleratorInput& machine);
[[nodiscard]] ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                                        const Accelerator& accelerator);

}  // namespace hwflow::chip::timeloop
