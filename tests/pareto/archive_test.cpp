#include "pareto/archive.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"

namespace hwflow::pareto {
namespace {

TEST(Archive, FindsWhatWasAddedAndNothingElse) {
  Archive archive;
  EXPECT_EQ(archive.add({{0, 1}, {3.0, 1.0}, 0}), 0U);
  EXPECT_EQ(archive.add({{1, 0}, {1.0, 3.0}, 1}), 1U);
  EXPECT_EQ(archive.find({1, 0}), std::optional<std::size_t>{1});
  EXPECT_EQ(archive.find({1, 1}), std::nullopt);
}

TEST(Archive, FrontLeavesOutTheDominated) {
  Archive archive;
  archive.add({{0}, {2.0, 2.0}, 0});
  archive.add({{1}, {3.0, 3.0}, 0});  // worse than the first in both
  archive.add({{2}, {1.0, 4.0}, 0});
  EXPECT_EQ(archive.front(), (std::vector<std::size_t>{0, 2}));
}

TEST(Archive, RefusesAGenomeTwice) {
  Archive archive;
  archive.add({{0}, {1.0}, 0});
  EXPECT_THROW(archive.add({{0}, {2.0}, 0}), InternalError);
}

}  // namespace
}  // namespace hwflow::pareto
