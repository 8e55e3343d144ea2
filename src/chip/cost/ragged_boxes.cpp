#include "chip/cost/ragged_boxes.hpp"

#include <algorithm>
#include <optional>
#include <ranges>

namespace hwflow::chip {
RaggedBoxes::RaggedBoxes(const std::vector<Chain>& chains, const std::vector<std::size_t>& temporal)
    : chains_(chains) {
  std::vector<std::size_t> next(chains.size(), 0);
  for (const std::size_t c : temporal) {
    const std::vector<ChainLoop>& loops = chains[c].loops;
    while (loops[next[c]].spatial) ++next[c];
    const ChainLoop& loop = loops[next[c]++];
    const std::int64_t shift =
        chains[c].relevant ? chains[c].coefficient[static_cast<std::size_t>(loop.term)] * loop.tile
                           : 0;
    steps_.push_back({c, shift});
  }
  classify();
}

void RaggedBoxes::classify() {
  std::optional<Step> slide;
  std::vector<std::int64_t> inside(chains_.size(), 0);
  for (Step& step : std::ranges::reverse_view(steps_)) {
    step.innermost = !slide && step.shift != 0;
    if (step.innermost) {
      slide = step;
      slide_ = step.shift;
    }
    step.enters = slide ? what_enters(step, *slide, inside) : Enters::nothing;
    inside[step.chain] += step.shift;
  }
}

RaggedBoxes::Enters RaggedBoxes::what_enters(const Step& step, const Step& slide,
                                             const std::vector<std::int64_t>& inside) const {
  const Chain& chain = chains_[step.chain];
  if (step.innermost) return chain.whole_tiles ? Enters::whole : Enters::slide;
  if (step.chain != slide.chain || step.shift == 0 || is_ragged(chain)) return Enters::whole;
  for (std::size_t c = 0; c < inside.size(); ++c)
    if (c != step.chain && inside[c] != 0) return Enters::whole;
  const std::int64_t shift = step.shift - inside[step.chain];
  if (shift == 0) return Enters::nothing;
  return shift == slide.shift && !chain.whole_tiles ? Enters::slide : Enters::whole;
}

/// Along the chain that slides, over all values of `free` loops further out and of the step.
std::int64_t RaggedBoxes::slid_words(const Step& step, int free) const {
  const Chain& chain = chains_[step.chain];
  const CutCounts counts = count_cut(chain, {free, true}, Side::enter);
  if (step.innermost) return counts.whole - counts.kept;
  // Inner loops return; all boxes are as long as the largest.
  const std::int64_t length = largest_tile(chain);
  return counts.whole / length * std::min(length, slide_);
}

std::int64_t RaggedBoxes::moved() const {
  std::vector<int> free(chains_.size(), 0);
  std::vector<std::int64_t> still(chains_.size());
  std::int64_t words = 1;
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    still[c] = count_cut(chains_[c], {0, false}, Side::enter).whole;
    words *= still[c];
  }
  for (const Step& step : steps_) {
    const std::size_t stepping = step.chain;
    std::int64_t product = 0;
    if (step.enters == Enters::whole)
      product = count_cut(chains_[stepping], {free[stepping], true}, Side::enter).whole;
    if (step.enters == Enters::slide) product = slid_words(step, free[stepping]);
    for (std::size_t c = 0; c < chains_.size(); ++c)
      if (c != stepping) product *= still[c];
    words += product;
    still[stepping] = count_cut(chains_[stepping], {++free[stepping], false}, Side::enter).whole;
  }
  return words;
}

}  // namespace hwflow::chip
