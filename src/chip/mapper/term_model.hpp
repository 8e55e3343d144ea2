#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/chain.hpp"
#include "chip/mapper/factor_choices.hpp"
#include "chip/mapper/loop_classes.hpp"
#include "chip/mapper/map_space.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Dimensions that the counts of a layer tie together: those that share an axis of some operand.
using Compound = std::vector<Dim>;

/// coefficient * product over the compounds of term `index`.
struct TermShare {
  std::uint32_t term = 0;
  double coefficient = 0.0;
};
using TermSum = std::vector<TermShare>;

/// Every count of a layer under one class of loop orders as a sum of products: term t is the
/// product over the compounds of values[t], one value for each way to cut the compound.
///
/// energy = fixed_energy + sum over `energy`; cycles = sum over groups of the largest sum in it;
/// every limit: sum <= room.
struct CostSums {
  double fixed_energy_pj = 0.0;
  double leakage_pj_per_cycle = 0.0;
  TermSum energy;
  /// Partial sums that are not there yet are not read: how much of `energy` and `fixed_energy_pj`
  /// cancels for them. The former is never less than the latter.
  TermSum never_read;
  double never_read_pj = 0.0;
  std::vector<std::vector<TermSum>> cycles;
  TermSum dram_bits;
  double fixed_dram_bits = 0.0;
  struct Limit {
    TermSum sum;
    double room = 0.0;
  };
  std::vector<Limit> limits;
};

/// Writes the cost of a layer as sums of products. Remembers counts: not for two threads at once.
class TermModel {
 public:
  TermModel(const Layer& layer, const Accelerator& accelerator);

  /// Leaves the DRAM traffic and what limits it: the other costs of the sums are gone.
  void keep_dram_only();

  [[nodiscard]] const std::vector<Compound>& compounds() const { return compounds_; }
  [[nodiscard]] const CostSums& sums() const { return sums_; }
  [[nodiscard]] std::size_t term_count() const { return terms_.size(); }
  [[nodiscard]] const LoopClasses& classes() const { return classes_; }
  /// Do the sums bound every mapping from below? Not where outputs overlap, more than two
  /// dimensions share axes, or boxes have no gaps or never slide.
  [[nodiscard]] bool is_exact() const;

  /// A term for the choices of one compound.
  struct Column {
    std::vector<double> values;
    /// Of choices of which the class may count fewer words than any order of its loops moves (exact
    /// counting of rows that are cut at several levels; forwarding), the level that such words go
    /// into: what they really are depends on the loops above it alone. 0: of none. Empty: of no
    /// choice.
    std::vector<std::uint8_t> loose;
  };
  [[nodiscard]] Column column(std::size_t term, const LoopClass& loop_class, std::size_t compound,
                              const FactorChoices& choices) const;
  /// Equal keys: equal columns.
  [[nodiscard]] std::string column_key(std::size_t term, const LoopClass& loop_class,
                                       std::size_t compound) const;
  /// The innermost level into which a class may count fewer words than any order moves; 0: none.
  [[nodiscard]] LevelIndex loosest_level() const;
  /// Does the time that the first tiles take depend on more than the terms say? Where double
  /// buffers wait for tiles that padding may cut.
  [[nodiscard]] bool has_unknown_waits(std::size_t compound) const;
  /// What a choice may cost beyond its sums, as bits: for each level whether its mesh adds to
  /// outputs, which then may be finished in fewer places (where the widths tell), and one for
  /// ragged tiles, which end all passing on from unit to unit (where units do that).
  [[nodiscard]] std::uint32_t flaws(std::size_t compound, const FactorChoice& choice) const;
  /// Which of the choices a class allows: no loops where it leaves them out.
  [[nodiscard]] bool allows(const LoopClass& loop_class, std::size_t compound,
                            const FactorChoice& choice) const;
  /// Equal profiles: the same choices with the same values of every term.
  [[nodiscard]] std::string profile(const LoopClass& loop_class, std::size_t compound) const;

