#include "chip/mapper/product_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <string>

#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/class_mirror.hpp"
#include "chip/mapper/dual_bound.hpp"
#include "chip/mapper/loop_orders.hpp"
#include "chip/mapper/row_kernels.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Sums of products are rounded differently from the counts: what is nearer than this is equal.
constexpr double kTolerance = 1e-10;
constexpr double kLogTolerance = 1e-9;
constexpr std::int64_t kWarmUp = 4'000;      // bounds and mappings of a first walk
constexpr std::size_t kMostClasses = 6'000;  // of loop orders, before most are left out
constexpr double kFewDropped = 0.9;  // share of a list that is kept when it counts as unchanged
constexpr int kFirstRounds = 14, kRounds = 2, kNodeRounds = 3;  // of the dual bound
constexpr double kFewMappings = 2e4;  // that are quicker bounded one by one
class ProductSearch {
 public:
  explicit ProductSearch(const SearchProblem& problem)
      : p_(problem),
        model_(problem.layer, problem.accelerator),
        sums_(model_.sums()),
        terms_(model_.term_count()),
        compounds_(model_.compounds().size()),
        tables_(model_, problem.space, is_timed()),
        dual_(sums_, problem.options.objective, mesh_sizes(), terms_) {
    for (const MeshAxis& axis : tables_.axes()) full_mesh_.push_back(axis.size);
    decided_.assign(terms_ + full_mesh_.size(), 0.0);
  }

  SearchOutcome run() {
    for (const Candidate& start : p_.starts) incumbent_.offer(p_, start);
    // Branch and bound knows no boxes: neither its walks nor its bounds are of use there.
    const bool boxes = p_.accelerator.fields().counting.box_tiles;
    const double root = boxes ? 0.0 : root_bound(p_);
    if (!boxes) incumbent_.merge(anneal(p_, kWarmUp));
    if (!may_improve(root)) return {incumbent_, best_value()};
    auto all = model_.classes().at_most(kMostClasses, [this] { return p_.stop.raised(); });
    if (!all && !boxes && !p_.stop.raised()) return with_branch_and_bound();
    if (!all) return {incumbent_, std::min(root, best_value())};
    const std::vector<LoopClass> classes =
        without_mirror_images(std::move(*all), p_.layer, p_.space);
    for (const LoopClass& loop_class : classes) {
      if (p_.stop.raised()) return {incumbent_, std::min(root, best_value())};
      Item& item = items_.emplace_back();
      item.loop_class = &loop_class;
      for (std::size_t c = 0; c < compounds_; ++c)
        item.tables.push_back(&tables_.table(loop_class, c));
    }
    // A class that leaves no choice of some compound has no mapping.
    std::erase_if(items_, [](const Item& item) {
      return std::any_of(item.tables.begin(), item.tables.end(),
                         [](const Table* table) { return table->choices.empty(); });
    });
    multipliers_ = dual_.start();
    double floor = kInfinity;
    if (!items_.empty()) improve(items_.front(), kFirstRounds);
    rank();
    while (!items_.empty()) {
      if (items_.back().bound >= target()) break;
      if (is_spent()) {
        floor = std::min(floor, dual_.value(items_.back().bound));
        break;
      }
      Item item = std::move(items_.back());
      items_.pop_back();
      search(item);
      if (is_spent()) floor = std::min(floor, dual_.value(item.bound));
    }
    return {incumbent_, std::min(std::max(floor, root), best_value())};
  }

 private:
  /// Machines of many levels have too many classes of loop orders to go through one by one.
  SearchOutcome with_branch_and_bound() {
    SearchProblem problem = p_;
    problem.starts.push_back(*incumbent_.best);
    SearchOutcome outcome = run_branch_and_bound(problem);
    outcome.incumbent.merge(incumbent_);
    return outcome;
  }

  /// A class, its tables and what is known of its costs.
  struct Item {
    const LoopClass* loop_class = nullptr;
    std::vector<Table*> tables;  ///< per compound
    double bound = -kInfinity;   ///< as DualBound has it
  };
  /// Compounds still to be decided, and what the decided ones multiply.
  struct Open {
    std::vector<std::pair<std::size_t, const List*>> lists;
    std::vector<double> products;
    std::vector<std::int64_t> mesh;
  };
  /// What one depth of the search works in; kept, so that nothing is allocated on the way.
  struct Frame {
    Open open;
    DualBound::Multipliers multipliers;
    std::vector<List> filtered;               ///< by position in open.lists
    std::vector<std::vector<double>> scores;  ///< likewise, of DualBound; may be empty
    std::vector<std::vector<double>> bound;   ///< likewise
    std::size_t decisive = 0;                 ///< position of the list that last lost all rows
    std::vector<std::pair<double, std::uint32_t>> order;
  };

