#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "schema/field.hpp"

namespace hwflow::study {

/// One machine of a study that compares several.
struct AcceleratorEntry {
  std::string accelerator;
  std::string label;
  std::vector<std::string> set;
  bool operator==(const AcceleratorEntry&) const = default;

  static constexpr auto fields() {
    using T = AcceleratorEntry;
    return std::tuple{
        schema::required("accelerator", &T::accelerator, "Built-in accelerator, or a YAML file."),
        schema::field("label", &T::label,
                      "What the machine is called in the comparison, and the folder of its report: "
                      "letters, digits, '_' and '-'. Empty: the name of the accelerator."),
        schema::field("set", &T::set,
                      "Keys of the accelerator that this study changes, each as --set has them: "
                      "'levels[1].capacity_bits=524288', 'levels[1].fanout.x=8', "
                      "'energy_table=horowitz-45nm' and the entries of it that levels and engine "
                      "name.")};
  }
};

}  // namespace hwflow::study
