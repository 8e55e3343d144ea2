#include "chip/mapper/product_search.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <string>

#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/class_mirror.hpp"
#include "chip/mapper/loop_orders.hpp"
#include "chip/mapper/row_kernels.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Sums of products are rounded differently from the counts: what is nearer than this is equal.
constexpr double kTolerance = 1e-10;
constexpr std::size_t kDives = 2;
constexpr double kFewDropped = 0.9;  // share of a list that is kept when it counts as unchanged

/// Classes that differ only in the order of the outermost level.
struct Family {
  std::vector<const LoopClass*> classes;
  std::vector<std::vector<const Table*>> tables;  ///< per class and compound
  double bound = 0.0;
};

class ProductSearch {
 public:
  explicit ProductSearch(const SearchProblem& problem)
      : p_(problem),
        model_(problem.layer, problem.accelerator),
        sums_(model_.sums()),
        terms_(model_.term_count()),
        compounds_(model_.compounds().size()),
        tables_(model_, problem.space) {
    for (const MeshAxis& axis : tables_.axes()) full_mesh_.push_back(axis.size);
    merged_.resize(compounds_);
    frames_.resize(2 * compounds_ + 1);
  }

  SearchOutcome run() {
    for (const Candidate& start : p_.starts) incumbent_.offer(p_, start);
    const std::vector<LoopClass> classes =
        without_mirror_images(model_.classes().all(), p_.layer, p_.space);
    std::vector<Family> families = families_of(classes);
    std::sort(families.begin(), families.end(),
              [](const Family& a, const Family& b) { return a.bound < b.bound; });
    // A quick look at the most promising groups of every family: a good incumbent prunes most.
    for (width_ = 1; width_ <= kDives; ++width_)
      for (const Family& family : families) search(family);
    width_ = std::numeric_limits<std::size_t>::max();
    double floor = kInfinity;  // least bound of what a stop leaves unseen
    for (const Family& family : families) {
      if (!may_improve(family.bound)) break;
      if (is_spent()) {
        floor = std::min(floor, family.bound);
        break;
      }
      search(family);
      if (is_spent()) floor = std::min(floor, family.bound);
    }
    return {incumbent_, incumbent_.best ? std::min(floor, incumbent_.value) : floor};
  }

 private:
  /// Compounds still to be decided, and what the decided ones multiply.
  struct Open {
    std::vector<std::pair<std::size_t, const List*>> lists;
    std::vector<double> products;
    std::vector<std::int64_t> mesh;
  };
  /// What one depth of the search works in; kept, so that nothing is allocated on the way.
  struct Frame {
    Open open;
    std::vector<List> filtered;              ///< by position in open.lists
    std::vector<std::vector<double>> bound;  ///< likewise
    std::size_t decisive = 0;                ///< position of the list that last lost all rows
    std::vector<std::pair<double, std::uint32_t>> order;
  };

  [[nodiscard]] bool may_improve(double bound) const {
    return bound < kInfinity && (!incumbent_.best || bound < incumbent_.value * (1.0 - kTolerance));
  }

  [[nodiscard]] double compound_size(std::size_t c) const {
    double size = 1.0;
    for (const Dim dim : model_.compounds()[c]) size *= static_cast<double>(p_.layer.op.bound(dim));
    return size;
  }

  // --- families ---------------------------------------------------------------------------------

  std::vector<Family> families_of(const std::vector<LoopClass>& classes) {
    std::map<std::string, std::size_t> numbers;
    std::vector<Family> families;
    for (const LoopClass& loop_class : classes) {
      std::string key;
      for (LevelIndex l = 1; l < loop_class.orders.size(); ++l) {
        for (const Dim dim : loop_class.orders[l]) key += static_cast<char>(index(dim));
        key += static_cast<char>(loop_class.absent[l]);
      }
      const auto [entry, is_new] = numbers.try_emplace(std::move(key), families.size());
      if (is_new) families.emplace_back();
      Family& family = families[entry->second];
      family.classes.push_back(&loop_class);
      family.tables.emplace_back();
      for (std::size_t c = 0; c < compounds_; ++c)
        family.tables.back().push_back(&tables_.table(loop_class, c));
    }
    for (Family& family : families) family.bound = bound_of(family);
    return families;
  }

  double bound_of(const Family& family) {
    std::vector<double> products(terms_, 1.0);
    double steps = sums_.cycles[0][0][0].coefficient;
    for (std::size_t c = 0; c < compounds_; ++c) {
      const List& list = merged(family, c);
      if (list.size == 0) return kInfinity;
      for (std::size_t t = 0; t < terms_; ++t) products[t] *= list.least[t];
      steps *= compound_size(c);
    }
    for (const std::int64_t size : full_mesh_) steps /= static_cast<double>(size);
    return bounded_cost(products, steps);
  }

