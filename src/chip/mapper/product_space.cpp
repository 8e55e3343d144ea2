#include "chip/mapper/product_space.hpp"

#include <algorithm>
#include <utility>

#include "chip/mapper/class_mirror.hpp"
#include "chip/mapper/row_bounds.hpp"

namespace hwflow::chip {
namespace {

constexpr std::size_t kMostClasses = 6'000;  // of loop orders, before most are left out

}  // namespace

ProductSpace::ProductSpace(const Layer& layer, const Accelerator& accelerator,
                           const MapSpace& space, bool timed)
    : layer_(layer), space_(space), model_(layer, accelerator), tables_(model_, space, timed) {}

ProductSpace::ProductSpace(const SearchProblem& problem)
    : layer_(problem.layer),
      space_(problem.space),
      model_(problem.layer, problem.accelerator),
      tables_(model_, problem.space,
              RowBounds(model_.sums(), problem.options.objective, problem.caps).is_timed()) {}

ProductSpace::State ProductSpace::find_classes(const StopSign& stop) {
  if (state_ == State::known || state_ == State::too_many) return state_;
  classes_.clear();
  auto all = model_.classes().at_most(kMostClasses, [&] { return stop.raised(); });
  if (!all) return state_ = stop.raised() ? State::stopped : State::too_many;
  for (LoopClass& orders : without_mirror_images(std::move(*all), layer_, space_)) {
    if (stop.raised()) return state_ = State::stopped;
    Class made{std::move(orders), {}};
    for (std::size_t c = 0; c < model_.compounds().size(); ++c)
      made.tables.push_back(&tables_.table(made.orders, c));
    // A class that leaves no choice of some compound has no mapping.
    if (std::none_of(made.tables.begin(), made.tables.end(),
                     [](const Table* table) { return table->choices.empty(); }))
      classes_.push_back(std::move(made));
  }
  return state_ = State::known;
}

}  // namespace hwflow::chip
