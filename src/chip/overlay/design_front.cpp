#include "chip/overlay/design_front.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "chip/overlay/front_sweep.hpp"

namespace hwflow::chip {
namespace {

/// A point with the objectives that do not count at zero.
struct Candidate {
  double lut;
  std::uint32_t bram_rank;
  double cycles, dram_bits;
  std::uint32_t index;

  [[nodiscard]] auto key() const { return std::tie(lut, bram_rank, cycles, dram_bits, index); }
  bool operator<(const Candidate& other) const { return key() < other.key(); }
};

class Front {
 public:
  Front(const CostTable& totals, const DesignList& designs, std::size_t rules,
        const OverlayObjectives& objectives)
      : totals_(totals), designs_(designs), rules_(rules), objectives_(objectives) {}

  std::vector<std::uint32_t> indices() {
    collect();
    sort();
    FrontSweep sweep(objectives_.bram36 ? designs_.bram_ranks() : 1);
    std::vector<std::uint32_t> front;
    for (const Candidate& at : candidates_) {
      if (sweep.take(at.bram_rank, at.cycles, at.dram_bits)) front.push_back(at.index);
    }
    if (!objectives_.lut || !objectives_.bram36 || !objectives_.cycles) sort_by_all(front);
    return front;
  }

 private:
  /// Does the design with the next smaller memory on some side do as well? It needs no more.
  [[nodiscard]] bool has_equal_smaller(const DesignList::Entry& entry, std::size_t rule,
                                       double cycles, double dram_bits) const {
    return std::ranges::any_of(
        std::array{entry.smaller_bm, entry.smaller_bn}, [&](std::int32_t smaller) {
          if (smaller < 0) return false;
          const std::size_t at = static_cast<std::size_t>(smaller) * rules_ + rule;
          return totals_.cycles[at] <= cycles && totals_.dram_bits[at] <= dram_bits;
        });
  }

  void collect() {
    candidates_.reserve(totals_.cycles.size() / 4);
    std::uint32_t index = 0;
    for (const DesignList::Entry& entry : designs_.entries()) {
      for (std::size_t rule = 0; rule < rules_; ++rule, ++index) {
        const double cycles = totals_.cycles[index];
        const double dram_bits = totals_.dram_bits[index];
        if (has_equal_smaller(entry, rule, cycles, dram_bits)) continue;
        candidates_.push_back(
            {objectives_.lut ? entry.lut : 0.0, objectives_.bram36 ? entry.bram_rank : 0,
             objectives_.cycles ? cycles : 0.0, objectives_.dram_bits ? dram_bits : 0.0, index});
      }
    }
  }

  void sort() {
    if (!objectives_.lut) return std::sort(candidates_.begin(), candidates_.end());
    // The list is in order of LUTs (and block RAMs): only runs of equals are left to sort.
    for (auto begin = candidates_.begin(); begin != candidates_.end();) {
      auto end = begin + 1;
      while (end != candidates_.end() && end->lut == begin->lut) ++end;
      if (end - begin > 1) std::sort(begin, end);
      begin = end;
    }
  }

  void sort_by_all(std::vector<std::uint32_t>& front) const {
    std::sort(front.begin(), front.end(), [this](std::uint32_t a, std::uint32_t b) {
      const DesignList::Entry& x = designs_.entries()[a / rules_];
      const DesignList::Entry& y = designs_.entries()[b / rules_];
      return std::tie(x.lut, x.bram36, totals_.cycles[a], totals_.dram_bits[a], a) <
             std::tie(y.lut, y.bram36, totals_.cycles[b], totals_.dram_bits[b], b);
    });
  }

  const CostTable& totals_;
  const DesignList& designs_;
  std::size_t rules_;
  const OverlayObjectives& objectives_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<std::uint32_t> front_of(const CostTable& totals, const DesignList& designs,
                                    std::size_t rules, const OverlayObjectives& objectives) {
  return Front(totals, designs, rules, objectives).indices();
}

}  // namespace hwflow::chip
