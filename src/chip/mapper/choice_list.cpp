#include "chip/mapper/choice_list.hpp"

#include <algorithm>
#include <utility>

namespace hwflow::chip {
namespace {

constexpr std::uint32_t kMostTogether = 65'536;

bool fits(const std::vector<MeshAxis>& axes, const DimLoops& first, const DimLoops& second) {
  return std::all_of(axes.begin(), axes.end(), [&](const MeshAxis& axis) {
    return std::int64_t{first[axis.slot]} * second[axis.slot] <= axis.size;
  });
}

using Pair = std::pair<std::uint32_t, std::uint32_t>;

/// Numbers of the loops of a pair above a level.
struct Above {
  const FactorChoices::Numbers &first, &second;
  Above(const FactorChoices& choices, LevelIndex level)
      : first(choices.above(0, level)), second(choices.above(1, level)) {}
  [[nodiscard]] Pair operator()(const Pair& pair) const {
    return {first.of_chain[pair.first], second.of_chain[pair.second]};
  }
};

/// Puts pairs that are in order into an empty list.
void fill(ChoiceList& list, const std::vector<Pair>& pairs, const std::vector<MeshAxis>& axes) {
  const Above outside(list.choices, level_inside(axes));
  list.used.resize(axes.size());
  std::uint32_t begin = 0;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    const auto [a, b] = pairs[i];
    list.choices.add(a, b);
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
      list.used[axis].push_back(list.choices.chains(0)[a][axes[axis].slot] *
                                list.choices.chains(1)[b][axes[axis].slot]);
    const bool is_last = i + 1 == pairs.size();
    const bool ends =
        is_last || outside(pairs[i]) != outside(pairs[i + 1]) || i + 1 - begin == kMostTogether;
    if (ends) list.outside_end.push_back(begin = i + 1);
  }
}

}  // namespace

std::vector<MeshAxis> mesh_axes(const MapSpace& space) {
  std::vector<MeshAxis> axes;
  for (std::size_t slot = 0; slot < space.slot_count(); ++slot)
    if (kind_of(slot) != SlotKind::temporal && space.mesh(slot) > 1)
      axes.push_back({slot, space.mesh(slot)});
  return axes;
}

LevelIndex level_inside(const std::vector<MeshAxis>& axes) {
  LevelIndex inside = 1;
  for (const MeshAxis& axis : axes) inside = std::max(inside, level_of(axis.slot) + 1);
  return inside;
}

ChoiceList list_choices(const MapSpace& space, const Compound& compound,
                        const std::vector<MeshAxis>& axes) {
  ChoiceList list(FactorChoices(space.chains(compound[0]), compound.size() > 1
                                                               ? space.chains(compound[1])
                                                               : std::vector<DimLoops>{kNoLoops}));
  const std::vector<DimLoops>& first = list.choices.chains(0);
  const std::vector<DimLoops>& second = list.choices.chains(1);
  std::vector<Pair> pairs;
  for (std::uint32_t a = 0; a < first.size(); ++a)
    for (std::uint32_t b = 0; b < second.size(); ++b)
      if (fits(axes, first[a], second[b])) pairs.emplace_back(a, b);
  const Above outside(list.choices, level_inside(axes));
  std::sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
    return std::pair(outside(a), a) < std::pair(outside(b), b);
  });
  fill(list, pairs, axes);
  return list;
}

}  // namespace hwflow::chip
