#include "train/agent/matrix_product.hpp"

#include <algorithm>

#include "base/check.hpp"

#define HWFLOW_INLINE inline __attribute__((always_inline))

namespace hwflow::train {
namespace {

struct Operands {
  const float* __restrict left;
  const float* __restrict right;
  float* __restrict sums;
  std::size_t rows, inner, columns;
};

/// `kCount` neighbouring floats, in as many registers as it takes.
template <int kCount>
struct Lanes {
  using Vector
      __attribute__((vector_size(kCount * sizeof(float)), aligned(alignof(float)), may_alias)) =
          float;
};

/// Rows [row, row + kRows) and kLanes columns from `column` on: the sums stay in registers.
template <int kLanes, int kRows>
HWFLOW_INLINE void add_tile(const Operands& m, std::size_t row, std::size_t column) {
  using Vector = typename Lanes<kLanes>::Vector;
  Vector sums[kRows];  // NOLINT(modernize-avoid-c-arrays): std::array drops the lanes
  const float* left = m.left + row * m.inner;
  const float* right = m.right + column;
  float* place = m.sums + row * m.columns + column;
  for (int r = 0; r < kRows; ++r) {
    sums[r] = *reinterpret_cast<const Vector*>(place + static_cast<std::size_t>(r) * m.columns);
  }
  for (std::size_t i = 0; i < m.inner; ++i, right += m.columns) {
    const Vector values = *reinterpret_cast<const Vector*>(right);
    for (int r = 0; r < kRows; ++r) {
      sums[r] += left[static_cast<std::size_t>(r) * m.inner + i] * values;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    *reinterpret_cast<Vector*>(place + static_cast<std::size_t>(r) * m.columns) = sums[r];
  }
}

template <int kLanes>
HWFLOW_INLINE void add_columns(const Operands& m, std::size_t column) {
  constexpr int kRows = 8;
  std::size_t row = 0;
  for (; row + kRows <= m.rows; row += kRows) add_tile<kLanes, kRows>(m, row, column);
  for (; row < m.rows; ++row) add_tile<kLanes, 1>(m, row, column);
}

template <int kLanes>
HWFLOW_INLINE void add_all(const Operands& m) {
  std::size_t column = 0;
  for (; column + kLanes <= m.columns; column += kLanes) add_columns<kLanes>(m, column);
  if (kLanes > 8 && column + 8 <= m.columns) {
    add_columns<8>(m, column);
    column += 8;
  }
  if (kLanes > 4 && column + 4 <= m.columns) {
    add_columns<4>(m, column);
    column += 4;
  }
  for (; column < m.columns; ++column) add_columns<1>(m, column);
}

void add_all_plain(const Operands& m) { add_all<4>(m); }
#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_all_avx2(const Operands& m) { add_all<8>(m); }
__attribute__((target("avx512f"))) void add_all_avx512(const Operands& m) { add_all<16>(m); }
#endif

}  // namespace

InstructionSet widest_instruction_set() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) return InstructionSet::avx512;
  if (__builtin_cpu_supports("avx2") != 0) return InstructionSet::avx2;
#endif
  return InstructionSet::plain;
}

void add_product(std::span<const float> left, std::span<const float> right, std::span<float> sums,
                 ProductShape shape, InstructionSet set) {
  const auto [inner, columns] = shape;
  const std::size_t rows = sums.size() / columns;
  HWFLOW_CHECK(left.size() == rows * inner && right.size() == inner * columns &&
                   sums.size() == rows * columns,
               "matrices that do not fit");
  const Operands operands{left.data(), right.data(), sums.data(), rows, inner, columns};
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return add_all_avx512(operands);
  if (set == InstructionSet::avx2) return add_all_avx2(operands);
#endif
  add_all_plain(operands);
}

void transpose(std::span<const float> matrix, std::size_t columns, std::vector<float>& result) {
  const std::size_t rows = matrix.size() / columns;
  HWFLOW_CHECK(matrix.size() == rows * columns, "a matrix with a broken row");
  result.resize(matrix.size());
  constexpr std::size_t kBlock = 16;  // columns whose lines stay in the cache
  for (std::size_t start = 0; start < columns; start += kBlock) {
    const std::size_t end = std::min(columns, start + kBlock);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = start; column < end; ++column) {
        result[column * rows + row] = matrix[row * columns + column];
      }
    }
  }
}

}  // namespace hwflow::train