  [[nodiscard]] bool is_timed() const {
    const Objective objective = p_.options.objective;
    return objective == Objective::latency || objective == Objective::edp ||
           (objective == Objective::energy && sums_.leakage_pj_per_cycle > 0.0);
  }

  [[nodiscard]] std::vector<double> mesh_sizes() const {
    std::vector<double> sizes;
    for (const MeshAxis& axis : tables_.axes()) sizes.push_back(static_cast<double>(axis.size));
    return sizes;
  }

  /// Of the incumbent, or of what is known from elsewhere.
  [[nodiscard]] double best_value() const {
    return incumbent_.best ? std::min(incumbent_.value, p_.to_beat) : p_.to_beat;
  }

  [[nodiscard]] bool may_improve(double bound) const {
    return bound < best_value() * (1.0 - kTolerance);
  }

  /// What reaches this in terms of DualBound cannot be better than the incumbent.
  [[nodiscard]] double target() const {
    if (best_value() == kInfinity) return kInfinity;
    return dual_.target(best_value() * (1.0 - kTolerance)) + kLogTolerance;
  }

  [[nodiscard]] double compound_size(std::size_t c) const {
    double size = 1.0;
    for (const Dim dim : model_.compounds()[c]) size *= static_cast<double>(p_.layer.op.bound(dim));
    return size;
  }

  // --- classes ----------------------------------------------------------------------------------

  void improve(Item& item, int rounds) {
    log_rows_.clear();
    for (const Table* table : item.tables) log_rows_.push_back(table->rows);
    // What mattered in the last class is a good beginning for this one.
    rows_.assign(compounds_, {});
    matter_.resize(compounds_);
    for (std::size_t c = 0; c < compounds_; ++c) {
      const auto& choices = item.tables[c]->choices;
      for (const std::uint32_t choice : matter_[c]) {
        const auto at = std::lower_bound(choices.begin(), choices.end(), choice);
        if (at != choices.end() && *at == choice)
          rows_[c].push_back(static_cast<std::uint32_t>(at - choices.begin()));
      }
    }
    dual_.improve(multipliers_, log_rows_, decided_, target(), rounds, ascent_, &rows_);
    for (std::size_t c = 0; c < compounds_; ++c) {
      matter_[c].clear();
      for (const std::uint32_t row : rows_[c]) matter_[c].push_back(item.tables[c]->choices[row]);
    }
    item.bound = std::max(item.bound, ascent_.bound);
  }

