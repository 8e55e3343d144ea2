#include "chip/mapping/sibling_order.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

/// One past the last of the siblings that begin at `first`.
LevelIndex end_of_siblings(const std::vector<MemoryLevel>& levels, LevelIndex first) {
  std::vector<Role> kept;
  LevelIndex level = first;
  for (; level < levels.size(); ++level) {
    std::vector<Role> roles;
    for (const Role role : kRoles)
      if (levels[level].keeps.contains(role)) roles.push_back(role);
    if (roles.size() != 1 || std::find(kept.begin(), kept.end(), roles[0]) != kept.end()) break;
    if (level > first && levels[level - 1].fanout.instances() > 1) break;
    kept.push_back(roles[0]);
  }
  return std::max(level, first + 1);
}

}  // namespace

std::vector<LevelOrder> sibling_orders(const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  LevelOrder listed(levels.size());
  std::iota(listed.begin(), listed.end(), LevelIndex{0});
  std::vector<LevelOrder> orders{listed};
  for (LevelIndex first = 0; first < levels.size();) {
    const LevelIndex end = end_of_siblings(levels, first);
    std::vector<LevelOrder> more;
    for (const LevelOrder& order : orders) {
      LevelOrder next = order;
      do {
        more.push_back(next);
      } while (std::next_permutation(next.begin() + static_cast<std::ptrdiff_t>(first),
                                     next.begin() + static_cast<std::ptrdiff_t>(end)));
    }
    orders = std::move(more);
    first = end;
  }
  return orders;
}

Accelerator with_level_order(const Accelerator& accelerator, const LevelOrder& order) {
  Accelerator::Fields fields = accelerator.fields();
  for (LevelIndex l = 0; l < order.size(); ++l) {
    fields.levels[l] = accelerator.levels()[order[l]];
    fields.levels[l].fanout = accelerator.levels()[l].fanout;
  }
  auto made = Accelerator::make(std::move(fields));
  HWFLOW_CHECK(made.has_value(), "siblings in another order make a valid machine");
  return std::move(*made);
}

const Accelerator& nested_as(const Mapping& mapping, const Accelerator& accelerator,
                             std::optional<Accelerator>& made) {
  if (mapping.level_order.empty()) return accelerator;
  made = with_level_order(accelerator, mapping.level_order);
  return *made;
}

}  // namespace hwflow::chip
