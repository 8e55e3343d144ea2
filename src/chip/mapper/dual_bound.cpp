#include "chip/mapper/dual_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "chip/mapper/row_kernels.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kSteps = 3;              // between two looks at all rows
constexpr std::size_t kNewRows = 8;    // of every list, after each look
constexpr double kTemperature = 0.05;  // of the soft minimum over rows
constexpr double kTemperatureFall = 0.45, kLeastTemperature = 5e-4;
constexpr double kLongestStep = 2.0;
constexpr double kLeastShare = -40.0, kLeast = -8.0, kMost = 8.0;  // logarithms of weights
constexpr double kLittleGain = 0.001, kLittleOfGap = 0.05;
constexpr double kTiny = 1e-30;

double log_of(double weight) { return std::log(std::max(weight, kTiny)); }

}  // namespace

DualBound::DualBound(const CostSums& sums, Objective objective, const std::vector<double>& mesh,
                     std::size_t terms, const Caps& caps)
    : terms_(terms), axes_(mesh.size()), features_(terms + mesh.size()) {
  add_objective(sums, objective);
  add_limits(sums);
  add_caps(sums, caps);
  for (std::size_t a = 0; a < axes_; ++a)
    variables_.push_back(
        {Variable::Kind::axis, static_cast<int>(terms_ + a), -std::log(mesh[a]), -1, -1});
}

void DualBound::add_objective(const CostSums& sums, Objective objective) {
  const bool has_energy = objective == Objective::energy || objective == Objective::edp;
  is_timed_ = objective == Objective::edp || objective == Objective::latency;
  if (objective == Objective::dram) {
    add_sum(sums.dram_bits, {});
    fixed_ = sums.fixed_dram_bits;
  }
  if (has_energy) {
    double less = 0.0;
    if (objective == Objective::energy) {
      fixed_ = sums.fixed_energy_pj;
    } else if (sums.fixed_energy_pj > 0.0) {
      add_share(-1, sums.fixed_energy_pj, {}, -1);
    } else if (sums.never_read_pj > 0.0) {
      // No factor of a product may have a constant below zero: so much less is counted.
      less = std::min(1.0, -sums.fixed_energy_pj / sums.never_read_pj);
    }
    add_energy(sums, {}, less);
    if (sums.leakage_pj_per_cycle > 0.0) add_cycles(sums, {.scale = sums.leakage_pj_per_cycle});
  }
  factors_ = has_energy || objective == Objective::dram ? 1 : 0;
  if (is_timed_) add_cycles(sums, {.block = factors_++});
  blocks_ = factors_;
}

void DualBound::add_limits(const CostSums& sums) {
  for (const CostSums::Limit& limit : sums.limits)
    add_sum(limit.sum, {blocks_++, Variable::Kind::limit, 1.0 / limit.room});
}

/// Costs that may not reach a cap. Where the constant part alone reaches it no row is left anyway.
void DualBound::add_caps(const CostSums& sums, const Caps& caps) {
  if (caps.cycles && most_count(*caps.cycles) > 0.0)
    add_cycles(sums, {blocks_++, Variable::Kind::limit, 1.0 / most_count(*caps.cycles)});
  if (caps.dram_bits) {
    const double room = most_count(*caps.dram_bits) - sums.fixed_dram_bits;
    if (room > 0.0) add_sum(sums.dram_bits, {blocks_++, Variable::Kind::limit, 1.0 / room});
  }
  if (caps.energy_pj) {
    const double room = most_energy(*caps.energy_pj) - sums.fixed_energy_pj;
    if (room <= 0.0) return;
    Target target{blocks_++, Variable::Kind::limit, 1.0 / room};
    add_energy(sums, target, 0.0);
    target.scale *= sums.leakage_pj_per_cycle;
    if (sums.leakage_pj_per_cycle > 0.0) add_cycles(sums, target);
  }
}

void DualBound::add_sum(const TermSum& sum, const Target& target, int mix) {
  for (const TermShare& share : sum)
    add_share(static_cast<int>(share.term), share.coefficient * target.scale, target, mix);
}

void DualBound::add_share(int term, double coefficient, const Target& target, int mix) {
  if (coefficient <= 0.0) return;
  for (Variable& v : variables_) {
    if (v.feature != term || v.mix != mix || v.block != target.block) continue;
    v.log_coefficient = std::log(std::exp(v.log_coefficient) + coefficient);
    return;
  }
  variables_.push_back({target.kind, term, std::log(coefficient), target.block, mix});
}

