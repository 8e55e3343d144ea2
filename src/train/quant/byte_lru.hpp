#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace hwflow::train {

/// Values by key that are dear to make and can be made again, in bounded memory: what was not used
/// for the longest time leaves first. Thread-safe.
///
/// wants() keeps out what is asked for once and never again, as most of what a search looks at is:
/// a key is wanted from the second time on. It remembers the hashes of the last keys, one for each
/// place of a table; another key in its place makes it forget.
template <class Value>
class ByteLru {
 public:
  explicit ByteLru(std::size_t capacity_bytes) : capacity_(capacity_bytes) {}

  /// Null: not there.
  [[nodiscard]] std::shared_ptr<const Value> find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  [[nodiscard]] bool wants(std::string_view key) {
    if (capacity_ == 0) return false;
    const std::uint64_t hash = stable_hash(key);
    const std::lock_guard lock(mutex_);
    if (seen_.empty()) seen_.resize(kSeen);
    return std::exchange(seen_[hash % kSeen], hash) == hash;
  }

  /// `bytes`: what the value takes. Values larger than the capacity, and keys that are there, are
  /// left out.
  void insert(std::string key, std::shared_ptr<const Value> value, std::size_t bytes) {
    const std::size_t size = bytes + key.size() + kOverhead;
    const std::lock_guard lock(mutex_);
    if (size > capacity_ || index_.contains(key)) return;
    while (bytes_ + size > capacity_) remove_last();
    entries_.push_front({std::move(key), std::move(value), size});
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += size;
  }

  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

  static constexpr std::size_t kOverhead = 160;  ///< bytes of an entry beside its key and value

 private:
  static constexpr std::size_t kSeen = 1U << 16U;

  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    std::size_t size = 0;
  };

  void remove_last() {
    bytes_ -= entries_.back().size;
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }

  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  ///< the last used first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> index_;
  std::size_t bytes_ = 0;
  std::vector<std::uint64_t> seen_;
};

}  // namespace hwflow::train
