#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hwflow::study {

/// A linear model with an intercept, fitted with a penalty on the squares of its coefficients; the
/// intercept is not penalised.
///
/// Of the penalties on offer it takes the one that predicts each sample best from the others
/// (leave-one-out, in closed form).
/// Source  Hoerl & Kennard, "Ridge regression", Technometrics 12(1), 1970; Allen's PRESS,
///         Technometrics 16(1), 1974.
/// Cost    columns^3 + samples * columns^2, one thread.
class RidgeRegression {
 public:
  /// rows      of one length, not none
  /// targets   as rows
  /// penalties above 0, not none
  RidgeRegression(std::span<const std::vector<double>> rows, std::span<const double> targets,
                  std::span<const double> penalties);

  [[nodiscard]] double predict(std::span<const double> row) const;
  /// What the model says of each sample when it is fitted to all others.
  [[nodiscard]] const std::vector<double>& left_out() const noexcept { return left_out_; }
  [[nodiscard]] double penalty() const noexcept { return penalty_; }

 private:
  std::vector<double> coefficients_;
  double intercept_ = 0.0;
  double penalty_ = 0.0;
  std::vector<double> left_out_;
};

}  // namespace hwflow::study
