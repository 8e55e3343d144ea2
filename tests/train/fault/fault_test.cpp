#include "train/fault/fault.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <string>

namespace hwflow::train::fault {
namespace {

/// Two's complement read from the digits of a string, the most significant first.
std::int64_t read_word(const std::string& digits, bool is_signed) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::int64_t weight = std::int64_t{1} << (digits.size() - 1 - i);
    if (digits[i] == '1') value += is_signed && i == 0 ? -weight : weight;
  }
  return value;
}

TEST(Disturbed, EveryEightBitWordAndEveryBitAsWrittenOutInDigits) {
  for (const bool is_signed : {true, false})
    for (unsigned stored = 0; stored < 256; ++stored)
      for (std::size_t bit = 0; bit < 8; ++bit) {
        const std::string digits = std::bitset<8>(stored).to_string();
        const std::int64_t value = read_word(digits, is_signed);
        for (const Effect effect : {Effect::flip, Effect::stuck_at_0, Effect::stuck_at_1}) {
          std::string changed = digits;
          char& digit = changed[7 - bit];
          digit = effect == Effect::flip         ? (digit == '1' ? '0' : '1')
                  : effect == Effect::stuck_at_0 ? '0'
                                                 : '1';
          EXPECT_EQ(disturbed(value, {8, is_signed}, effect, std::uint64_t{1} << bit),
                    read_word(changed, is_signed));
        }
      }
}

TEST(Disturbed, SeveralBitsAtOnce) {
  EXPECT_EQ(disturbed(0, {4, true}, Effect::flip, 0b1111), -1);
  EXPECT_EQ(disturbed(5, {4, true}, Effect::flip, 0b0110), 3);
  EXPECT_EQ(disturbed(-1, {32, true}, Effect::stuck_at_0, 0x80000001U), 0x7ffffffe);
}

TEST(Disturbed, BitsBeyondTheWordAreLost) {
  EXPECT_EQ(disturbed(3, {4, false}, Effect::flip, 0b110000), 3);
  EXPECT_EQ(disturbed(3, {4, false}, Effect::stuck_at_1, 0b110000), 3);
}

TEST(Disturbed, OddCodesAreStoredWithoutGaps) {
  const Word binary{1, false, -1, 2}, dorefa{2, false, -3, 2};
  EXPECT_EQ(disturbed(-1, binary, Effect::flip, 1), 1);
  EXPECT_EQ(disturbed(1, binary, Effect::flip, 1), -1);
  EXPECT_EQ(disturbed(-3, dorefa, Effect::flip, 2), 1);  // 0 -> 2 of -3, -1, 1, 3
  EXPECT_EQ(disturbed(3, dorefa, Effect::stuck_at_0, 1), 1);
}

TEST(FaultList, KeepsUpsetsThatHappenTogetherTogether) {
  FaultList list;
  const Upset a{.element = 1, .bits = 1}, b{.element = 2, .bits = 2};
  list.add(a);
  list.add(std::vector{a, b});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].size(), 1U);
  ASSERT_EQ(list[1].size(), 2U);
  EXPECT_EQ(list[1][1], b);
}

TEST(Verdict, MaskedOnlyWhenAllLogitsAreTheSame) {
  const std::vector<std::int64_t> logits{1, 5, 3};
  EXPECT_TRUE(verdict_of(logits, logits).masked);
  const Verdict verdict = verdict_of(logits, std::vector<std::int64_t>{1, 5, 4});
  EXPECT_FALSE(verdict.masked);
  EXPECT_FALSE(verdict.top1_changed);
  EXPECT_EQ(verdict.top1, 1);
}

TEST(Verdict, TheFirstOfEqualLogitsIsTheHigher) {
  EXPECT_TRUE(
      verdict_of(std::vector<std::int64_t>{1, 5}, std::vector<std::int64_t>{5, 5}).top1_changed);
  EXPECT_FALSE(
      verdict_of(std::vector<std::int64_t>{5, 1}, std::vector<std::int64_t>{5, 5}).top1_changed);
}

TEST(Verdict, Top5IsLostWhenFiveOthersAreHigher) {
  const std::vector<std::int64_t> before{9, 0, 0, 0, 0, 0, 0};
  EXPECT_FALSE(verdict_of(before, std::vector<std::int64_t>{2, 3, 3, 3, 3, 0, 0}).top5_changed);
  EXPECT_TRUE(verdict_of(before, std::vector<std::int64_t>{2, 3, 3, 3, 3, 3, 0}).top5_changed);
  // Of equals the first: class 0 stays fifth before class 5.
  EXPECT_FALSE(verdict_of(before, std::vector<std::int64_t>{3, 4, 4, 4, 4, 3, 0}).top5_changed);
}

}  // namespace
}  // namespace hwflow::train::fault
