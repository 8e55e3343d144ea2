#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "pareto/dominance.hpp"

namespace hwflow::pareto {

/// Integer decision vector: gene i counts from 0 to GenomeSpace::largest[i].
using Genome = std::vector<int>;

/// A genome that was evaluated.
struct Evaluated {
  Genome genome;
  Objectives objectives;
  int generation = 0;  ///< in which it was first evaluated
  bool operator==(const Evaluated&) const = default;
};

/// Everything ever evaluated, every genome once, in order of evaluation.
class Archive {
 public:
  /// Adds a genome that is not in the archive yet; returns its index.
  std::size_t add(Evaluated entry);
  [[nodiscard]] std::optional<std::size_t> find(const Genome& genome) const;
  [[nodiscard]] const std::vector<Evaluated>& entries() const noexcept { return entries_; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Indices of what nothing in the archive dominates, ascending.
  [[nodiscard]] std::vector<std::size_t> front() const;
  [[nodiscard]] std::vector<Objectives> objectives() const;

  bool operator==(const Archive& other) const { return entries_ == other.entries_; }

 private:
  std::vector<Evaluated> entries_;
  std::map<Genome, std::size_t> index_;
};

}  // namespace hwflow::pareto
