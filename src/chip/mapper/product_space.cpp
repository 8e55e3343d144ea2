#include "chip/mapper/product_space.hpp"

#include <algorithm>
#include <utility>

#include "chip/mapper/class_mirror.hpp"

namespace hwflow::chip {

bool may_leak(const Accelerator& accelerator) {
  return accelerator.engine().leakage_pj_per_cycle > 0.0 ||
         std::any_of(accelerator.levels().begin(), accelerator.levels().end(),
                     [](const MemoryLevel& level) { return level.leakage_pj_per_cycle > 0.0; });
}

namespace {

TermModel make_model(const Layer& layer, const Accelerator& accelerator,
                     ProductSpace::Purpose purpose) {
  TermModel model(layer, accelerator);
  if (purpose == ProductSpace::Purpose::dram) model.keep_dram_only();
  return model;
}

ProductSpace::Purpose purpose_of(const SearchProblem& problem) {
  using Purpose = ProductSpace::Purpose;
  switch (problem.options.objective) {
    case Objective::dram: return Purpose::dram;
    case Objective::energy:
      return may_leak(problem.accelerator) ? Purpose::timed : Purpose::untimed;
    case Objective::latency:
    case Objective::edp: break;
  }
  return Purpose::timed;
}

}  // namespace

ProductSpace::ProductSpace(const Layer& layer, const Accelerator& accelerator,
                           const MapSpace& space, Purpose purpose)
    : layer_(layer),
      space_(space),
      model_(make_model(layer, accelerator, purpose)),
      is_timed_(purpose == Purpose::timed),
      axes_(mesh_axes(space)),
      outer_traffic_(std::make_unique<OuterTraffic>(layer, accelerator)) {}

ProductSpace::ProductSpace(const SearchProblem& problem)
    : ProductSpace(problem.layer, problem.accelerator, problem.space, purpose_of(problem)) {}

ProductSpace::State ProductSpace::find_classes(const StopSign& stop) {
  if (state_ == State::known || state_ == State::too_many) return state_;
  classes_.clear();
  auto all = model_.classes().at_most(kMostClasses, [&] { return stop.raised(); });
  if (!all) return state_ = stop.raised() ? State::stopped : State::too_many;
  std::vector<LoopClass> orders = without_mirror_images(std::move(*all), layer_, space_);
  std::vector<ChoiceList> lists;
  for (const Compound& compound : model_.compounds()) {
    if (stop.raised()) return state_ = State::stopped;
    lists.push_back(list_choices(space_, compound, axes_));
  }
  std::size_t choices = 0;
  for (const ChoiceList& list : lists) choices += list.choices.size();
  if (choices * orders.size() > kMostTableRows) return state_ = State::too_many;
  tables_ = std::make_unique<ChoiceTables>(model_, axes_, std::move(lists), is_timed_);
  for (LoopClass& order : orders) {
    if (stop.raised()) return state_ = State::stopped;
    if (tables_->bytes() > kMostTableBytes) {
      tables_.reset();
      classes_.clear();
      return state_ = State::too_many;
    }
    Class made{std::move(order), {}};
    for (std::size_t c = 0; c < model_.compounds().size(); ++c) {
      Table* table = tables_->table(made.orders, c, [&] { return stop.raised(); });
      if (table == nullptr) return state_ = State::stopped;
      made.tables.push_back(table);
    }
    // A class that leaves no choice of some compound has no mapping.
    if (std::none_of(made.tables.begin(), made.tables.end(),
                     [](const Table* table) { return table->choices.empty(); }))
      classes_.push_back(std::move(made));
  }
  return state_ = State::known;
}

}  // namespace hwflow::chip