  /// Of the least values of all open lists.
  double bound_of(const Open& open) {
    others_ = open.products;
    for (const auto& [c, list] : open.lists)
      for (std::size_t t = 0; t < terms_; ++t) others_[t] *= list->least[t];
    return bounded_cost(others_, 0.0);
  }

  /// Infinite where a limit is overstepped.
  [[nodiscard]] double bounded_cost(const std::vector<double>& products,
                                    double least_cycles) const {
    for (const CostSums::Limit& limit : sums_.limits)
      if (total(limit.sum, products) > limit.room * (1.0 + 1e-12)) return kInfinity;
    return cost(products, least_cycles);
  }

  /// The least values of each group over the classes of a family.
  const List& merged(const Family& family, std::size_t c) {
    std::vector<const Table*> tables;
    for (const auto& of_class : family.tables) tables.push_back(of_class[c]);
    std::sort(tables.begin(), tables.end());
    tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
    const auto [entry, is_new] = merged_[c].try_emplace(tables);
    List& list = entry->second;
    if (!is_new) return list;
    std::map<std::uint32_t, std::pair<std::vector<double>, std::vector<std::int32_t>>> groups;
    for (const Table* table : tables)
      for (std::size_t i = 0; i < table->groups.size; ++i) {
        auto& [values, used] = groups[table->groups.row[i]];
        if (values.empty()) {
          values.assign(terms_, kInfinity);
          for (std::size_t a = 0; a < full_mesh_.size(); ++a)
            used.push_back(table->groups.used_on(a)[i]);
        }
        for (std::size_t t = 0; t < terms_; ++t)
          values[t] = std::min(values[t], table->groups.of(t)[i]);
      }
    list.size = groups.size();
    for (std::size_t t = 0; t < terms_; ++t)
      for (const auto& [g, row] : groups) list.values.push_back(row.first[t]);
    for (std::size_t a = 0; a < full_mesh_.size(); ++a)
      for (const auto& [g, row] : groups) list.used.push_back(row.second[a]);
    for (const auto& [g, row] : groups) list.row.push_back(g);
    list = tables_.with_shared_columns(list);
    return list;
  }

  void search(const Family& family) {
    if (!may_improve(family.bound) || is_spent()) return;
    picked_.assign(compounds_, 0);
    Open& root = frames_[0].open;
    root.lists.clear();
    for (std::size_t c = 0; c < compounds_; ++c) root.lists.emplace_back(c, &merged(family, c));
    root.products.assign(terms_, 1.0);
    root.mesh = full_mesh_;
    explore(0, [&](double) { search_members(family); });
  }

  /// Every class of a family within the groups that were picked.
  void search_members(const Family& family) {
    const std::vector<std::uint32_t> group = picked_;
    for (std::size_t k = 0; k < family.classes.size(); ++k) {
      class_ = family.classes[k];
      Open& members = frames_[compounds_].open;
      members.lists.clear();
      members.products.assign(terms_, 1.0);
      members.mesh = full_mesh_;
      bool possible = true;
      for (std::size_t c = 0; c < compounds_; ++c) {
        const List& list = family.tables[k][c]->members[group[c]];
        possible = possible && list.size > 0;
        members.lists.emplace_back(c, &list);
      }
      if (possible && may_improve(bound_of(members)))
        explore(compounds_, [&](double bound) { offer(bound); });
    }
    picked_ = group;
  }

  // --- bounds -----------------------------------------------------------------------------------

  [[nodiscard]] static double total(const TermSum& sum, const std::vector<double>& products) {
    double value = 0.0;
    for (const TermShare& share : sum) value += share.coefficient * products[share.term];
    return value;
  }

  [[nodiscard]] double cost(const std::vector<double>& products, double least_cycles) const {
    const Objective objective = p_.options.objective;
    if (objective == Objective::dram)
      return total(sums_.dram_bits, products) + sums_.fixed_dram_bits;
    double cycles = 0.0;
    for (const auto& group : sums_.cycles) {
      double longest = 0.0;
      for (const TermSum& sum : group) longest = std::max(longest, total(sum, products));
      cycles += longest;
    }
    cycles = std::max(cycles, least_cycles);
    if (objective == Objective::latency) return cycles;
    const double energy =
        sums_.fixed_energy_pj + total(sums_.energy, products) + sums_.leakage_pj_per_cycle * cycles;
    return objective == Objective::energy ? energy : energy * cycles;
  }

