#include "study/codesign_result.hpp"

namespace hwflow::study {

std::string_view name(Objective objective) {
  switch (objective) {
    case Objective::accuracy: return "accuracy";
    case Objective::energy: return "energy";
    case Objective::latency: return "latency";
    case Objective::dram: return "dram";
    case Objective::model_size: return "model_size";
  }
  return "";
}

std::string_view name(Abstraction model) {
  switch (model) {
    case Abstraction::coarse: return "coarse";
    case Abstraction::mid: return "mid";
    case Abstraction::fine: return "fine";
  }
  return "";
}

std::string_view name(Origin origin) {
  switch (origin) {
    case Origin::uniform: return "uniform";
    case Origin::single_step: return "single step";
    case Origin::greedy: return "greedy";
    case Origin::random: return "random";
    case Origin::offspring: return "offspring";
    case Origin::agent: return "agent";
  }
  return "";
}

}  // namespace hwflow::study
