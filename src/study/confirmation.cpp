#include "study/confirmation.hpp"

#include <atomic>

#include "base/parallel.hpp"

namespace hwflow::study {

Confirmation::Confirmation(train::AccuracyModel& accuracy, RunStore& store,
                           const SearchSetting& setting)
    : accuracy_(accuracy),
      key_(confirmation_key(accuracy.key())),
      store_(store),
      setting_(setting) {}

std::optional<train::AccuracyEstimate> Confirmation::float_accuracy() {
  return find_or_measure(store_, key_, "float", may_measure(),
                         [this] { return accuracy_.float_confirmation_accuracy(); });
}

bool Confirmation::confirm(std::vector<EvaluatedPlan>& plans, std::span<const std::size_t> which) {
  std::vector<std::size_t> fresh;
  for (const std::size_t i : which) {
    if (!plans[i].confirmed) fresh.push_back(i);
  }
  asked_ += static_cast<std::int64_t>(fresh.size());
  std::atomic<bool> complete = true;
  parallel_for(fresh.size(), setting_.threads, [&](std::size_t i) {
    EvaluatedPlan& plan = plans[fresh[i]];
    plan.confirmed = find_or_measure(store_, key_, hwflow::to_text(plan.plan), may_measure(),
                                     [&] { return accuracy_.confirm(plan.plan, setting_.stop); });
    if (plan.confirmed) {
      report_one_done();
    } else {
      complete = false;
    }
  });
  return complete;
}

void Confirmation::report_one_done() {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (!setting_.progress) return;
  setting_.progress({"confirm", done_, asked_, "what may be picked, on images new to the search"});
}

}  // namespace hwflow::study
