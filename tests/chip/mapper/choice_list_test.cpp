// Witness: all pairs of chains, tried one by one.
#include "chip/mapper/choice_list.hpp"

#include <gtest/gtest.h>

#include <set>

#include "chip/arch/accelerator_file.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

TEST(ChoiceList, HasEveryPairThatFitsTheMeshOnce) {
  const Accelerator machine = load_accelerator("e168").value();
  const Layer layer = testing::make_conv_layer(8, 8, 14, 3);
  const MapSpace space(layer, machine, MapperOptions::Factors::ceiling);
  const auto axes = mesh_axes(space);
  ASSERT_EQ(axes.size(), 2);
  const ChoiceList list = list_choices(space, {Dim::p, Dim::r}, axes);
  std::set<std::pair<DimLoops, DimLoops>> wanted, found;
  for (const DimLoops& p : space.chains(Dim::p))
    for (const DimLoops& r : space.chains(Dim::r)) {
      bool fits = true;
      for (const MeshAxis& axis : axes) fits = fits && p[axis.slot] * r[axis.slot] <= axis.size;
      if (fits) wanted.insert({p, r});
    }
  for (std::size_t i = 0; i < list.choices.size(); ++i) {
    const FactorChoice choice = list.choices[i];
    found.insert({choice.loops[0], choice.loops[1]});
    for (std::size_t a = 0; a < axes.size(); ++a)
      EXPECT_EQ(list.used[a][i], choice.loops[0][axes[a].slot] * choice.loops[1][axes[a].slot]);
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(list.choices.size(), wanted.size());
}

TEST(ChoiceList, PutsChoicesWithTheSameLoopsDownToTheArraySideBySide) {
  const Accelerator machine = load_accelerator("e168").value();
  const Layer layer = testing::make_conv_layer(8, 8, 14, 3);
  const MapSpace space(layer, machine, MapperOptions::Factors::ceiling);
  const auto axes = mesh_axes(space);
  EXPECT_EQ(level_inside(axes), 2);
  const ChoiceList list = list_choices(space, {Dim::p, Dim::r}, axes);
  std::set<std::pair<std::vector<std::int32_t>, std::vector<std::int32_t>>> seen;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : list.outside_end) {
    const auto outside = [&](std::uint32_t i) {
      const FactorChoice choice = list.choices[i];
      const auto last = static_cast<std::ptrdiff_t>(slot_of(2, SlotKind::temporal));
      return std::pair(
          std::vector<std::int32_t>(choice.loops[0].begin(), choice.loops[0].begin() + last),
          std::vector<std::int32_t>(choice.loops[1].begin(), choice.loops[1].begin() + last));
    };
    for (std::uint32_t i = begin; i < end; ++i) ASSERT_EQ(outside(i), outside(begin));
    EXPECT_TRUE(seen.insert(outside(begin)).second);
    begin = end;
  }
  EXPECT_EQ(begin, list.choices.size());
}

}  // namespace
}  // namespace hwflow::chip
