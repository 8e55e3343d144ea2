#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/mapper/caps.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// Logarithms of the terms for some choices of one compound. Terms that have the same value in
/// every row share a column.
struct LogRows {
  std::size_t size = 0;
  std::span<const double* const> columns;
  std::span<const std::uint16_t> column_of;  ///< per term
  std::span<const double* const> used;       ///< per mesh axis
  std::span<const double> least;             ///< per term: its least value, not the logarithm
  std::span<const double> handicap = {};     ///< added to scores: infinite where a row is out
};

/// Lower bounds on the logarithm of a cost that add up over the compounds.
///
/// A cost is a sum of products v_t = prod_d x_dt. For any weights w >= 0 of sum 1 the inequality of
/// the weighted means gives log(sum a_t v_t) >= sum w_t (log a_t + log v_t - log w_t), in which
/// every compound stands by itself: the least of a sum over its rows can be taken list by list. A
/// limit (sum b_t v_t <= room, or units used <= size of a mesh axis) is never positive in log(sum /
/// room), so any multiple of it may be added; a cap on a cost is such a limit. What is best among
/// all weights and multiples is the optimum of the geometric program whose rows may be mixed
/// (Duffin, Peterson & Zener, Geometric Programming, 1967): a far better bound than the product of
/// the least values.
class DualBound {
 public:
  DualBound(const CostSums& sums, Objective objective, const std::vector<double>& mesh,
            std::size_t terms, const Caps& caps = {});

  /// Logarithms of the weights and multiples, to be improved step by step.
  using Multipliers = std::vector<double>;
  [[nodiscard]] Multipliers start() const;

  /// The bound that a mapping of this value has: what reaches it cannot be cheaper.
  [[nodiscard]] double target(double value) const;
  /// The cost that a bound stands for: the inverse of target().
  [[nodiscard]] double value(double bound) const;

  /// bound = a constant + the sum over the lists of their least scores.
  struct Ascent {
    double bound = 0.0;
    std::vector<std::vector<double>> scores;  ///< per list and row
  };
  /// The best bound that it finds in some rounds; it stops when the bound reaches `target` or
  /// hardly rises. `decided` has the logarithms of what is decided already, terms and then axes.
  /// `rows`, when given, are the rows of every list to begin with, and afterwards those that
  /// matter: for lists of the same choices.
  void improve(Multipliers& multipliers, std::span<const LogRows> lists,
               std::span<const double> decided, double target, int rounds, Ascent& ascent,
               std::vector<std::vector<std::uint32_t>>* rows = nullptr);

  /// The constant and the weights of the features that some multipliers give where these terms are
  /// usable: for bounds of many lists at once.
  struct Weights {
    double constant = 0.0;
    std::vector<double> of_feature;  ///< terms, then axes
  };
  [[nodiscard]] Weights weigh(const Multipliers& multipliers, const std::vector<char>& usable);
  /// Terms of which no row is zero: the others count nothing, their logarithms have no bound.
  [[nodiscard]] std::vector<char> usable(std::span<const LogRows> lists,
                                         std::span<const double> decided) const;
  /// Scores of all rows; returns the least.
  double score(const Weights& weights, const LogRows& rows, std::vector<double>& scores);

 private:
  /// A weight or a multiple: what it adds to the weights of the features (terms, then axes).
  struct Variable {
    enum class Kind : std::uint8_t { share, limit, axis };
    Kind kind = Kind::share;
    int feature = -1;  ///< none: a constant
    double log_coefficient = 0.0;
    int block = -1;  ///< factor of the cost, or limit
    int mix = -1;    ///< which of several sums whose largest counts
  };
  struct Active {
    std::vector<std::uint32_t> rows;
    std::vector<double> features;  ///< row by row
    std::vector<double> weight;    ///< of the rows in the soft minimum
  };

  /// Which factor of the cost, or which limit, a sum is added to, and by what it is multiplied.
  struct Target {
    int block = 0;
    Variable::Kind kind = Variable::Kind::share;
    double scale = 1.0;
  };
  void add_objective(const CostSums& sums, Objective objective);
  void add_limits(const CostSums& sums);
  void add_caps(const CostSums& sums, const Caps& caps);
  void add_energy(const CostSums& sums, const Target& target, double less);
  void add_cycles(const CostSums& sums, const Target& target);
  void add_sum(const TermSum& sum, const Target& target, int mix = -1);
  void add_share(int term, double coefficient, const Target& target, int mix);
  void set_usable(std::vector<char> usable);
  void weigh(const Multipliers& multipliers);
  void weigh_blocks();
  void collect(const LogRows& rows, const std::vector<double>& scores, Active& active);
  void add_row(const LogRows& rows, std::uint32_t row, Active& active);
  double soft_bound(std::span<const double> decided, double temperature);
  void find_slope(std::span<const double> decided);
  void find_curvature(double temperature);
  bool find_step();
  void climb(Multipliers& multipliers, std::span<const double> decided, double temperature);

  std::size_t terms_, axes_, features_;
  std::vector<Variable> variables_;
  std::vector<int> mix_group_;  ///< per mix
  int factors_ = 0, blocks_ = 0;
  bool is_timed_ = false;
  double fixed_ = 0.0;  ///< constant part where there is one factor

  // Work space of improve().
  std::vector<char> usable_;  // per term
  std::vector<double> y_, block_sum_, mix_sum_, mix_log_;
  Weights weights_;
  std::vector<Active> active_;
  std::vector<double> mean_, slope_, curvature_, step_, row_, column_weight_;
  std::vector<int> moving_;  // variables that count
  std::vector<std::vector<double>> scores_;
  std::vector<std::uint32_t> best_rows_;
  Multipliers trial_;
};

}  // namespace hwflow::chip
