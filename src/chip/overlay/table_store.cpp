#include "chip/overlay/table_store.hpp"

#include <mutex>
#include <utility>

namespace hwflow::chip {

std::shared_ptr<const CostTable> TableStore::find(const MatrixProduct& product) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_.find(product);
  return found == tables_.end() ? nullptr : found->second;
}

std::shared_ptr<const CostTable> TableStore::keep(const MatrixProduct& product,
                                                  std::shared_ptr<const CostTable> table) {
  const std::unique_lock lock(mutex_);
  if (const auto found = tables_.find(product); found != tables_.end()) return found->second;
  if (bytes_ + table->bytes() > most_bytes_) {
    tables_.clear();  // who still adds them up holds on to them
    bytes_ = 0;
  }
  bytes_ += table->bytes();
  return tables_.emplace(product, std::move(table)).first->second;
}

std::size_t TableStore::size() const {
  const std::shared_lock lock(mutex_);
  return tables_.size();
}

}  // namespace hwflow::chip