/// `less`: which part of the reads that never happen is not even counted.
void DualBound::add_energy(const CostSums& sums, const Target& target, double less) {
  std::vector<double> coefficient(terms_, 0.0);
  for (const TermShare& share : sums.energy) coefficient[share.term] += share.coefficient;
  for (const TermShare& share : sums.never_read)
    coefficient[share.term] -= less * share.coefficient;
  for (std::size_t t = 0; t < terms_; ++t)
    add_share(static_cast<int>(t), coefficient[t] * (1.0 - 1e-12) * target.scale, target, -1);
}

void DualBound::add_cycles(const CostSums& sums, const Target& target) {
  for (const auto& group : sums.cycles) {
    const int number = mix_group_.empty() ? 0 : mix_group_.back() + 1;
    for (const TermSum& sum : group) {
      int mix = -1;
      if (group.size() > 1) {
        mix = static_cast<int>(mix_group_.size());
        mix_group_.push_back(number);
      }
      add_sum(sum, target, mix);
    }
  }
}

DualBound::Multipliers DualBound::start() const {
  Multipliers multipliers;
  for (const Variable& v : variables_)
    multipliers.push_back(v.kind == Variable::Kind::share               ? 0.0
                          : v.kind == Variable::Kind::axis && is_timed_ ? 0.0
                                                                        : -2.0);
  return multipliers;
}

double DualBound::target(double value) const {
  const double rest = factors_ == 1 ? value - fixed_ : value;
  return rest > 0.0 ? std::log(rest) : -kInfinity;
}

double DualBound::value(double bound) const {
  return factors_ == 1 ? std::exp(bound) + fixed_ : std::exp(bound);
}

std::vector<char> DualBound::usable(std::span<const LogRows> lists,
                                    std::span<const double> decided) const {
  std::vector<char> usable(terms_);
  for (std::size_t t = 0; t < terms_; ++t)
    usable[t] =
        decided[t] > -kInfinity &&
        std::all_of(lists.begin(), lists.end(), [&](const auto& l) { return l.least[t] > 0.0; });
  return usable;
}

void DualBound::set_usable(std::vector<char> usable) {
  usable_ = std::move(usable);
  moving_.clear();
  for (std::size_t k = 0; k < variables_.size(); ++k) {
    const int feature = variables_[k].feature;
    if (feature < 0 || feature >= static_cast<int>(terms_) ||
        usable_[static_cast<std::size_t>(feature)] != 0)
      moving_.push_back(static_cast<int>(k));
  }
}

DualBound::Weights DualBound::weigh(const Multipliers& multipliers,
                                    const std::vector<char>& usable) {
  set_usable(usable);
  weigh(multipliers);
  return weights_;
}

/// The weights that some multipliers give the features, and the constant of the bound.
void DualBound::weigh(const Multipliers& multipliers) {
  y_.assign(variables_.size(), 0.0);
  weights_.of_feature.assign(features_, 0.0);
  std::vector<double>& largest = row_;
  largest.assign(static_cast<std::size_t>(blocks_), -kInfinity);
  for (const int k : moving_) {
    const Variable& v = variables_[static_cast<std::size_t>(k)];
    if (v.kind == Variable::Kind::share) {
      double& most = largest[static_cast<std::size_t>(v.block)];
      most = std::max(most, multipliers[static_cast<std::size_t>(k)]);
    }
  }
  for (const int k : moving_) {
    const Variable& v = variables_[static_cast<std::size_t>(k)];
    const double shift =
        v.kind == Variable::Kind::share ? largest[static_cast<std::size_t>(v.block)] : 0.0;
    y_[static_cast<std::size_t>(k)] = std::exp(multipliers[static_cast<std::size_t>(k)] - shift);
  }
  weigh_blocks();
}

