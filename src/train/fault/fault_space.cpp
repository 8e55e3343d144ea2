#include "train/fault/fault_space.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

constexpr int kWidestWord = std::max(kMultiplierBits + kShiftBits, kWideSumBits);

/// A name that is there twice would make faults that are drawn twice.
template <class Enum>
void check_names(const std::vector<Enum>& chosen, const char* option, const char* what,
                 Diagnostics& problems) {
  if (chosen.empty()) problems.push_back({option, fmt::format("names no {}", what), ""});
  for (const auto& [name, each] : enum_names(Enum{}))
    if (std::ranges::count(chosen, each) > 1)
      problems.push_back({option, fmt::format("names '{}' more than once", name), ""});
}

Diagnostics problems_of(const integer::Plan& plan, const SpaceOptions& options) {
  Diagnostics problems;
  for (const std::string& layer : options.layers)
    if (std::ranges::find(plan.network.network.nodes(), layer, &Node::name) ==
        plan.network.network.nodes().end())
      problems.push_back({"--layers " + layer, "is not a node of " + plan.network.network.name(),
                          "'hwflow map' lists the layers of a network"});
  for (const int bit : options.bits)
    if (bit < 0 || bit >= kWidestWord)
      problems.push_back({fmt::format("--bit-positions {}", bit), "no word has such a bit",
                          fmt::format("0 (least significant) to {}", kWidestWord - 1)});
  if (options.adjacent_bits < 1 || options.adjacent_bits > kWidestWord)
    problems.push_back({fmt::format("--adjacent-bits {}", options.adjacent_bits),
                        "is not a number of bits of a word", "1 and more"});
  check_names(options.sites, "--sites", "site", problems);
  check_names(options.effects, "--effects", "effect", problems);
  return problems;
}

template <class T>
bool wants(const std::vector<T>& chosen, const T& value) {
  return chosen.empty() || std::ranges::find(chosen, value) != chosen.end();
}

}  // namespace

Expected<FaultSpace> FaultSpace::make(const integer::Plan& plan, const SpaceOptions& options) {
  if (Diagnostics problems = problems_of(plan, options); !problems.empty())
    return Unexpected{std::move(problems)};
  FaultSpace space;
  space.adjacent_bits_ = options.adjacent_bits;
  for (const Site site : options.sites)
    for (std::size_t node = 0; node < plan.nodes.size(); ++node) {
      if (!wants(options.layers, plan.network.network.nodes()[node].name)) continue;
      const bool is_copied = site == Site::scales || site == Site::activations;
      const std::size_t copies = is_copied ? copies_of(plan, node) : 1;
      for (std::size_t copy = 0; copy < copies; ++copy) {
        const std::int64_t words = word_count(plan, site, node, copy);
        if (words == 0) continue;
        const int bits = word_of(plan, site, node, copy).bits;
        for (const Effect effect : options.effects)
          for (int bit = 0; bit + options.adjacent_bits <= bits; ++bit)
            if (wants(options.bits, bit))
              space.strata_.push_back({site, effect, static_cast<std::uint32_t>(node),
                                       static_cast<std::uint32_t>(copy), bit, words});
      }
    }
  for (const Stratum& stratum : space.strata_) {
    space.before_.push_back(space.population_);
    space.population_ += stratum.words;
  }
  if (space.population_ == 0)
    return Unexpected{
        Diagnostics{{"--sites", "the chosen layers have no such words and bits", ""}}};
  return space;
}

std::size_t FaultSpace::stratum_of(std::int64_t number) const {
  return static_cast<std::size_t>(std::ranges::upper_bound(before_, number) - before_.begin()) - 1;
}

Upset FaultSpace::upset(std::size_t stratum, std::int64_t word) const {
  const Stratum& s = strata_.at(stratum);
  const std::uint64_t bits = (std::uint64_t{1} << adjacent_bits_) - 1;
  return {s.site, s.effect, s.node, s.copy, word, bits << s.bit};
}

}  // namespace hwflow::train::fault
