#include "chip/mapper/product_search.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>

#include "chip/mapper/ceiling_search.hpp"
#include "chip/mapper/choice_tables.hpp"
#include "chip/mapper/covered_rows.hpp"
#include "chip/mapper/dual_bound.hpp"
#include "chip/mapper/leaf_orders.hpp"
#include "chip/mapper/row_bounds.hpp"
#include "chip/mapper/row_kernels.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLogTolerance = 1e-9;
constexpr std::int64_t kWarmUp = 40'000;  // bounds and mappings of a first walk
constexpr double kFewDropped = 0.9;  // share of a list that is kept when it counts as unchanged
constexpr int kFirstRounds = 14, kRounds = 2, kNodeRounds = 3;  // of the dual bound
constexpr double kFewMappings = 2e4;  // that are quicker bounded one by one

/// Goes through the classes of loop orders, least bound first, and exhausts each by branch and
/// bound over its lists of rows (docs/mapper.md, "Products").
class ProductSearch {
 public:
  ProductSearch(const SearchProblem& problem, const ProductSpace& space)
      : p_(problem),
        best_(problem),
        orders_(problem, best_, space.outer_traffic()),
        space_(space),
        model_(space.model()),
        terms_(model_.term_count()),
        compounds_(model_.compounds().size()),
        row_bounds_(model_.sums(), problem.options.objective, problem.caps),
        dual_(model_.sums(), problem.options.objective, mesh_sizes(), terms_, problem.caps) {
    for (const MeshAxis& axis : space_.axes()) full_mesh_.push_back(axis.size);
    decided_.assign(terms_ + full_mesh_.size(), 0.0);
  }

  /// `space`: the same as that of this search, to find its classes.
  SearchOutcome run(ProductSpace& space) {
    // Branch and bound knows no boxes: neither its walks nor its bounds are of use there.
    const bool boxes = p_.accelerator.fields().counting.box_tiles;
    const double root = root_bound(p_);
    if (boxes) {
      for (const Candidate& start : p_.starts) best_.offer(start);
    } else {
      best_.incumbent = anneal(p_, warm_up());
    }
    if (!best_.may_improve(root)) return outcome(root);
    const auto state = space.find_classes(p_.stop);
    if (state == ProductSpace::State::too_many && p_.space.perfect())
      return with(boxes ? run_genetic : run_branch_and_bound);
    if (state != ProductSpace::State::known) return outcome(root);
    multipliers_ = dual_.start();
    return outcome(std::max(search_items({}), root));
  }

  SearchOutcome run_in_box(ClassBounds& known) {
    const double root = root_bound(p_);
    if (!best_.may_improve(root)) return outcome(root);
    multipliers_ = dual_.start();
    if (known.multipliers.size() == multipliers_.size()) multipliers_ = known.multipliers;
    const double floor = search_items(known.bounds);
    known.bounds = std::move(bounds_);
    known.multipliers = multipliers_;
    return outcome(std::max(floor, root));
  }

 private:
  /// Machines of many levels have too many classes of loop orders to go through one by one.
  SearchOutcome with(SearchOutcome (*strategy)(const SearchProblem& problem)) {
    SearchProblem problem = p_;
    problem.starts.push_back(*best_.incumbent.best);
    SearchOutcome found = strategy(problem);
    found.incumbent.merge(best_.incumbent);
    return found;
  }

  /// Best first; returns the least bound of what a stop leaves.
  double search_items(const std::vector<double>& known) {
    make_items(known);
    if (!items_.empty()) improve(items_.front(), kFirstRounds);
    rank();
    while (!items_.empty() && items_.back().bound < target()) {
      Item item = std::move(items_.back());
      items_.pop_back();
      if (!best_.is_spent()) search(item);
      bounds_[item.number] = item.bound;
      if (!best_.is_spent()) continue;
      const double next = items_.empty() ? kInfinity : items_.back().bound;
      return dual_.value(std::min(item.bound, next));
    }
    return kInfinity;
  }

