#include "chip/mapper/row_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#define HWFLOW_INLINE inline __attribute__((always_inline))

namespace hwflow::chip::rows {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One body for both kinds of processor; without branches, so that compilers vectorise them.

struct AddScaled {
  HWFLOW_INLINE static void run(double weight, const double* values, std::size_t count,
                                double* into) {
    for (std::size_t i = 0; i < count; ++i) into[i] += weight * values[i];
  }
};

struct Raise {
  HWFLOW_INLINE static void run(const double* values, std::size_t count, double* into) {
    for (std::size_t i = 0; i < count; ++i) into[i] = into[i] < values[i] ? values[i] : into[i];
  }
};

struct Multiply {
  HWFLOW_INLINE static void run(const double* values, std::size_t count, double* into) {
    for (std::size_t i = 0; i < count; ++i) into[i] *= values[i];
  }
};

struct ForbidAbove {
  template <class T>
  HWFLOW_INLINE static void run(const T* values, T limit, std::size_t count, double* into) {
    for (std::size_t i = 0; i < count; ++i) into[i] = values[i] > limit ? kInfinity : into[i];
  }
};

struct MultiplyRoom {
  /// The quotient of two such integers, rounded to double, is never rounded up to an integer.
  HWFLOW_INLINE static void run(const std::int32_t* used, std::int32_t size, std::size_t count,
                                double* units) {
    const auto whole = static_cast<double>(size);
    for (std::size_t i = 0; i < count; ++i) {
      const auto times =
          static_cast<double>(static_cast<std::int32_t>(whole / static_cast<double>(used[i])));
      units[i] *= times > 1.0 ? times : 1.0;
    }
  }
};

struct RaiseToSteps {
  HWFLOW_INLINE static void run(double scale, const double* steps, double open, const double* units,
                                std::size_t count, double* cycles) {
    for (std::size_t i = 0; i < count; ++i) {
      const double rounds = open / units[i];
      const double least = scale * steps[i] * (rounds > 1.0 ? rounds : 1.0);
      cycles[i] = cycles[i] < least ? least : cycles[i];
    }
  }
};

struct FirstWithin {
  HWFLOW_INLINE static void run(const std::uint64_t* a, const std::uint64_t* b,
                                std::uint64_t lacks_a, std::uint64_t lacks_b, std::size_t from,
                                std::size_t count, std::size_t* found) {
    constexpr std::size_t kBlock = 16;
    const auto is_within = [&](std::size_t i) {
      return ((a[i] & lacks_a) | (b[i] & lacks_b)) == 0;
    };
    for (; from + kBlock <= count; from += kBlock) {
      std::uint64_t hits = 0;
      for (std::size_t i = from; i < from + kBlock; ++i) hits |= is_within(i) ? 1U : 0U;
      if (hits != 0) break;
    }
    while (from < count && !is_within(from)) ++from;
    *found = from;
  }
};

#if defined(__x86_64__)
template <class Kernel, class... Arguments>
__attribute__((target("avx2"))) void run_with_avx2(Arguments... arguments) {
  Kernel::run(arguments...);
}

template <class Kernel, class... Arguments>
void run(Arguments... arguments) {
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
  if (kHasAvx2) return run_with_avx2<Kernel>(arguments...);
  Kernel::run(arguments...);
}
#else
template <class Kernel, class... Arguments>
void run(Arguments... arguments) {
  Kernel::run(arguments...);
}
#endif

}  // namespace

void add_scaled(double weight, const double* values, std::size_t count, double* into) {
  run<AddScaled>(weight, values, count, into);
}

void raise(const double* values, std::size_t count, double* into) {
  run<Raise>(values, count, into);
}

void multiply(const double* values, std::size_t count, double* into) {
  run<Multiply>(values, count, into);
}

void forbid_above(const double* values, double limit, std::size_t count, double* into) {
  run<ForbidAbove>(values, limit, count, into);
}

void forbid_above(const std::int32_t* values, std::int32_t limit, std::size_t count, double* into) {
  run<ForbidAbove>(values, limit, count, into);
}

void multiply_room(const std::int32_t* used, std::int32_t size, std::size_t count, double* units) {
  run<MultiplyRoom>(used, size, count, units);
}

void raise_to_steps(double scale, const double* steps, double open, const double* units,
                    std::size_t count, double* cycles) {
  run<RaiseToSteps>(scale, steps, open, units, count, cycles);
}

std::size_t first_within(const std::uint64_t* a, const std::uint64_t* b, std::uint64_t lacks_a,
                         std::uint64_t lacks_b, std::size_t from, std::size_t count) {
  std::size_t found = count;
  run<FirstWithin>(a, b, lacks_a, lacks_b, from, count, &found);
  return found;
}

}  // namespace hwflow::chip::rows
