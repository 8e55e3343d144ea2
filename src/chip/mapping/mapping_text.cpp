#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/check.hpp"
#include "chip/mapping/mapping.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

void append(std::string& text, const std::vector<Loop>& loops) {
  for (const Loop& loop : loops) text += fmt::format(" {}{}", name(loop.dim), loop.bound);
}

std::optional<Dim> dim_of(char letter) {
  for (const Dim dim : kDims) {
    if (name(dim).front() == letter) return dim;
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

/// Cuts at every `separator`.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t cut = text.find(separator);
    parts.push_back(text.substr(0, cut));
    if (cut == std::string_view::npos) return parts;
    text.remove_prefix(cut + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (text = trimmed(text); !text.empty();) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\r"), text.size());
    found.push_back(text.substr(0, end));
    text = trimmed(text.substr(end));
  }
  return found;
}

class Parser {
 public:
  explicit Parser(const Accelerator& accelerator) : accelerator_(accelerator) {
    for (const MemoryLevel& level : accelerator.levels()) names_.push_back(level.name);
    mapping_.levels.resize(names_.size());
    seen_.resize(names_.size(), false);
  }

  Expected<Mapping> parse(std::string_view text) {
    for (const std::string_view part : split(text, '|')) parse_level(part);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!seen_[i]) problem(names_[i], "level missing", fmt::format("write '{}:'", names_[i]));
    }
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    return std::move(mapping_);
  }

 private:
  void problem(std::string_view place, std::string reason, std::string hint = {}) {
    constexpr std::size_t kMostProblems = 20;  // of one layer: the text may be no mapping at all
    if (problems_.size() == kMostProblems) return;
    problems_.push_back({fmt::format("mapping: {}", place), std::move(reason), std::move(hint)});
  }

  void parse_level(std::string_view part) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) {
      problem(fmt::format("'{}'", trimmed(part).substr(0, 40)), "expected 'LEVEL: loops'");
      return;
    }
    const std::string level(trimmed(part.substr(0, colon)).substr(0, 40));
    const auto place = std::find(names_.begin(), names_.end(), level);
    if (place == names_.end()) {
      problem(level, fmt::format("'{}' has no such level", accelerator_.name()),
              nearest_name_hint(level, names_));
      return;
    }
    const auto l = static_cast<std::size_t>(place - names_.begin());
    if (seen_[l]) problem(level, "level given twice");
    if (l < last_) problem(level, fmt::format("must stand before '{}'", names_[last_]));
    seen_[l] = true;
    last_ = std::max(last_, l);
    parse_loops(level, part.substr(colon + 1), mapping_.levels[l]);
  }

  void parse_loops(const std::string& level, std::string_view text, LevelLoops& loops) {
    const std::vector<std::string_view> halves = split(text, ';');
    if (halves.size() > 2) problem(level, "more than one ';'");
    for (const std::string_view word : words(halves[0])) parse_loop(level, word, loops.temporal);
    if (halves.size() < 2) return;
    std::vector<Loop>* axis = nullptr;
    for (const std::string_view word : words(halves[1])) {
      if (word == "x" || word == "y") {
        axis = word == "x" ? &loops.spatial_x : &loops.spatial_y;
      } else if (axis == nullptr) {
        problem(level, fmt::format("spatial loop '{}' without an axis", word),
                "write 'x' or 'y' before it");
      } else {
        parse_loop(level, word, *axis);
      }
    }
  }

  void parse_loop(const std::string& level, std::string_view word, std::vector<Loop>& loops) {
    const std::optional<Dim> dim = dim_of(word.front());
    Loop loop;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data() + 1, end, loop.bound);
    if (!dim || error != std::errc{} || stop != end || loop.bound < 1) {
      problem(level, fmt::format("'{}' is no loop", word.substr(0, 40)),
              "a loop is one of n k c p q r s g and a bound >= 1, such as k4");
      return;
    }
    // A loop over all of 2^53 elements can be cut into 53 that turn, in 8 dimensions.
    constexpr std::size_t kMostLoops = 512;
    if (loops.size() == kMostLoops) problem(level, fmt::format("more than {} loops", kMostLoops));
    if (loops.size() > kMostLoops) return;
    loop.dim = *dim;
    loops.push_back(loop);
  }

  const Accelerator& accelerator_;
  std::vector<std::string> names_;
  std::vector<bool> seen_;
  std::size_t last_ = 0;
  Mapping mapping_;
  Diagnostics problems_;
};

}  // namespace

std::string to_text(const Mapping& mapping, const Accelerator& accelerator) {
  HWFLOW_CHECK(mapping.levels.size() == accelerator.levels().size(),
               "a mapping of another number of levels");
  std::string text;
  for (LevelIndex l = 0; l < mapping.levels.size(); ++l) {
    const LevelLoops& loops = mapping.levels[l];
    const LevelIndex level = mapping.level_order.empty() ? l : mapping.level_order[l];
    text += fmt::format("{}{}:", l == 0 ? "" : " | ", accelerator.levels()[level].name);
    append(text, loops.temporal);
    if (loops.spatial_x.empty() && loops.spatial_y.empty()) continue;
    text += " ;";
    if (!loops.spatial_x.empty()) text += " x";
    append(text, loops.spatial_x);
    if (!loops.spatial_y.empty()) text += " y";
    append(text, loops.spatial_y);
  }
  return text;
}

namespace {

/// The order in which the text names the levels, where siblings may nest so and it is not the
/// listed one.
std::optional<LevelOrder> other_order(const std::string& text, const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  LevelOrder order;
  for (const std::string_view part : split(text, '|')) {
    const std::string_view level = trimmed(part.substr(0, part.find(':')));
    const auto named = std::find_if(levels.begin(), levels.end(),
                                    [&](const MemoryLevel& l) { return l.name == level; });
    if (named == levels.end()) return std::nullopt;
    order.push_back(static_cast<LevelIndex>(named - levels.begin()));
  }
  if (order.size() != levels.size() || std::is_sorted(order.begin(), order.end()))
    return std::nullopt;
  const std::vector<LevelOrder> orders = sibling_orders(accelerator);
  if (std::find(orders.begin(), orders.end(), order) == orders.end()) return std::nullopt;
  return order;
}

}  // namespace

Expected<Mapping> mapping_from_text(const std::string& text, const Accelerator& accelerator) {
  const std::optional<LevelOrder> order = other_order(text, accelerator);
  if (!order) return Parser(accelerator).parse(text);
  const Accelerator nested = with_level_order(accelerator, *order);
  auto mapping = Parser(nested).parse(text);
  if (mapping) mapping->level_order = *order;
  return mapping;
}

}  // namespace hwflow::chip