  void make_items(const std::vector<double>& known) {
    bounds_ = known;
    bounds_.resize(space_.classes().size(), -kInfinity);
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      const ProductSpace::Class& made = space_.classes()[i];
      if (bounds_[i] < target()) items_.push_back({&made.orders, made.tables, i, bounds_[i]});
    }
  }

  /// `floor`: nothing that is left is cheaper.
  [[nodiscard]] SearchOutcome outcome(double floor) const {
    return {best_.incumbent, std::min(floor, best_.value())};
  }

  [[nodiscard]] std::int64_t warm_up() const {
    return std::min(kWarmUp, p_.options.max_evaluations.value_or(kWarmUp));
  }

  /// A class, its tables and what is known of its costs.
  struct Item {
    const LoopClass* loop_class = nullptr;
    std::vector<Table*> tables;  ///< per compound
    std::size_t number = 0;
    double bound = -kInfinity;  ///< as DualBound has it
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

  [[nodiscard]] std::vector<double> mesh_sizes() const {
    std::vector<double> sizes;
    for (const MeshAxis& axis : space_.axes()) sizes.push_back(static_cast<double>(axis.size));
    return sizes;
  }

  /// What reaches this in terms of DualBound cannot be better than the best.
  [[nodiscard]] double target() const {
    return best_.value() == kInfinity ? kInfinity : dual_.target(best_.limit()) + kLogTolerance;
  }

  [[nodiscard]] double compound_size(std::size_t c) const {
    double size = 1.0;
    for (const Dim dim : model_.compounds()[c]) size *= static_cast<double>(p_.layer.op.bound(dim));
    return size;
  }

  // --- classes ----------------------------------------------------------------------------------

  void improve(Item& item, int rounds) {
    log_rows_.clear();
    for (std::size_t c = 0; c < compounds_; ++c) {
      log_rows_.push_back(item.tables[c]->rows);
      log_rows_.back().handicap = covered_.handicap(c);
    }
    // What mattered in the last class is a good beginning for this one.
    rows_.assign(compounds_, {});
    matter_.resize(compounds_);
    for (std::size_t c = 0; c < compounds_; ++c) {
      const auto& choices = item.tables[c]->choices;
      for (const std::uint32_t choice : matter_[c]) {
        const auto at = std::lower_bound(choices.begin(), choices.end(), choice);
        const auto row = static_cast<std::size_t>(at - choices.begin());
        if (at != choices.end() && *at == choice && covered_.is_new(c, row))
          rows_[c].push_back(static_cast<std::uint32_t>(row));
      }
    }
    dual_.improve(multipliers_, log_rows_, decided_, target(), rounds, ascent_, &rows_);
    for (std::size_t c = 0; c < compounds_; ++c) {
      matter_[c].clear();
      for (const std::uint32_t row : rows_[c]) matter_[c].push_back(item.tables[c]->choices[row]);
    }
    // Without the covered rows it is no bound of the class as another search may see it.
    if (!covered_.hides_rows()) item.bound = std::max(item.bound, ascent_.bound);
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
      bounds_[item.number] = item.bound;
    }
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.bound > b.bound; });
  }

  /// Exhausts a class.
  void search(Item& item) {
    if (!covered_.find_new(item.tables)) return;
    improve(item, kRounds);
    const double target = this->target();
    if (ascent_.bound >= target) return covered_.add_ruled_out(item.tables);
    class_ = item.loop_class;
    picked_.assign(compounds_, 0);
    lists_.resize(compounds_);
    Frame& root = frame_at(0);
    root.open.lists.clear();
    std::vector<std::vector<std::uint32_t>> kept(compounds_);
    LevelIndex loosest = 0;
    for (std::size_t c = 0; c < compounds_; ++c) {
      kept[c] = find_kept(c, target);
      loosest = std::max(loosest, ChoiceTables::loosest(*item.tables[c], kept[c]));
    }
    for (std::size_t c = 0; c < compounds_; ++c) {
      lists_[c] = ChoiceTables::best_of(*item.tables[c], kept[c], loosest);
      root.open.lists.emplace_back(c, &lists_[c]);
    }
    if (!covered_.add_searched(item.tables, kept, lists_)) return;
    root.open.products.assign(terms_, 1.0);
    root.open.mesh = full_mesh_;
    root.multipliers = multipliers_;
    explore(0);
  }

  /// The rows of a list whose scores do not lift the bound to the target, in kept_.
  const std::vector<std::uint32_t>& find_kept(std::size_t list, double target) {
    const std::vector<double>& scores = ascent_.scores[list];
    const double slack = target - ascent_.bound + *std::min_element(scores.begin(), scores.end());
    kept_.clear();
    for (std::uint32_t i = 0; i < scores.size(); ++i)
      if (scores[i] < slack) kept_.push_back(i);
    return kept_;
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

  // --- rows -------------------------------------------------------------------------------------

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
    if (best_.is_spent() || !filter(frame)) return;
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
      if (!best_.may_improve(bound[i])) continue;
      if (best_.is_spent()) return;
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
    best_.incumbent.nodes += static_cast<std::int64_t>(open.lists.size());
    if (ascent_.bound >= target) return false;
    frame.scores.resize(open.lists.size());
    for (std::size_t l = 0; l < open.lists.size(); ++l) {
      (void)find_kept(l, target);
      frame.scores[l] = ascent_.scores[l];
      pick(frame.scores[l], kept_);
      keep(frame, l);
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
      beside_.products = open.products;
      beside_.decided_steps = open.products[row_bounds_.steps_term()];
      beside_.open = 1.0;
      beside_.mesh = open.mesh;
      for (std::size_t o = 0; o < count; ++o) {
        if (o == at) continue;
        beside_.open *= compound_size(open.lists[o].first);
        rows::multiply(open.lists[o].second->least.data(), terms_, beside_.products.data());
      }
      ++best_.incumbent.nodes;
      row_bounds_.find(list, beside_, bound);
      kept_.clear();
      for (std::uint32_t i = 0; i < list.size; ++i)
        if (best_.may_improve(bound[i])) kept_.push_back(i);
      if (kept_.empty()) {
        frame.decisive = at;
        return false;
      }
      unchanged = static_cast<double>(kept_.size()) > kFewDropped * static_cast<double>(list.size)
                      ? unchanged + 1
                      : 1;
      keep(frame, at);
    }
    return true;
  }

  template <class T>
  static void pick(std::vector<T>& values, const std::vector<std::uint32_t>& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) values[i] = values[rows[i]];
    values.resize(rows.size());
  }

  /// Leaves the rows of kept_ in an open list and its bounds.
  void keep(Frame& frame, std::size_t at) {
    const List*& list = frame.open.lists[at].second;
    if (kept_.size() == list->size) return;
    pick(frame.bound[at], kept_);
    frame.filtered[at].keep(*list, kept_);
    list = &frame.filtered[at];
  }

  void offer(double bound) {
    Candidate candidate = p_.space.empty();
    for (std::size_t c = 0; c < picked_.size(); ++c)
      for (std::size_t d = 0; d < model_.compounds()[c].size(); ++d)
        candidate.chains[index(model_.compounds()[c][d])] =
            space_.tables().choices(c)[picked_[c]].loops[d];
    for (LevelIndex l = 0; l < class_->orders.size(); ++l) candidate.orders[l] = class_->orders[l];
    orders_.offer(candidate, bound, picked_);
  }

  const SearchProblem& p_;
  BestSoFar best_;
  LeafOrders orders_;
  const ProductSpace& space_;
  const TermModel& model_;
  std::size_t terms_, compounds_;
  RowBounds row_bounds_;
  DualBound dual_;
  std::vector<std::int64_t> full_mesh_;
  std::vector<double> decided_;  // of DualBound: nothing
  std::vector<Item> items_;      // that are left
  std::vector<double> bounds_;   // per class of the space
  CoveredRows covered_;

  // Of the last class that was bounded: what the next one begins with.
  DualBound::Multipliers multipliers_;
  std::vector<std::vector<std::uint32_t>> matter_, rows_;  // choices that mattered in it

  // Of the class that is searched.
  const LoopClass* class_ = nullptr;
  std::vector<List> lists_;
  std::deque<Frame> frames_;
  std::vector<std::uint32_t> picked_;

  // Work space.
  DualBound::Ascent ascent_;
  std::vector<LogRows> log_rows_;
  std::vector<const double*> columns_;
  RowBounds::Beside beside_;
  std::vector<double> scores_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace

bool is_product_problem(const Layer& layer, const Accelerator& accelerator) {
  return TermModel(layer, accelerator).is_exact();
}

SearchOutcome run_products(const SearchProblem& problem) {
  if (!is_product_problem(problem.layer, problem.accelerator)) return run_branch_and_bound(problem);
  if (!problem.space.perfect()) return run_ceiling(problem);
  return run_product_search(problem);
}

SearchOutcome run_product_search(const SearchProblem& problem) {
  ProductSpace space(problem);
  return ProductSearch(problem, space).run(space);
}

SearchOutcome run_in_box(const SearchProblem& problem, const ProductSpace& space,
                         ClassBounds& known) {
  return ProductSearch(problem, space).run_in_box(known);
}

}  // namespace hwflow::chip
