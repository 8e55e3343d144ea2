#include "pareto/archive.hpp"

#include <utility>

#include "base/check.hpp"

namespace hwflow::pareto {

std::size_t Archive::add(Evaluated entry) {
  const auto [place, fresh] = index_.emplace(entry.genome, entries_.size());
  HWFLOW_CHECK(fresh, "genome is in the archive already");
  entries_.push_back(std::move(entry));
  return place->second;
}

std::optional<std::size_t> Archive::find(const Genome& genome) const {
  const auto place = index_.find(genome);
  if (place == index_.end()) return std::nullopt;
  return place->second;
}

std::vector<std::size_t> Archive::front() const { return pareto_front(objectives()); }

std::vector<Objectives> Archive::objectives() const {
  std::vector<Objectives> values;
  values.reserve(entries_.size());
  for (const Evaluated& entry : entries_) values.push_back(entry.objectives);
  return values;
}

}  // namespace hwflow::pareto