  /// sum[i] = fixed + sum over the terms of coefficient * others * value of row i.
  void weigh(const TermSum& terms, const std::vector<double>& others, const List& list,
             double fixed, std::vector<double>& sum) {
    weights_.assign(list.columns, 0.0);
    for (const TermShare& share : terms)
      weights_[list.column_of[share.term]] += share.coefficient * others[share.term];
    sum.assign(list.size, fixed);
    for (std::size_t c = 0; c < list.columns; ++c)
      if (weights_[c] != 0.0) rows::add_scaled(weights_[c], list.column(c), list.size, sum.data());
  }

  /// Bound of every row of a list, given the products of all other compounds; infinite where it
  /// cannot fit.
  void bounds(const List& list, const std::vector<double>& others, double steps, double open,
              const std::vector<std::int64_t>& mesh, std::vector<double>& result) {
    incumbent_.nodes += static_cast<std::int64_t>(list.size);
    const Objective objective = p_.options.objective;
    if (objective == Objective::dram) {
      weigh(sums_.dram_bits, others, list, sums_.fixed_dram_bits, result);
    } else {
      const bool timed = objective != Objective::energy || sums_.leakage_pj_per_cycle > 0.0;
      if (timed) weigh_cycles(list, others, steps, open, mesh);
      if (objective == Objective::latency) {
        result = cycles_;
      } else {
        weigh(sums_.energy, others, list, sums_.fixed_energy_pj, result);
        if (timed && sums_.leakage_pj_per_cycle > 0.0)
          rows::add_scaled(sums_.leakage_pj_per_cycle, cycles_.data(), list.size, result.data());
        if (objective == Objective::edp) rows::multiply(cycles_.data(), list.size, result.data());
      }
    }
    for (const CostSums::Limit& limit : sums_.limits) {
      weigh(limit.sum, others, list, 0.0, scratch_);
      rows::forbid_above(scratch_.data(), limit.room * (1.0 + 1e-12), list.size, result.data());
    }
    for (std::size_t a = 0; a < mesh.size(); ++a)
      rows::forbid_above(list.used_on(a), static_cast<std::int32_t>(mesh[a]), list.size,
                         result.data());
  }

  void weigh_cycles(const List& list, const std::vector<double>& others, double steps, double open,
                    const std::vector<std::int64_t>& mesh) {
    bool first = true;
    for (const auto& group : sums_.cycles) {
      std::vector<double>& longest = first ? cycles_ : scratch_;
      weigh(group[0], others, list, 0.0, longest);
      for (std::size_t s = 1; s < group.size(); ++s) {
        weigh(group[s], others, list, 0.0, scratch2_);
        rows::raise(scratch2_.data(), list.size, longest.data());
      }
      if (!first) rows::add_scaled(1.0, scratch_.data(), list.size, cycles_.data());
      first = false;
    }
    // Whatever is still open is spread over the mesh that is left, at best.
    const TermShare& share = sums_.cycles[0][0][0];
    units_.assign(list.size, 1.0);
    for (std::size_t a = 0; a < mesh.size(); ++a)
      rows::multiply_room(list.used_on(a), static_cast<std::int32_t>(mesh[a]), list.size,
                          units_.data());
    rows::raise_to_steps(share.coefficient * steps, list.of(share.term), open, units_.data(),
                         list.size, cycles_.data());
  }

  /// Decides the compounds of frames_[depth].open one after the other: drops rows that cannot be
  /// part of anything better, then branches on the shortest list, least bound first.
  template <class AtLeaf>
  void explore(std::size_t depth, const AtLeaf& at_leaf) {
    Frame& frame = frames_[depth];
    Open& open = frame.open;
    if (!filter(frame)) return;
    std::size_t shortest = 0;
    for (std::size_t i = 1; i < open.lists.size(); ++i)
      if (open.lists[i].second->size < open.lists[shortest].second->size) shortest = i;
    const auto [c, list] = open.lists[shortest];
    frame.order.clear();
    for (std::uint32_t i = 0; i < list->size; ++i)
      frame.order.emplace_back(frame.bound[shortest][i], i);
    std::sort(frame.order.begin(), frame.order.end());
    // Members are few: they are looked at in full.
    if (depth < compounds_ && frame.order.size() > width_) frame.order.resize(width_);
    for (const auto& [value, i] : frame.order) {
      if (!may_improve(value) || is_spent()) return;
      picked_[c] = list->row[i];
      if (open.lists.size() == 1) {
        at_leaf(value);
        continue;
      }
      Open& next = frames_[depth + 1].open;
      next = open;
      next.lists.erase(next.lists.begin() + static_cast<std::ptrdiff_t>(shortest));
      for (std::size_t t = 0; t < terms_; ++t) next.products[t] *= list->of(t)[i];
      for (std::size_t a = 0; a < next.mesh.size(); ++a) next.mesh[a] /= list->used_on(a)[i];
      explore(depth + 1, at_leaf);
    }
  }

