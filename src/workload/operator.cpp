#include "workload/operator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/check.hpp"

namespace hwflow {
namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1}
                                   << 53;  // a double holds every integer up to here

/// a * b of two counts in [1, 2^53]; none when the product is larger than 2^53.
std::optional<std::int64_t> product(std::int64_t a, std::int64_t b) {
  if (a > kMaxCount / b) return std::nullopt;
  return a * b;
}

void check_bounds(const DimArray& bounds, Diagnostics& problems) {
  for (const Dim dim : kDims) {
    const std::int64_t bound = bounds[index(dim)];
    if (bound < 1 || bound > kMaxCount) {
      problems.push_back({fmt::format("bounds.{}", name(dim)),
                          fmt::format("must be in [1, 2^53], got {}", bound), ""});
    }
  }
}

void check_terms(const Rank& rank, const DimArray& bounds, const std::string& place,
                 Diagnostics& problems) {
  if (rank.terms.size() > 2) {
    problems.push_back(
        {place, fmt::format("a rank has at most two terms, got {}", rank.terms.size()), ""});
  }
  for (const AffineTerm& term : rank.terms) {
    if (term.coefficient < 1) {
      problems.push_back(
          {place,
           fmt::format("coefficient of {} must be >= 1, got {}", name(term.dim), term.coefficient),
           ""});
    } else if (term.coefficient > kMaxCount / bounds[index(term.dim)]) {
      problems.push_back({place, fmt::format("index along {} exceeds 2^53", name(term.dim)), ""});
    }
  }
}

void check_rank(const Rank& rank, const DimArray& bounds, const std::string& place,
                Diagnostics& problems) {
  check_terms(rank, bounds, place, problems);
  if (rank.extent < 1 || rank.extent > kMaxCount) {
    problems.push_back(
        {place, fmt::format("extent must be in [1, 2^53], got {}", rank.extent), ""});
  }
  if (rank.offset < -kMaxCount || rank.offset > kMaxCount) {
    problems.push_back(
        {place, fmt::format("offset must be within +-2^53, got {}", rank.offset), ""});
  }
}

void check_dims_are_distinct(const Operand& operand, const std::string& place,
                             Diagnostics& problems) {
  std::array<int, kDimCount> uses{};
  for (const Rank& rank : operand.ranks)
    for (const AffineTerm& term : rank.terms) ++uses[index(term.dim)];
  for (const Dim dim : kDims) {
    if (uses[index(dim)] > 1) {
      problems.push_back(
          {place, fmt::format("dimension {} indexes it {} times", name(dim), uses[index(dim)]),
           "use each dimension in one term only"});
    }
  }
}

void check_elements(const Operand& operand, const std::string& place, Diagnostics& problems) {
  std::int64_t elements = 1;
  for (const Rank& rank : operand.ranks) {
    if (rank.extent < 1 || rank.extent > kMaxCount) return;  // told already
    const auto next = product(elements, rank.extent);
    if (!next) {
      problems.push_back({place, "has more than 2^53 elements", ""});
      return;
    }
    elements = *next;
  }
}

void check_operands(const std::vector<Operand>& operands, const DimArray& bounds,
                    Diagnostics& problems) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Operand& operand = operands[i];
    const std::string place = fmt::format("operands[{}] '{}'", i, operand.name);
    for (std::size_t rank = 0; rank < operand.ranks.size(); ++rank)
      check_rank(operand.ranks[rank], bounds, fmt::format("{}.ranks[{}]", place, rank), problems);
    check_dims_are_distinct(operand, place, problems);
    check_elements(operand, place, problems);
  }
  const auto outputs = std::ranges::count(operands, Role::outputs, &Operand::role);
  if (outputs != 1) {
    problems.push_back({"operands", fmt::format("needs exactly one output, got {}", outputs), ""});
  }
}

}  // namespace

bool Operand::indexed_by(Dim dim) const {
  return std::ranges::any_of(ranks, [dim](const Rank& rank) {
    return std::ranges::any_of(rank.terms,
                               [dim](const AffineTerm& term) { return term.dim == dim; });
  });
}

std::int64_t Operand::elements() const {
  std::int64_t count = 1;
  for (const Rank& rank : ranks) count *= rank.extent;
  return count;
}

Operator::Operator(const DimArray& bounds, std::vector<Operand> operands, Arithmetic arithmetic,
                   std::int64_t iterations)
    : bounds_(bounds),
      operands_(std::move(operands)),
      arithmetic_(arithmetic),
      iterations_(iterations) {}

Expected<Operator> Operator::make(const DimArray& bounds, std::vector<Operand> operands,
                                  Arithmetic arithmetic) {
  Diagnostics problems;
  check_bounds(bounds, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  std::int64_t iterations = 1;
  for (const std::int64_t bound : bounds) {
    const auto next = product(iterations, bound);
    if (!next) {
      problems.push_back({"bounds", "the nest has more than 2^53 iterations", ""});
      break;
    }
    iterations = *next;
  }
  check_operands(operands, bounds, problems);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Operator(bounds, std::move(operands), arithmetic, iterations);
}

const Operand& Operator::output() const {
  const auto found = std::ranges::find(operands_, Role::outputs, &Operand::role);
  HWFLOW_CHECK(found != operands_.end(), "make() admits no operator without output");
  return *found;
}

std::int64_t Operator::macs() const noexcept {
  return arithmetic_ == Arithmetic::multiply_accumulate ? iterations_ : 0;
}

}  // namespace hwflow
