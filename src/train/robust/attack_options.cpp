#include "train/robust/attack_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hwflow::train::robust {
namespace {

constexpr int kMostSteps = 1'000'000;

std::optional<double> number_from(std::string_view text) {
  double number = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Expected<Epsilon> epsilon_from(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string_view all = text;
  const std::optional<double> above = number_from(all.substr(0, slash));
  const std::optional<double> below =
      slash == std::string::npos ? std::optional(1.0) : number_from(all.substr(slash + 1));
  if (!above || !below) {
    return Unexpected{
        Diagnostics{{"eps " + text, "is neither a number nor a fraction", "as in 8/255 or 0.03"}}};
  }
  const double value = *above / *below;
  if (!(value > 0.0 && value <= 1.0)) {
    return Unexpected{Diagnostics{{"eps " + text, "must be above 0 and at most 1",
                                   "pixels go from 0 to 1: 8 of 255 is 8/255"}}};
  }
  return Epsilon{text, value};
}

Diagnostics check(const AttackOptions& o) {
  Diagnostics problems;
  const auto want = [&](bool good, const char* option, const std::string& reason,
                        const char* hint = "") {
    if (!good) problems.push_back({option, reason, hint});
  };
  const auto want_count = [&](const char* option, std::int64_t value, std::int64_t most) {
    want(value >= 1 && value <= most, option,
         fmt::format("must be from 1 to {}, got {}", most, value));
  };
  want(!o.eps.empty(), "eps", "is empty");
  want(!o.attacks.empty(), "attacks", "is empty");
  for (const Epsilon& eps : o.eps) {
    want(eps.value > 0.0 && eps.value <= 1.0, "eps",
         fmt::format("must be above 0 and at most 1, got {}", eps.value));
    want(o.pixels == PixelGrid::continuous || eps.value >= (1.0 - 1e-9) / 255.0, "eps",
         fmt::format("{} changes no byte", eps.text), "at least 1/255, or continuous pixels");
    want(std::ranges::count(o.eps, eps.value, &Epsilon::value) == 1, "eps",
         fmt::format("{} is given twice", eps.text));
  }
  for (const AttackKind attack : o.attacks) {
    want(std::ranges::count(o.attacks, attack) == 1, "attacks",
         fmt::format("{} is named twice", enum_name(attack)));
  }
  want_count("pgd_steps", o.pgd_steps, kMostSteps);
  want_count("apgd_steps", o.apgd_steps, kMostSteps);
  want_count("restarts", o.restarts, 10'000);
  want_count("queries", o.queries, 100'000'000);
  want_count("batch_size", o.batch_size, 65'536);
  want_count("threads", o.threads, 1024);
  want(!o.step_size || (*o.step_size > 0.0 && *o.step_size <= 1.0), "step_size",
       fmt::format("must be above 0 and at most 1, got {}", o.step_size.value_or(0.0)));
  want(o.square_p > 0.0 && o.square_p <= 1.0, "square_p",
       fmt::format("must be above 0 and at most 1, got {}", o.square_p));
  return problems;
}

std::vector<int> apgd_checkpoints(int steps) {
  // In hundredths: the recursion has no other numbers, and ceil() then meets no rounding.
  std::vector<int> checkpoints{0};
  std::int64_t before = 0, p = 22;
  while (p <= 100) {
    const auto at = static_cast<int>((p * steps + 99) / 100);
    if (at > checkpoints.back()) checkpoints.push_back(at);
    p += std::max<std::int64_t>(p - std::exchange(before, p) - 3, 6);
  }
  return checkpoints;
}

double square_share(double p, std::int64_t query, std::int64_t queries) {
  constexpr std::array<std::int64_t, 9> kHalvings{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};
  const std::int64_t of_ten_thousand = query * 10'000 / std::max<std::int64_t>(queries, 1);
  const auto halvings =
      std::ranges::count_if(kHalvings, [&](std::int64_t at) { return of_ten_thousand > at; });
  return p / static_cast<double>(std::int64_t{1} << halvings);
}

}  // namespace hwflow::train::robust
