#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace hwflow {

/// Puts values into a random order, each equally likely (Fisher and Yates), the same on every
/// platform.
template <class Value>
void shuffle(std::vector<Value>& values, Rng& rng) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[rng.below(i)]);
}

}  // namespace hwflow
