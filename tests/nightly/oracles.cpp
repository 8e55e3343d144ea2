// Two claims against their witnesses, at length (`make nightly`):
//   - the strategy "products" finds the optimum and proves it: against the enumeration of every
//     mapping of small layer and machine pairs, for each objective and for Pareto sets;
//   - evaluate() counts what moves: against the walk over every element of random small mappings.
// Prints failing cases, made as small as they go, and one summary line for each claim.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "chip/cost/semantics.hpp"
#include "tests/chip/cost/case_mismatches.hpp"
#include "tests/chip/mapper/product_oracle.hpp"

namespace {

using namespace hwflow;

struct Options {
  std::int64_t first = 0;
  std::int64_t pairs = 2'000;
  std::int64_t cases = 100'000;
  std::int64_t mappings = 5'000;
  std::uint64_t seed = 1;
  std::string counting = "all";
};

constexpr std::int64_t kMostShown = 10;  // bounds of searches cut short; all are counted

class Progress {
 public:
  Progress(std::string_view what, std::int64_t total) : what_(what), total_(total) {}
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void tell(std::int64_t done, std::int64_t failed) const {
    const std::int64_t interval = std::max<std::int64_t>(1, total_ / 20);
    if (done % interval != 0) return;
    fmt::print("{} of {} {}, {} failed, {:.0f} s\n", done, total_, what_, failed, seconds());
    (void)std::fflush(stdout);
  }

 private:
  std::string_view what_;
  std::int64_t total_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void show(std::int64_t number, const testing::OraclePair& pair, const testing::Differences& seen,
          std::int64_t most_mappings) {
  fmt::print("pair {}:\n{}{}", number, testing::describe(pair), seen.text());
  (void)std::fflush(stdout);
  const testing::OraclePair small = testing::shrink(pair, most_mappings);
  fmt::print("made smaller:\n{}{}\n", testing::describe(small),
             testing::differences(small, most_mappings).text());
}

std::int64_t check_pairs(const Options& options) {
  const Progress progress("pairs", options.pairs);
  std::int64_t compared = 0, by_timeloop = 0, wrong = 0, wrong_when_cut = 0;
  for (std::int64_t i = options.first; i < options.first + options.pairs; ++i) {
    Rng rng = Rng::derive(options.seed, static_cast<std::uint64_t>(i));
    const testing::OraclePair pair = testing::make_oracle_pair(rng, options.mappings);
    if (options.counting != "all" && options.counting != chip::name(pair.counting)) continue;
    ++compared;
    by_timeloop += pair.counting != chip::Semantics::exact ? 1 : 0;
    const testing::Differences seen = testing::differences(pair, options.mappings);
    if (!seen.empty()) {
      ++(seen.is_wrong() ? wrong : wrong_when_cut);
      if (seen.is_wrong() || wrong_when_cut <= kMostShown) show(i, pair, seen, options.mappings);
    }
    progress.tell(i + 1 - options.first, wrong + wrong_when_cut);
  }
  fmt::print(
      "products against enumeration: {} pairs for each of 4 objectives and 4 Pareto sets ({} in "
      "exact counting, {} in Timeloop's), at most {} mappings a pair: {} optima or sets differ, {} "
      "more bounds of searches cut short, seed {}, {:.0f} s\n",
      compared, compared - by_timeloop, by_timeloop, options.mappings, wrong, wrong_when_cut,
      options.seed, progress.seconds());
  return wrong + wrong_when_cut;
}

std::int64_t check_cases(const Options& options) {
  const Progress progress("cases", options.cases);
  std::int64_t failed = 0;
  for (std::int64_t i = options.first; i < options.first + options.cases; ++i) {
    Rng rng = Rng::derive(options.seed, static_cast<std::uint64_t>(i));
    const testing::RandomCase drawn = testing::make_case(rng);
    if (!testing::mismatches(drawn).empty()) {
      ++failed;
      const testing::RandomCase small = testing::shrink(
          drawn, [](const testing::RandomCase& c) { return !testing::mismatches(c).empty(); });
      fmt::print("case {}:\n{}{}\n", i, testing::describe(small), testing::mismatches(small));
    }
    progress.tell(i + 1 - options.first, failed);
  }
  fmt::print(
      "evaluate() against the element-by-element walk: {} cases, {} differ, seed {}, {:.0f} s\n",
      options.cases, failed, options.seed, progress.seconds());
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The mapper and the cost model against their witnesses, at length");
  Options options;
  app.add_option("--first", options.first, "number of the first pair and case: to repeat one");
  app.add_option("--pairs", options.pairs, "layer and machine pairs to enumerate");
  app.add_option("--cases", options.cases, "random mappings to walk element by element");
  app.add_option("--mappings", options.mappings, "most mappings of a pair");
  app.add_option("--counting", options.counting, "only pairs of this counting");
  app.add_option("--seed", options.seed, "of both");
  CLI11_PARSE(app, argc, argv);
  return check_cases(options) + check_pairs(options) == 0 ? 0 : 1;
}
