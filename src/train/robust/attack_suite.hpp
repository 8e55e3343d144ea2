#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/robust/attack_options.hpp"
#include "train/robust/attack_report.hpp"
#include "train/robust/victim.hpp"

namespace hwflow::train::robust {

/// How far the attacks are: images times attacks and eps, and those that stand so far.
struct AttackProgress {
  std::int64_t done = 0, total = 0;
};
using ReportAttack = std::function<void(const AttackProgress&)>;

/// Attacks every image that the judge gets right, by every attack at every eps.
///
/// Random numbers of an image derive from seed, attack, restart and the image's place in the set
/// alone. Batches are formed in order of the set and computed on one thread each: the report does
/// not depend on `threads`. It depends on `batch_size`, and a cascade differs from attacks by
/// themselves, only where sums of floats of another batch round otherwise.
///
/// progress  called by one thread at a time
/// Errors    options out of range; transfer without a network to transfer from; APGD-DLR with fewer
///           than three classes
[[nodiscard]] Expected<AttackReport> attack_images(const Victim& victim, const ImageSet& images,
                                                   const AttackOptions& options,
                                                   const ReportAttack& progress = {},
                                                   const std::stop_token& stop = {});

}  // namespace hwflow::train::robust
