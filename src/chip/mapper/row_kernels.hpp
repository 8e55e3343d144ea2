#pragma once

#include <cstddef>
#include <cstdint>

namespace hwflow::chip::rows {

// Loops over the rows of a list: the inner work of the product search. Every operation is rounded
// by itself, so that all processors give the same values; those with AVX2 give them sooner.

/// into[i] += weight * values[i].
void add_scaled(double weight, const double* values, std::size_t count, double* into);

/// into[i] = max(into[i], values[i]).
void raise(const double* values, std::size_t count, double* into);

/// into[i] *= values[i].
void multiply(const double* values, std::size_t count, double* into);

/// into[i] = infinity where values[i] > limit.
void forbid_above(const double* values, double limit, std::size_t count, double* into);
void forbid_above(const std::int32_t* values, std::int32_t limit, std::size_t count, double* into);

/// units[i] *= how many times used[i] goes into size, at least 1. Both are below 2^26.
void multiply_room(const std::int32_t* used, std::int32_t size, std::size_t count, double* units);

/// cycles[i] = max(cycles[i], scale * steps[i] * max(1, open / units[i])).
void raise_to_steps(double scale, const double* steps, double open, const double* units,
                    std::size_t count, double* cycles);

/// The first i from `from` on with no bit of a[i] in `lacks_a` and none of b[i] in `lacks_b`;
/// count: there is none.
[[nodiscard]] std::size_t first_within(const std::uint64_t* a, const std::uint64_t* b,
                                       std::uint64_t lacks_a, std::uint64_t lacks_b,
                                       std::size_t from, std::size_t count);

}  // namespace hwflow::chip::rows
