#include "workload/operator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow {
namespace {

const Operand kOut{"outputs", Role::outputs, {{{{Dim::k, 1}}, 0, 4}}};

DimArray bounds_of_k(std::int64_t k) {
  DimArray bounds = kOnes;
  bounds[index(Dim::k)] = k;
  return bounds;
}

std::string refusal(const DimArray& bounds, std::vector<Operand> operands) {
  const auto op = Operator::make(bounds, std::move(operands), Arithmetic::add);
  return op ? "accepted" : to_text(op.error());
}

TEST(Operator, CountsIterationsAndMacs) {
  DimArray bounds = bounds_of_k(4);
  bounds[index(Dim::c)] = 5;
  EXPECT_EQ(Operator::make(bounds, {kOut}, Arithmetic::multiply_accumulate)->macs(), 20);
  EXPECT_EQ(Operator::make(bounds, {kOut}, Arithmetic::add)->macs(), 0);
  EXPECT_EQ(Operator::make(bounds, {kOut}, Arithmetic::add)->iterations(), 20);
  EXPECT_TRUE(kOut.indexed_by(Dim::k));
  EXPECT_FALSE(kOut.indexed_by(Dim::c));
}

TEST(Operator, RefusesWithPlaceAndReason) {
  using testing::HasSubstr;
  EXPECT_THAT(refusal(bounds_of_k(0), {kOut}), HasSubstr("bounds.k: must be in [1, 2^53], got 0"));
  EXPECT_THAT(refusal(bounds_of_k(4), {}), HasSubstr("needs exactly one output, got 0"));
  EXPECT_THAT(refusal(bounds_of_k(4), {kOut, kOut}), HasSubstr("got 2"));
  EXPECT_THAT(refusal(bounds_of_k(4), {{"o", Role::outputs, {{{{Dim::k, 0}}, 0, 4}}}}),
              HasSubstr("coefficient of k must be >= 1, got 0"));
  EXPECT_THAT(refusal(bounds_of_k(4), {{"o", Role::outputs, {{{{Dim::k, 1}}, 0, 0}}}}),
              HasSubstr("extent must be in [1, 2^53], got 0"));
  EXPECT_THAT(refusal(bounds_of_k(4),
                      {{"o", Role::outputs, {{{{Dim::k, 1}}, 0, 4}, {{{Dim::k, 1}}, 0, 4}}}}),
              HasSubstr("dimension k indexes it 2 times"));
  EXPECT_THAT(refusal(bounds_of_k(4),
                      {{"o", Role::outputs, {{{{Dim::k, 1}, {Dim::c, 1}, {Dim::p, 1}}, 0, 4}}}}),
              HasSubstr("at most two terms, got 3"));
}

TEST(Operator, RefusesMoreThan2To53) {
  DimArray bounds = bounds_of_k(std::int64_t{1} << 27);
  bounds[index(Dim::c)] = std::int64_t{1} << 26;
  EXPECT_EQ(refusal(bounds, {kOut}), "accepted");  // 2^53 exactly
  bounds[index(Dim::c)] *= 2;
  EXPECT_THAT(refusal(bounds, {kOut}), testing::HasSubstr("more than 2^53 iterations"));
}

TEST(Operator, TellsAllProblemsAtOnce) {
  DimArray bounds = kOnes;
  bounds[index(Dim::n)] = -1;
  bounds[index(Dim::s)] = 0;
  const auto op = Operator::make(bounds, {kOut}, Arithmetic::add);
  ASSERT_FALSE(op);
  EXPECT_EQ(op.error().size(), 2U);
}

}  // namespace
}  // namespace hwflow