  /// Bounds every class that is left with the present multipliers, and puts the least bound last.
  /// Classes share most of their tables: each is looked at once for each set of usable terms.
  void rank() {
    std::map<std::vector<char>, std::pair<DualBound::Weights, std::map<const Table*, double>>> seen;
    const double target = this->target();
    for (Item& item : items_) {
      if (item.bound >= target) continue;
      log_rows_.clear();
      for (const Table* table : item.tables) log_rows_.push_back(table->rows);
      const auto [entry, is_new] = seen.try_emplace(dual_.usable(log_rows_, decided_));
      auto& [weights, least] = entry->second;
      if (is_new) weights = dual_.weigh(multipliers_, entry->first);
      double bound = weights.constant;
      for (const Table* table : item.tables) {
        const auto [known, is_first] = least.try_emplace(table);
        if (is_first) known->second = dual_.score(weights, table->rows, scores_);
        bound += known->second;
      }
      item.bound = std::max(item.bound, bound);
    }
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.bound > b.bound; });
  }

  /// Exhausts a class.
  void search(Item& item) {
    improve(item, kRounds);
    const double target = this->target();
    if (item.bound >= target) return;
    class_ = item.loop_class;
    picked_.assign(compounds_, 0);
    lists_.resize(compounds_);
    Frame& root = frame_at(0);
    root.open.lists.clear();
    for (std::size_t c = 0; c < compounds_; ++c) {
      const std::vector<double>& scores = ascent_.scores[c];
      const double slack = target - ascent_.bound + *std::min_element(scores.begin(), scores.end());
      kept_.clear();
      for (std::uint32_t i = 0; i < scores.size(); ++i)
        if (scores[i] < slack) kept_.push_back(i);
      lists_[c] = ChoiceTables::best_of(*item.tables[c], kept_);
      root.open.lists.emplace_back(c, &lists_[c]);
    }
    root.open.products.assign(terms_, 1.0);
    root.open.mesh = full_mesh_;
    root.multipliers = multipliers_;
    explore(0);
  }

  /// The logarithms of some lists, in log_rows_.
  void find_log_rows(const std::vector<const List*>& lists) {
    columns_.clear();
    for (const List* list : lists) {
      for (std::size_t i = 0; i < list->columns(); ++i)
        columns_.push_back(list->logs.data() + i * list->size);
      for (std::size_t a = 0; a < full_mesh_.size(); ++a)
        columns_.push_back(list->log_used.data() + a * list->size);
    }
    log_rows_.clear();
    const double* const* at = columns_.data();
    for (const List* list : lists) {
      const std::size_t count = list->columns();
      log_rows_.push_back(
          {list->size, {at, count}, list->column_of, {at + count, full_mesh_.size()}, list->least});
      at += count + full_mesh_.size();
    }
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
    weights_.assign(list.columns(), 0.0);
    for (const TermShare& share : terms)
      weights_[list.column_of[share.term]] += share.coefficient * others[share.term];
    sum.assign(list.size, fixed);
    for (std::size_t c = 0; c < list.columns(); ++c)
      if (weights_[c] != 0.0) rows::add_scaled(weights_[c], list.column(c), list.size, sum.data());
  }

  /// Bound of every row of a list, given the products of all other compounds; infinite where it
  /// cannot fit.
  void bounds(const List& list, const std::vector<double>& others, double steps, double open,
              const std::vector<std::int64_t>& mesh, std::vector<double>& result) {
    ++incumbent_.nodes;
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

  /// What explore() works in at a depth; stays where it is.
  Frame& frame_at(std::size_t depth) {
    while (frames_.size() <= depth) frames_.emplace_back();
    return frames_[depth];
  }

  /// Exhausts frames_[depth].open: drops rows that cannot be part of anything better, then splits
  /// what is left.
  void explore(std::size_t depth) {
    Frame& frame = frame_at(depth);
    if (frame.open.lists.empty()) return offer(-kInfinity);  // nothing to cut: one mapping
    if (is_spent() || !filter(frame)) return;
    const bool many = frame.open.lists.size() > 1 && mappings(frame.open) > kFewMappings;
    frame.scores.clear();
    if (many && !dual_filter(frame)) return;
    branch(depth);
  }

  /// Decides the compound with the shortest list, row by row.
  void branch(std::size_t depth) {
    Frame& frame = frame_at(depth);
    Open& open = frame.open;
    std::size_t shortest = 0;
    for (std::size_t i = 1; i < open.lists.size(); ++i)
      if (open.lists[i].second->size < open.lists[shortest].second->size) shortest = i;
    const auto [c, list] = open.lists[shortest];
    const std::vector<double>& bound = frame.bound[shortest];
    const std::vector<double>& first = frame.scores.empty() ? bound : frame.scores[shortest];
    frame.order.clear();
    for (std::uint32_t i = 0; i < list->size; ++i) frame.order.emplace_back(first[i], i);
    std::sort(frame.order.begin(), frame.order.end());
    for (const auto& [order, i] : frame.order) {
      if (!may_improve(bound[i])) continue;
      if (is_spent()) return;
      picked_[c] = list->row[i];
      if (open.lists.size() == 1) {
        offer(bound[i]);
        continue;
      }
      Frame& next = frame_at(depth + 1);
      next.multipliers = frame.multipliers;
      next.open = open;
      next.open.lists.erase(next.open.lists.begin() + static_cast<std::ptrdiff_t>(shortest));
      for (std::size_t t = 0; t < terms_; ++t) next.open.products[t] *= list->of(t)[i];
      for (std::size_t a = 0; a < next.open.mesh.size(); ++a)
        next.open.mesh[a] /= list->used_on(a)[i];
      explore(depth + 1);
    }
  }

  [[nodiscard]] static double mappings(const Open& open) {
    double count = 1.0;
    for (const auto& [c, list] : open.lists) count *= static_cast<double>(list->size);
    return count;
  }

  /// Like filter(), by the bound that adds up over the lists. False when nothing is left.
  bool dual_filter(Frame& frame) {
    Open& open = frame.open;
    std::vector<const List*> lists;
    for (const auto& [c, list] : open.lists) lists.push_back(list);
    find_log_rows(lists);
    std::vector<double> decided;
    for (const double product : open.products) decided.push_back(std::log(product));
    for (std::size_t a = 0; a < full_mesh_.size(); ++a)
      decided.push_back(
          std::log(static_cast<double>(full_mesh_[a]) / static_cast<double>(open.mesh[a])));
    const double target = this->target();
    dual_.improve(frame.multipliers, log_rows_, decided, target, kNodeRounds, ascent_);
    incumbent_.nodes += static_cast<std::int64_t>(open.lists.size());
    if (ascent_.bound >= target) return false;
    frame.scores.resize(open.lists.size());
    for (std::size_t l = 0; l < open.lists.size(); ++l) {
      const List& list = *open.lists[l].second;
      const std::vector<double>& scores = ascent_.scores[l];
      const double slack = target - ascent_.bound + *std::min_element(scores.begin(), scores.end());
      kept_.clear();
      frame.scores[l].clear();
      std::vector<double>& bound = frame.bound[l];
      for (std::uint32_t i = 0; i < list.size; ++i) {
        if (scores[i] >= slack) continue;
        bound[kept_.size()] = bound[i];
        kept_.push_back(i);
        frame.scores[l].push_back(scores[i]);
      }
      if (kept_.size() == list.size) continue;
      bound.resize(kept_.size());
      frame.filtered[l].keep(list, kept_);
      open.lists[l].second = &frame.filtered[l];
    }
    return true;
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
      frame.filtered[at].keep(list, kept_);
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
        candidate.chains[index(model_.compounds()[c][d])] = tables_.choices(c)[picked_[c]].loops[d];
    for (LevelIndex l = 0; l < class_->orders.size(); ++l) candidate.orders[l] = class_->orders[l];
    if (p_.accelerator.fields().counting.box_tiles) {
      offer_neighbours(candidate);
      // Where loops do not turn, another order may come down to the bound.
      if (may_improve(bound)) offer_orders(0, candidate, bound);
    } else {
      candidate_ = candidate;
      order_level(0, bound);
    }
  }

  /// Every order of the loops that turn, level by level, until one reaches the bound.
  void offer_orders(LevelIndex level, Candidate& candidate, double bound) {
    if (!may_improve(bound) || is_spent()) return;
    if (level == p_.space.level_count()) return offer_neighbours(candidate);
    LoopOrder& order = candidate.orders[level];
    const LoopOrder before = order;
    const auto idle = std::stable_partition(order.begin(), order.end(), [&](Dim dim) {
      return candidate.bound(slot_of(level, SlotKind::temporal), dim) > 1;
    });
    std::sort(order.begin(), idle);
    do {
      offer_orders(level + 1, candidate, bound);
    } while (std::next_permutation(order.begin(), idle));
    order = before;
  }

  /// Which tiles lie beside each other on the mesh decides what neighbours can pass on.
  void offer_neighbours(Candidate candidate) {
    const auto& levels = p_.accelerator.levels();
    const bool forwards = std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
      return level.fanout.forwarding && level.fanout.instances() > 1;
    });
    const auto first_on = [&](SlotKind axis) {
      std::vector<Dim> dims{Dim::n};
      for (const Dim dim : {Dim::p, Dim::q, Dim::r, Dim::s})
        for (LevelIndex l = 0; forwards && l < levels.size(); ++l)
          if (candidate.bound(slot_of(l, axis), dim) > 1 && dims.back() != dim) dims.push_back(dim);
      return dims;
    };
    for (const Dim x : first_on(SlotKind::x))
      for (const Dim y : first_on(SlotKind::y)) {
        candidate.adjacent = {x, y};
        incumbent_.offer(p_, candidate);
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
  DualBound dual_;
  std::vector<std::int64_t> full_mesh_;
  std::vector<Item> items_;  // that are left
  Incumbent incumbent_;
  bool spent_ = false;
  DualBound::Multipliers multipliers_;                     // of the last class
  std::vector<std::vector<std::uint32_t>> matter_, rows_;  // choices that mattered in it
  DualBound::Ascent ascent_;
  std::vector<LogRows> log_rows_;
  std::vector<const double*> columns_;
  std::vector<List> lists_;  // of the class looked at
  std::deque<Frame> frames_;
  std::vector<double> decided_;  // nothing yet
  std::vector<double> cycles_, units_, scratch_, scratch2_, weights_, others_, scores_;
  std::vector<std::uint32_t> kept_;
  const LoopClass* class_ = nullptr;
  std::vector<std::uint32_t> picked_;
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
