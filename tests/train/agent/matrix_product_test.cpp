#include "train/agent/matrix_product.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::train {
namespace {

std::vector<float> random_matrix(std::size_t count, Rng& rng) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

/// All that this machine can run.
std::vector<InstructionSet> sets() {
  std::vector<InstructionSet> all;
  for (const auto set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (set <= widest_instruction_set()) all.push_back(set);
  }
  return all;
}

TEST(AddProduct, ByHand) {
  // (1 2; 3 4; 5 6) * (1 0 -1; 2 1 0) = (5 2 -1; 11 4 -3; 17 6 -5), on top of ones
  std::vector<float> sums(9, 1.0F);
  add_product(std::vector<float>{1, 2, 3, 4, 5, 6}, std::vector<float>{1, 0, -1, 2, 1, 0}, sums,
              {2, 3});
  EXPECT_EQ(sums, (std::vector<float>{6, 3, 0, 12, 5, -2, 18, 7, -4}));
}

// The witness are the three loops; equality, not closeness: the order of additions is promised.
TEST(AddProduct, IsThreeLoopsBitByBit) {
  Rng rng(3);
  for (int trial = 0; trial < 200; ++trial) {
    const auto rows = static_cast<std::size_t>(rng.between(1, 20));
    const auto inner = static_cast<std::size_t>(rng.between(1, 40));
    const auto columns = static_cast<std::size_t>(rng.between(1, 40));
    const std::vector<float> left = random_matrix(rows * inner, rng);
    const std::vector<float> right = random_matrix(inner * columns, rng);
    const std::vector<float> sums = random_matrix(rows * columns, rng);
    std::vector<float> expected = sums;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t i = 0; i < inner; ++i) {
          volatile float product = left[r * inner + i] * right[i * columns + c];  // rounded
          expected[r * columns + c] += product;
        }
      }
    }
    for (const InstructionSet set : sets()) {
      std::vector<float> found = sums;
      add_product(left, right, found, {inner, columns}, set);
      ASSERT_EQ(found, expected) << rows << "x" << inner << "x" << columns;
    }
  }
}

TEST(AddProduct, RefusesMatricesThatDoNotFit) {
  std::vector<float> sums(4);
  const std::vector<float> left(4), right(6);
  EXPECT_THROW(add_product(left, right, sums, ProductShape{2, 2}), InternalError);
}

TEST(Transpose, ByHand) {
  std::vector<float> result;
  transpose(std::vector<float>{1, 2, 3, 4, 5, 6}, 3, result);
  EXPECT_EQ(result, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(Transpose, TwiceIsTheMatrix) {
  Rng rng(4);
  const std::vector<float> matrix = random_matrix(std::size_t{37} * 45, rng);
  std::vector<float> once, twice;
  transpose(matrix, 45, once);
  EXPECT_EQ(once[3 * 37 + 20], matrix[20 * 45 + 3]);
  transpose(once, 37, twice);
  EXPECT_EQ(twice, matrix);
}

}  // namespace
}  // namespace hwflow::train
