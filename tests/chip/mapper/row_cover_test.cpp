// Law: a class covers a choice of another exactly when it is done there and no term of it, counted
// anew for that choice alone, is larger.
#include "chip/mapper/row_cover.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

/// What two classes say of one choice of a compound.
bool counts_no_more(const TermModel& model, const LoopClass& a, const LoopClass& b, std::size_t c,
                    const FactorChoice& choice) {
  FactorChoices alone({choice.loops[0]}, {choice.loops[1]});
  alone.add(0, 0);
  for (std::size_t t = 0; t < model.term_count(); ++t)
    if (model.column(t, a, c, alone).values[0] > model.column(t, b, c, alone).values[0])
      return false;
  return true;
}

class RowCoverTest : public ::testing::Test {
 protected:
  RowCoverTest()
      : layer_(testing::make_conv_layer(2, 2, 4, 3)),
        accelerator_(testing::make_tiny_accelerator(4096, 512)),
        space_(layer_, accelerator_, MapperOptions::Factors::perfect),
        model_(layer_, accelerator_),
        tables_(model_, mesh_axes(space_), lists(), true),
        classes_(model_.classes().all()) {
    for (std::size_t i = 0; i < 8; ++i) some_.push_back(classes_[i * (classes_.size() - 1) / 7]);
  }

  std::vector<ChoiceList> lists() {
    std::vector<ChoiceList> lists;
    for (const Compound& compound : model_.compounds())
      lists.push_back(list_choices(space_, compound, mesh_axes(space_)));
    return lists;
  }

  DoneClass done(const LoopClass& loop_class, bool is_exact) {
    DoneClass result{{}, is_exact, {}};
    for (std::size_t c = 0; c < model_.compounds().size(); ++c)
      result.tables.push_back(&tables_.table(loop_class, c));
    return result;
  }

  Layer layer_;
  Accelerator accelerator_;
  MapSpace space_;
  TermModel model_;
  ChoiceTables tables_;
  std::vector<LoopClass> classes_, some_;
};

TEST_F(RowCoverTest, CoversWhatCountsNoMoreInAnyTerm) {
  RowCover cover;
  int covered = 0, left = 0;
  for (const LoopClass& a : some_)
    for (const LoopClass& b : some_)
      for (const bool is_exact : {false, true})
        for (std::size_t c = 0; c < model_.compounds().size(); ++c) {
          const DoneClass other = done(a, is_exact);
          const Table& table = tables_.table(b, c);
          std::vector<std::uint32_t> wanted, found(table.choices.begin(), table.choices.end());
          for (const std::uint32_t i : table.choices) {
            const FactorChoice choice = tables_.choices(c)[i];
            const auto& of_a = other.tables[c]->choices;
            const bool is_done = is_exact ? model_.allows(a, c, choice)
                                          : std::find(of_a.begin(), of_a.end(), i) != of_a.end();
            if (!is_done || !counts_no_more(model_, a, b, c, choice)) wanted.push_back(i);
          }
          EXPECT_EQ(RowCover::covers(other, c, table, found), wanted.empty());
          // What is remembered may miss that rows which others beat are all that speaks against it.
          if (cover.covers(other, c, table)) {
            EXPECT_TRUE(wanted.empty());
          }
          RowCover::take_covered(other, c, table, found);
          EXPECT_EQ(found, wanted);
          covered += wanted.empty() ? 1 : 0;
          left += wanted.empty() ? 0 : 1;
        }
  EXPECT_GT(covered, 0);
  EXPECT_GT(left, 0);
}

TEST_F(RowCoverTest, CoversOnlyChoicesThatAreDone) {
  DoneClass some = done(classes_.front(), true);
  for (const Table* table : some.tables) some.choices.push_back(table->has);
  const Table& table = tables_.table(classes_.front(), 0);
  const std::uint32_t choice = table.choices.front();
  std::vector<std::uint32_t> choices{choice};
  EXPECT_TRUE(RowCover::covers(some, 0, table, choices));
  some.choices[0][choice] = false;
  EXPECT_FALSE(RowCover::covers(some, 0, table, choices));
  RowCover::take_covered(some, 0, table, choices);
  EXPECT_EQ(choices, std::vector{choice});
}

}  // namespace
}  // namespace hwflow::chip
