#pragma once

#include <cstdint>

#include "train/fault/campaign.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train::fault {

/// 64-bit hashes of content, whatever file it came from: equal on every machine where all numbers
/// that faulty inferences depend on are equal, names of layers included.
[[nodiscard]] std::uint64_t content_hash(const IntegerNetwork& network);
[[nodiscard]] std::uint64_t content_hash(const Workload& workload);

}  // namespace hwflow::train::fault
