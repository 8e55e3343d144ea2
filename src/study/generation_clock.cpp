#include "study/generation_clock.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "study/run_session.hpp"

namespace hwflow::study {

std::vector<double> GenerationClock::close(const std::string& part,
                                           std::span<const double> others) {
  totals_.resize(1 + others.size());
  const auto now = std::chrono::steady_clock::now();
  totals_[0] += std::chrono::duration<double>(now - closed_).count();
  closed_ = now;
  for (std::size_t i = 0; i < others.size(); ++i) totals_[i + 1] += others[i];
  if (!run_) return totals_;
  const std::string fact = kSecondsFact + part;
  std::string text;
  for (const double total : totals_)
    text += fmt::format("{}{:.3f}", text.empty() ? "" : " ", total);
  const std::optional<std::string> known = store_.find_fact(*run_, fact);
  if (!known && !only_known_) store_.save_fact(*run_, fact, text);
  if (known) text = *known;
  const char* rest = text.c_str();
  for (double& total : totals_) {
    char* end = nullptr;
    total = std::strtod(rest, &end);
    rest = end;
  }
  return totals_;
}

}  // namespace hwflow::study