void DualBound::weigh_blocks() {
  block_sum_.assign(static_cast<std::size_t>(blocks_), 0.0);
  for (const int k : moving_) {
    const Variable& v = variables_[static_cast<std::size_t>(k)];
    if (v.block >= 0)
      block_sum_[static_cast<std::size_t>(v.block)] += y_[static_cast<std::size_t>(k)];
  }
  mix_sum_.assign(mix_group_.size(), 0.0);
  weights_.constant = 0.0;
  for (const int at : moving_) {
    const auto k = static_cast<std::size_t>(at);
    const Variable& v = variables_[k];
    if (v.kind == Variable::Kind::share) {
      y_[k] /= block_sum_[static_cast<std::size_t>(v.block)];
      if (v.mix >= 0) mix_sum_[static_cast<std::size_t>(v.mix)] += y_[k];
      weights_.constant += y_[k] * (v.log_coefficient - log_of(y_[k]));
    } else if (v.kind == Variable::Kind::limit) {
      if (v.mix >= 0) mix_sum_[static_cast<std::size_t>(v.mix)] += y_[k];
      weights_.constant += y_[k] * (v.log_coefficient -
                                    log_of(y_[k] / block_sum_[static_cast<std::size_t>(v.block)]));
    } else {
      weights_.constant += y_[k] * v.log_coefficient;
    }
    if (v.feature >= 0) weights_.of_feature[static_cast<std::size_t>(v.feature)] += y_[k];
  }
  for (int f = 0; f < factors_; ++f)
    if (block_sum_[static_cast<std::size_t>(f)] == 0.0) weights_.constant = -kInfinity;
  // The largest of several sums is no less than any mean of them; the best mean is this.
  mix_log_.assign(mix_group_.size(), 0.0);
  for (std::size_t first = 0; first < mix_group_.size();) {
    std::size_t end = first;
    double sum = 0.0;
    for (; end < mix_group_.size() && mix_group_[end] == mix_group_[first]; ++end)
      sum += mix_sum_[end];
    for (; first < end; ++first) {
      if (mix_sum_[first] <= 0.0) continue;
      mix_log_[first] = std::log(mix_sum_[first] / sum);
      weights_.constant += mix_sum_[first] * mix_log_[first];
    }
  }
}

double DualBound::score(const Weights& weights, const LogRows& rows, std::vector<double>& scores) {
  column_weight_.assign(rows.columns.size(), 0.0);
  for (std::size_t t = 0; t < terms_; ++t)
    column_weight_[rows.column_of[t]] += weights.of_feature[t];
  scores.assign(rows.size, 0.0);
  for (std::size_t c = 0; c < rows.columns.size(); ++c)
    if (column_weight_[c] != 0.0)
      rows::add_scaled(column_weight_[c], rows.columns[c], rows.size, scores.data());
  for (std::size_t a = 0; a < axes_; ++a)
    rows::add_scaled(weights.of_feature[terms_ + a], rows.used[a], rows.size, scores.data());
  for (std::size_t i = 0; i < rows.handicap.size(); ++i) scores[i] += rows.handicap[i];
  return *std::min_element(scores.begin(), scores.end());
}

/// The best rows of a list join those that the steps look at.
void DualBound::collect(const LogRows& rows, const std::vector<double>& scores, Active& active) {
  best_rows_.resize(rows.size);
  std::iota(best_rows_.begin(), best_rows_.end(), 0U);
  const std::size_t count = std::min(kNewRows, rows.size);
  std::partial_sort(best_rows_.begin(), best_rows_.begin() + static_cast<std::ptrdiff_t>(count),
                    best_rows_.end(), [&](std::uint32_t a, std::uint32_t b) {
                      return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
                    });
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t row = best_rows_[i];
    if (scores[row] == kInfinity) break;
    if (std::find(active.rows.begin(), active.rows.end(), row) == active.rows.end())
      add_row(rows, row, active);
  }
}

void DualBound::add_row(const LogRows& rows, std::uint32_t row, Active& active) {
  active.rows.push_back(row);
  for (std::size_t t = 0; t < terms_; ++t)
    active.features.push_back(usable_[t] != 0 ? rows.columns[rows.column_of[t]][row] : 0.0);
  for (std::size_t a = 0; a < axes_; ++a) active.features.push_back(rows.used[a][row]);
}

