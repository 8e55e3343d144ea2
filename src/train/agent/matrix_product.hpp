#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hwflow::train {

enum class InstructionSet : std::uint8_t { plain, avx2, avx512 };
/// Of this machine.
[[nodiscard]] InstructionSet widest_instruction_set();

struct ProductShape {
  std::size_t inner, columns;
};

/// sums += left * right.
///
/// Shapes   left (rows, inner), right (inner, columns), sums (rows, columns), row-major.
/// Every sum is added up in the order of `inner`, one rounding for each product and each addition:
/// the same bits with every instruction set.
void add_product(std::span<const float> left, std::span<const float> right, std::span<float> sums,
                 ProductShape shape, InstructionSet set = widest_instruction_set());

/// result = the transpose of a matrix of that many columns.
void transpose(std::span<const float> matrix, std::size_t columns, std::vector<float>& result);

}  // namespace hwflow::train
