#pragma once

#include <map>
#include <memory>
#include <shared_mutex>

#include "chip/overlay/cost_table.hpp"

namespace hwflow::chip {

/// Cost tables by product, made when first asked for; for several threads at once.
class TableStore {
 public:
  explicit TableStore(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// `make` may run in several threads for the same product; one table is kept.
  template <class Make>
  [[nodiscard]] std::shared_ptr<const CostTable> get(const MatrixProduct& product,
                                                     const Make& make) {
    if (auto known = find(product)) return known;
    return keep(product, std::make_shared<const CostTable>(make()));
  }
  [[nodiscard]] std::size_t size() const;

 private:
  [[nodiscard]] std::shared_ptr<const CostTable> find(const MatrixProduct& product) const;
  std::shared_ptr<const CostTable> keep(const MatrixProduct& product,
                                        std::shared_ptr<const CostTable> table);

  std::size_t most_bytes_;
  mutable std::shared_mutex mutex_;
  std::map<MatrixProduct, std::shared_ptr<const CostTable>> tables_;
  std::size_t bytes_ = 0;
};

}  // namespace hwflow::chip
