#pragma once

#include <string>

#include "schema/value.hpp"
#include "study/codesign_result.hpp"

/// What files say of a search for plans and designs (CodesignResult::hardware_search).
namespace hwflow::report {

/// pairs.csv: plans and designs that no other pair is at least as good as.
[[nodiscard]] std::string pairs_csv(const study::CodesignResult& result);
/// strategies.csv: every plan that was looked at.
[[nodiscard]] std::string strategies_csv(const study::CodesignResult& result);
/// designs.csv: every shown plan on its design; baselines on the reference and on their own.
[[nodiscard]] std::string designs_csv(const study::CodesignResult& result);
/// `hardware_search` of result.json; null without such a search.
[[nodiscard]] schema::Value hardware_search_value(const study::CodesignResult& result);

}  // namespace hwflow::report