void DualBound::improve(Multipliers& multipliers, std::span<const LogRows> lists,
                        std::span<const double> decided, double target, int rounds, Ascent& ascent,
                        std::vector<std::vector<std::uint32_t>>* rows) {
  set_usable(usable(lists, decided));
  active_.assign(lists.size(), {});
  if (rows != nullptr) {
    rows->resize(lists.size());
    for (std::size_t l = 0; l < lists.size(); ++l)
      for (const std::uint32_t row : (*rows)[l]) add_row(lists[l], row, active_[l]);
  }
  scores_.resize(lists.size());
  ascent.bound = -kInfinity;
  Multipliers best = multipliers;
  double temperature = kTemperature, before = -kInfinity;
  for (int round = 0;; ++round) {
    weigh(multipliers);
    double bound = weights_.constant;
    for (std::size_t f = 0; f < features_; ++f)
      if (weights_.of_feature[f] != 0.0) bound += weights_.of_feature[f] * decided[f];
    for (std::size_t l = 0; l < lists.size(); ++l) bound += score(weights_, lists[l], scores_[l]);
    if (bound > ascent.bound || round == 0) {
      ascent.bound = bound;
      ascent.scores = scores_;
      best = multipliers;
    }
    if (bound >= target || round >= rounds || weights_.constant == -kInfinity) break;
    // Two rounds that gain little towards the target are the last.
    if (round > 2 && round % 2 == 0) {
      const double open = target < kInfinity ? target - ascent.bound : 0.0;
      if (ascent.bound - before < std::max(kLittleGain, kLittleOfGap * open)) break;
      before = ascent.bound;
    }
    for (std::size_t l = 0; l < lists.size(); ++l) collect(lists[l], scores_[l], active_[l]);
    for (int i = 0; i < kSteps; ++i) climb(multipliers, decided, temperature);
    temperature = std::max(kLeastTemperature, temperature * kTemperatureFall);
  }
  multipliers = std::move(best);
  if (rows == nullptr) return;
  for (std::size_t l = 0; l < lists.size(); ++l) {
    std::vector<std::uint32_t>& mine = (*rows)[l];
    const Active& active = active_[l];
    if (active.weight.empty()) continue;
    mine.clear();
    for (std::size_t i = 0; i < active.weight.size(); ++i)
      if (active.weight[i] > 1e-4) mine.push_back(active.rows[i]);
  }
}

/// The bound of the collected rows with a soft minimum in place of the least; smooth and concave in
/// the weights. Finds the weights of the rows in it.
double DualBound::soft_bound(std::span<const double> decided, double temperature) {
  double bound = weights_.constant;
  for (std::size_t f = 0; f < features_; ++f)
    if (weights_.of_feature[f] != 0.0) bound += weights_.of_feature[f] * decided[f];
  for (Active& active : active_) {
    active.weight.resize(active.rows.size());
    double least = kInfinity, sum = 0.0;
    for (std::size_t i = 0; i < active.rows.size(); ++i) {
      const double* features = active.features.data() + i * features_;
      double total = 0.0;
      for (std::size_t f = 0; f < features_; ++f) total += weights_.of_feature[f] * features[f];
      active.weight[i] = total;
      least = std::min(least, total);
    }
    for (double& weight : active.weight) sum += weight = std::exp((least - weight) / temperature);
    for (double& weight : active.weight) weight /= sum;
    bound += least - temperature * std::log(sum);
  }
  return bound;
}

/// Of the soft bound, along every variable's logarithm; shares keep their sum.
void DualBound::find_slope(std::span<const double> decided) {
  mean_.resize(features_);
  for (std::size_t f = 0; f < features_; ++f) mean_[f] = decided[f] > -kInfinity ? decided[f] : 0.0;
  for (const Active& active : active_)
    for (std::size_t i = 0; i < active.rows.size(); ++i)
      if (active.weight[i] > 1e-12)
        rows::add_scaled(active.weight[i], active.features.data() + i * features_, features_,
                         mean_.data());
  slope_.assign(variables_.size(), 0.0);
  std::vector<double>& mean_slope = row_;
  mean_slope.assign(static_cast<std::size_t>(blocks_), 0.0);
  for (const int at : moving_) {
    const auto k = static_cast<std::size_t>(at);
    const Variable& v = variables_[k];
    double slope = v.log_coefficient;
    if (v.feature >= 0) slope += mean_[static_cast<std::size_t>(v.feature)];
    if (v.kind == Variable::Kind::share) {
      slope -= log_of(y_[k]) + 1.0;
      if (v.mix >= 0) slope += mix_log_[static_cast<std::size_t>(v.mix)];
      mean_slope[static_cast<std::size_t>(v.block)] += y_[k] * slope;
    } else if (v.kind == Variable::Kind::limit) {
      slope -= log_of(y_[k] / block_sum_[static_cast<std::size_t>(v.block)]);
      if (v.mix >= 0) slope += mix_log_[static_cast<std::size_t>(v.mix)];
    }
    slope_[k] = slope;
  }
  for (const int at : moving_) {
    const auto k = static_cast<std::size_t>(at);
    const Variable& v = variables_[k];
    if (v.kind == Variable::Kind::share) slope_[k] -= mean_slope[static_cast<std::size_t>(v.block)];
    slope_[k] *= y_[k];
  }
}