  /// Leaves in every open list rows whose bound may improve on the best, given the least of all
  /// others; false when one has none. Goes round until hardly a row is dropped.
  bool filter(Frame& frame) {
    Open& open = frame.open;
    const std::size_t count = open.lists.size();
    frame.filtered.resize(compounds_);
    frame.bound.resize(compounds_);
    std::size_t unchanged = 0;
    // The list that ruled out the last node may well rule out this one.
    for (std::size_t at = frame.decisive % count; unchanged < count; at = (at + 1) % count) {
      const List& list = *open.lists[at].second;
      std::vector<double>& bound = frame.bound[at];
      others_ = open.products;
      double size = 1.0;
      for (std::size_t o = 0; o < count; ++o) {
        if (o == at) continue;
        size *= compound_size(open.lists[o].first);
        rows::multiply(open.lists[o].second->least.data(), terms_, others_.data());
      }
      bounds(list, others_, open.products[sums_.cycles[0][0][0].term], size, open.mesh, bound);
      kept_.clear();
      for (std::uint32_t i = 0; i < list.size; ++i)
        if (may_improve(bound[i])) kept_.push_back(i);
      if (kept_.empty()) {
        frame.decisive = at;
        return false;
      }
      unchanged = static_cast<double>(kept_.size()) > kFewDropped * static_cast<double>(list.size)
                      ? unchanged + 1
                      : 1;
      if (kept_.size() == list.size) continue;
      for (std::size_t i = 0; i < kept_.size(); ++i) bound[i] = bound[kept_[i]];
      bound.resize(kept_.size());
      frame.filtered[at].keep(list, kept_, full_mesh_.size());
      open.lists[at].second = &frame.filtered[at];
    }
    return true;
  }

  /// Out of time or over the limit of mappings and bounds.
  bool is_spent() {
    const auto& most = p_.options.max_evaluations;
    spent_ = spent_ || (most && incumbent_.spent() >= *most) || p_.stop.raised();
    return spent_;
  }

  void offer(double bound) {
    Candidate candidate = p_.space.empty();
    for (std::size_t c = 0; c < picked_.size(); ++c)
      for (std::size_t d = 0; d < model_.compounds()[c].size(); ++d)
        candidate.chains[index(model_.compounds()[c][d])] =
            tables_.choices(c).choices[picked_[c]].loops[d];
    for (LevelIndex l = 0; l < class_->orders.size(); ++l) candidate.orders[l] = class_->orders[l];
    if (p_.accelerator.fields().counting.box_tiles) {
      incumbent_.offer(p_, candidate);
    } else {
      candidate_ = candidate;
      order_level(0, bound);
    }
  }

  /// Exact counting tells more orders apart than the classes do: all of them are tried.
  void order_level(LevelIndex level, double bound) {
    if (!may_improve(bound)) return;
    if (level == p_.space.level_count()) {
      incumbent_.offer(p_, candidate_);
      return;
    }
    Decided decided = p_.model.all();
    decided.levels = (1U << (level + 1)) - 1;
    const LoopOrder before = candidate_.orders[level];
    for_each_order(candidate_, level, p_.space, p_.model, [&](const LoopOrder& order) {
      candidate_.orders[level] = order;
      ++incumbent_.nodes;
      order_level(level + 1, std::max(bound, value_of(p_.model.bound(candidate_, decided),
                                                      p_.options.objective)));
      return true;
    });
    candidate_.orders[level] = before;
  }

  Candidate candidate_;
  const SearchProblem& p_;
  TermModel model_;
  const CostSums& sums_;
  std::size_t terms_;
  std::size_t compounds_;
  ChoiceTables tables_;
  std::vector<std::int64_t> full_mesh_;
  std::vector<std::map<std::vector<const Table*>, List>> merged_;
  Incumbent incumbent_;
  bool spent_ = false;
  std::deque<Frame> frames_;  // of the groups, then of their members
  std::vector<double> cycles_, units_, scratch_, scratch2_, weights_, others_;
  std::vector<std::uint32_t> kept_;
  const LoopClass* class_ = nullptr;
  std::vector<std::uint32_t> picked_;
  std::size_t width_ = 0;  // most groups that are looked at in every step
};

}  // namespace

bool is_product_problem(const Layer& layer, const Accelerator& accelerator,
                        MapperOptions::Factors factors) {
  if (factors != MapperOptions::Factors::perfect) return false;
  const TermModel model(layer, accelerator);
  return model.is_exact();
}

SearchOutcome run_products(const SearchProblem& problem) {
  if (!is_product_problem(problem.layer, problem.accelerator, problem.options.factors))
    return run_branch_and_bound(problem);
  return ProductSearch(problem).run();
}

}  // namespace hwflow::chip
