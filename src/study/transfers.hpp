#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "study/comparison_result.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// The best plans of each machine on every machine: for energy its plan of least energy, for
/// latency that of least latency. On the machine itself the ratio is 1.
/// studies  as machines
/// returns  none when stopped
/// Errors   a layer that cannot be mapped.
[[nodiscard]] Expected<std::optional<std::vector<TransferMatrix>>> price_transfers(
    std::span<const LoadedStudy> studies, std::span<const ComparedAccelerator> machines,
    RunStore& store, int threads, std::stop_token stop);

}  // namespace hwflow::study