/// Minus the second derivative along the logarithms, made positive definite; lower triangle.
void DualBound::find_curvature(double temperature) {
  const std::size_t n = moving_.size();
  curvature_.assign(n * n, 0.0);
  std::vector<double>& own = row_;
  own.resize(n);
  std::vector<double> mean(features_), block(static_cast<std::size_t>(blocks_));
  // How the rows vary about the mean of their list, as the variables see it.
  for (const Active& active : active_) {
    mean.assign(features_, 0.0);
    for (std::size_t i = 0; i < active.rows.size(); ++i)
      rows::add_scaled(active.weight[i], active.features.data() + i * features_, features_,
                       mean.data());
    for (std::size_t i = 0; i < active.rows.size(); ++i) {
      if (active.weight[i] < 1e-5) continue;
      const double* features = active.features.data() + i * features_;
      block.assign(block.size(), 0.0);
      for (std::size_t k = 0; k < n; ++k) {
        const auto at = static_cast<std::size_t>(moving_[k]);
        const Variable& v = variables_[at];
        own[k] = 0.0;
        if (v.feature >= 0)
          own[k] = features[v.feature] - mean[static_cast<std::size_t>(v.feature)];
        own[k] *= y_[at];
        if (v.kind == Variable::Kind::share) block[static_cast<std::size_t>(v.block)] += own[k];
      }
      for (std::size_t a = 0; a < n; ++a) {
        const auto at = static_cast<std::size_t>(moving_[a]);
        const Variable& v = variables_[at];
        if (v.kind == Variable::Kind::share)
          own[a] -= y_[at] * block[static_cast<std::size_t>(v.block)];
        const double scale = active.weight[i] / temperature * own[a];
        if (scale != 0.0) rows::add_scaled(scale, own.data(), a + 1, curvature_.data() + a * n);
      }
    }
  }
  for (std::size_t a = 0; a < n; ++a) {
    const auto at = static_cast<std::size_t>(moving_[a]);
    const Variable& v = variables_[at];
    double* into = curvature_.data() + a * n;
    into[a] += 0.5 * std::abs(slope_[at]) + 1e-9;
    if (v.block < 0) continue;
    into[a] += y_[at];
    const double sum =
        v.kind == Variable::Kind::share ? 1.0 : block_sum_[static_cast<std::size_t>(v.block)];
    for (std::size_t b = 0; b <= a; ++b) {
      const auto other = static_cast<std::size_t>(moving_[b]);
      if (variables_[other].block == v.block) into[b] -= y_[at] * y_[other] / sum;
    }
  }
}

/// Solves curvature * step = slope (Cholesky). False when that has no good solution.
bool DualBound::find_step() {
  const std::size_t n = moving_.size();
  double* m = curvature_.data();
  step_.resize(n);
  for (std::size_t a = 0; a < n; ++a) {
    double value = slope_[static_cast<std::size_t>(moving_[a])];
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = m[a * n + b];
      for (std::size_t i = 0; i < b; ++i) sum -= m[a * n + i] * m[b * n + i];
      if (b < a) {
        m[a * n + b] = sum / m[b * n + b];
      } else if (sum <= 0.0) {
        return false;
      } else {
        m[a * n + a] = std::sqrt(sum);
      }
    }
    for (std::size_t i = 0; i < a; ++i) value -= m[a * n + i] * step_[i];
    step_[a] = value / m[a * n + a];
  }
  for (std::size_t a = n; a-- > 0;) {
    for (std::size_t i = a + 1; i < n; ++i) step_[a] -= m[i * n + a] * step_[i];
    step_[a] /= m[a * n + a];
  }
  return true;
}

/// One step of Newton's method on the soft bound, cut until the bound rises.
void DualBound::climb(Multipliers& multipliers, std::span<const double> decided,
                      double temperature) {
  weigh(multipliers);
  const double now = soft_bound(decided, temperature);
  find_slope(decided);
  find_curvature(temperature);
  if (!find_step()) return;
  double longest = 0.0;
  for (const double step : step_) longest = std::max(longest, std::abs(step));
  double scale = longest > kLongestStep ? kLongestStep / longest : 1.0;
  for (int i = 0; i < 4; ++i, scale *= 0.3) {
    trial_ = multipliers;
    for (std::size_t k = 0; k < moving_.size(); ++k) {
      const auto at = static_cast<std::size_t>(moving_[k]);
      const bool is_share = variables_[at].kind == Variable::Kind::share;
      // A multiple that has all but vanished would take long to come back.
      trial_[at] =
          std::clamp(trial_[at] + scale * step_[k], is_share ? kLeastShare : kLeast, kMost);
    }
    weigh(trial_);
    if (soft_bound(decided, temperature) <= now) continue;
    multipliers.swap(trial_);
    return;
  }
}

}  // namespace hwflow::chip