 private:
  /// A count that is a product over the compounds.
  struct Factor {
    enum class Kind : std::uint8_t {
      moved,     ///< words over a boundary, at least
      distinct,  ///< words that a parent ever receives
      tile,      ///< words of the largest tile in a level
      steps,     ///< steps of the whole array
    };
    Kind kind = Kind::steps;
    std::size_t operand = 0;
    /// tile: the level is `child`, the tiles of all instances below one of `parent` together
    LevelIndex parent = 0, child = 0;
    int boundary = -1;         ///< index among the held ones; none: every iteration moves
    std::uint32_t summed = 0;  ///< levels (bits) whose fan-outs count one by one
    auto operator<=>(const Factor&) const = default;
  };
  /// One compound's part of a term: a factor, or by how much it exceeds another.
  struct Part {
    Factor whole;
    std::optional<Factor> less;
    auto operator<=>(const Part&) const = default;
  };
  struct Term {
    std::vector<Part> parts;  ///< per compound
    int divided_by = -1;      ///< instances of this level that work
    auto operator<=>(const Term&) const = default;
  };
  class Builder;
  struct Loops;

  void make_compounds();
  void write_sums();
  [[nodiscard]] std::string key_of(const Factor& factor, const LoopClass& loop_class,
                                   std::size_t compound) const;
  [[nodiscard]] std::span<const LoopPlace> run_of(const Factor& factor,
                                                  const LoopClass& loop_class) const;
  [[nodiscard]] std::optional<Dim> plain_dim(const Rank& rank, Role role) const;
  [[nodiscard]] double plain_value(const Factor& factor, std::size_t axis, const Compound& compound,
                                   const FactorChoice& choice) const;
  [[nodiscard]] Column values(const Factor& factor, const LoopClass& loop_class,
                              std::size_t compound, const FactorChoices& choices) const;
  [[nodiscard]] double own_value(const Factor& factor, const LoopClass& loop_class,
                                 const Compound& compound, std::size_t d,
                                 const FactorChoice& choice) const;
  [[nodiscard]] std::vector<std::size_t> joint_axes(const Factor& factor,
                                                    const Compound& compound) const;
  [[nodiscard]] double axis_value(const Factor& factor, const LoopClass& loop_class,
                                  std::size_t axis, const Compound& compound,
                                  const FactorChoice& choice) const;
  /// Words along an axis: at least, and how many the class may count too few.
  struct RankWords {
    double least = 0.0, spare = 0.0;
  };
  /// Words of ragged boxes for every pair of ways to cut two dimensions: when no loop slides, and
  /// when the innermost loop of the first or of the second does. 0: not counted yet, or too many.
  /// Of one list of choices: the real ones of a search.
  using RaggedWords = std::array<std::vector<std::uint32_t>, 3>;
  /// What of rank_words() does not depend on the choice: where loops along an axis may stand.
  struct AxisPlaces {
    struct Place {
      std::size_t dim = 0;  ///< of the compound
      std::size_t slot = 0;
      int term = 0;  ///< of the rank
      bool spatial = false, summed = false, in_run = false;
    };
    std::size_t axis = 0;
    std::vector<Place> places;  ///< outermost first
    Chain chain;                ///< without loops
    bool is_box = false, may_forward = false;
    RaggedWords* ragged = nullptr;
  };
  [[nodiscard]] AxisPlaces axis_places(const Factor& factor, const LoopClass& loop_class,
                                       std::size_t axis, const Compound& compound) const;
  std::vector<CutCounts>& known_cuts(std::size_t operand, const AxisPlaces& places,
                                     const Chain& chain) const;
  /// `pair`: number of the loops above the child among places.ragged.
  [[nodiscard]] RankWords rank_words(const Factor& factor, const AxisPlaces& places,
                                     const FactorChoice& choice, std::size_t pair = 0) const;
  [[nodiscard]] double ragged_words(const Loops& loops, const AxisPlaces& places,
                                    std::size_t pair) const;
  [[nodiscard]] bool forwards(const Factor& factor) const;
  [[nodiscard]] double turns(Dim dim, const DimLoops& loops, LevelIndex child,
                             std::uint32_t temporal, std::uint32_t summed) const;
  [[nodiscard]] RankWords box_words(const Loops& loops, const Rank& rank, bool forwarding) const;

  const Layer& layer_;
  const Accelerator& accelerator_;
  LoopClasses classes_;
  std::vector<Compound> compounds_;
  std::vector<Term> terms_;
  /// Per operand and axis: its dimension, where every word is used exactly once.
  std::vector<std::vector<std::optional<Dim>>> plain_;
  CostSums sums_;
  mutable std::unordered_map<std::string, std::vector<CutCounts>> cuts_;  ///< see known_cuts()
  mutable std::map<std::tuple<std::size_t, std::size_t, LevelIndex, std::uint32_t>, RaggedWords>
      ragged_;                          ///< by operand, axis, child and summed levels
  bool waits_for_first_tiles_ = false;  ///< cycles are more than the sums say
};

}  // namespace hwflow::chip
