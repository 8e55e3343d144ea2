#pragma once

#include <string>

namespace hwflow::study {

/// docs/formats/study.md: rules, an annotated example, and every key from the field tables.
[[nodiscard]] std::string study_manual();

}  // namespace hwflow::study
