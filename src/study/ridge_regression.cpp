// Results must not depend on how many threads there are.
#define EIGEN_DONT_PARALLELIZE
#include "study/ridge_regression.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Features and targets about their means.
struct Centred {
  MatrixXd rows;
  Eigen::RowVectorXd mean;
  VectorXd targets;
  double target_mean;
};

Centred centre(std::span<const std::vector<double>> rows, std::span<const double> targets) {
  const auto count = static_cast<Index>(rows.size());
  const auto columns = static_cast<Index>(rows.front().size());
  Centred result{MatrixXd(count, columns), {}, VectorXd(count), 0.0};
  for (Index i = 0; i < count; ++i) {
    const std::vector<double>& row = rows[static_cast<std::size_t>(i)];
    HWFLOW_CHECK(row.size() == static_cast<std::size_t>(columns), "rows of different length");
    result.rows.row(i) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), columns);
    result.targets(i) = targets[static_cast<std::size_t>(i)];
  }
  result.mean = result.rows.colwise().mean();
  result.rows.rowwise() -= result.mean;
  result.target_mean = result.targets.mean();
  result.targets.array() -= result.target_mean;
  return result;
}

/// Predictions of each sample by the fit to the others, about the mean of the targets. The fit is
/// H y with H = 1/n + Z (D + penalty)^-1 Z', so sample i is left out by dividing its residual by
/// 1 - H_ii.
VectorXd leave_one_out(const VectorXd& targets, const VectorXd& fitted, const MatrixXd& squares,
                       const VectorXd& shrunk) {
  const double share = 1.0 / static_cast<double>(targets.size());
  const VectorXd own = ((squares * shrunk).array() + share).min(1.0 - 1e-9);
  return targets.array() - (targets - fitted).array() / (1.0 - own.array());
}

}  // namespace

RidgeRegression::RidgeRegression(std::span<const std::vector<double>> rows,
                                 std::span<const double> targets,
                                 std::span<const double> penalties) {
  HWFLOW_CHECK(!rows.empty() && rows.size() == targets.size(), "samples and targets do not match");
  HWFLOW_CHECK(!penalties.empty(), "no penalty to fit with");
  const Centred data = centre(rows, targets);
  // One decomposition X'X = V D V' serves all penalties; Z = X V.
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(data.rows.transpose() * data.rows);
  const VectorXd eigenvalues = solver.eigenvalues().cwiseMax(0.0);
  const MatrixXd rotated = data.rows * solver.eigenvectors();
  const MatrixXd squares = rotated.cwiseAbs2();
  const VectorXd projected = rotated.transpose() * data.targets;
  double least = std::numeric_limits<double>::infinity();
  VectorXd best, left_out;
  for (const double penalty : penalties) {
    HWFLOW_CHECK(penalty > 0.0, "a penalty that is not above 0");
    const VectorXd shrunk = (eigenvalues.array() + penalty).inverse();
    const VectorXd weights = projected.cwiseProduct(shrunk);
    VectorXd without = leave_one_out(data.targets, rotated * weights, squares, shrunk);
    const double error = (data.targets - without).squaredNorm();
    if (!(error < least)) continue;
    least = error;
    penalty_ = penalty;
    best = solver.eigenvectors() * weights;
    left_out = std::move(without);
  }
  coefficients_.assign(best.begin(), best.end());
  intercept_ = data.target_mean - data.mean.dot(best);
  for (const double value : left_out) left_out_.push_back(value + data.target_mean);
}

double RidgeRegression::predict(std::span<const double> row) const {
  HWFLOW_CHECK(row.size() == coefficients_.size(), "a row of another length");
  double sum = intercept_;
  for (std::size_t i = 0; i < row.size(); ++i) sum += coefficients_[i] * row[i];
  return sum;
}

}  // namespace hwflow::study
