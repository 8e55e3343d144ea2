#include "train/quant/byte_lru.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace hwflow::train {
namespace {

using Lru = ByteLru<int>;
constexpr std::size_t kEntry = 100 + 1 + Lru::kOverhead;  // value of 100 bytes, key of one letter

void insert(Lru& lru, const std::string& key, int value) {
  lru.insert(key, std::make_shared<const int>(value), 100);
}

TEST(ByteLru, WhatWasNotUsedForLongestLeavesFirst) {
  Lru lru(3 * kEntry);
  insert(lru, "a", 1);
  insert(lru, "b", 2);
  insert(lru, "c", 3);
  EXPECT_EQ(*lru.find("a"), 1);
  insert(lru, "d", 4);
  EXPECT_EQ(lru.find("b"), nullptr);
  EXPECT_EQ(*lru.find("a"), 1);
  EXPECT_EQ(*lru.find("c"), 3);
  EXPECT_EQ(*lru.find("d"), 4);
  EXPECT_EQ(lru.bytes(), 3 * kEntry);
}

TEST(ByteLru, LeavesOutWhatDoesNotFitAndWhatIsThere) {
  Lru lru(kEntry);
  lru.insert("a", std::make_shared<const int>(1), 101);
  EXPECT_EQ(lru.find("a"), nullptr);
  insert(lru, "b", 2);
  insert(lru, "b", 3);
  EXPECT_EQ(*lru.find("b"), 2);
  EXPECT_EQ(lru.bytes(), kEntry);
}

TEST(ByteLru, WantsAKeyFromTheSecondTimeOn) {
  Lru lru(1000);
  EXPECT_FALSE(lru.wants("a"));
  EXPECT_FALSE(lru.wants("b"));
  EXPECT_TRUE(lru.wants("a"));
  EXPECT_TRUE(lru.wants("a"));
}

TEST(ByteLru, WithoutRoomItKeepsAndWantsNothing) {
  Lru lru(0);
  insert(lru, "a", 1);
  EXPECT_EQ(lru.find("a"), nullptr);
  EXPECT_FALSE(lru.wants("a"));
  EXPECT_FALSE(lru.wants("a"));
}

/// Keys in the order of use, the last first.
struct PlainLru {
  std::size_t capacity;
  std::vector<std::pair<std::string, int>> entries{};

  const int* find(const std::string& key) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].first != key) continue;
      std::rotate(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i),
                  entries.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      return &entries[0].second;
    }
    return nullptr;
  }
  void insert(const std::string& key, int value) {
    for (const auto& entry : entries)
      if (entry.first == key) return;
    entries.insert(entries.begin(), {key, value});
    if (entries.size() > capacity) entries.pop_back();
  }
};

TEST(ByteLru, EqualsAPlainListOnRandomCalls) {
  Rng rng(20261127);
  Lru lru(5 * kEntry);
  PlainLru plain{5};
  for (int call = 0; call < 5000; ++call) {
    const std::string key(1, static_cast<char>('a' + rng.below(9)));
    if (rng.below(2) == 0) {
      insert(lru, key, call);
      plain.insert(key, call);
      continue;
    }
    const auto found = lru.find(key);
    const int* expected = plain.find(key);
    ASSERT_EQ(found != nullptr, expected != nullptr) << "call " << call;
    if (expected == nullptr) continue;
    ASSERT_EQ(*found, *expected) << "call " << call;
  }
}

TEST(ByteLru, StaysWithinItsBoundUnderManyThreads) {
  Lru lru(4 * kEntry);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&lru, t] {
      Rng rng = Rng::derive(7, t);
      for (int call = 0; call < 2000; ++call) {
        const auto letter = static_cast<int>(rng.below(9));
        const std::string key(1, static_cast<char>('a' + letter));
        if (lru.wants(key)) insert(lru, key, letter);
        const auto found = lru.find(key);
        EXPECT_TRUE(found == nullptr || *found == letter);
        EXPECT_LE(lru.bytes(), 4 * kEntry);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hwflow::train
