#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "schema/field.hpp"
#include "train/fault/fault.hpp"

namespace hwflow::study {

/// How expected failures are predicted and measured, of objective: failure_rate.
struct ResilienceOptions {
  std::vector<train::fault::Site> sites{train::fault::Site::weights,
                                        train::fault::Site::activations};
  double bit_rate = 1e-7;
  std::int64_t flips = 1000;
  std::int64_t images = 1000;
  std::int64_t measured_flips = 10'000;
  std::int64_t checked_plans = 8;
  bool operator==(const ResilienceOptions&) const = default;

  static constexpr auto fields() {
    using T = ResilienceOptions;
    return std::tuple{
        schema::field("sites", &T::sites,
                      "Stored words whose bits flip: weights, activations (feature maps, the input "
                      "image among them). What other sites would add is not in failure_rate."),
        schema::field("bit_rate", &T::bit_rate, schema::Range{0.0, 1.0, true},
                      "Probability that a stored bit is flipped in the inference of an image, the "
                      "same for every bit."),
        schema::field("flips", &T::flips, 0, 100'000'000,
                      "Single flips, each in an inference of its own, that the predictor is "
                      "calibrated by: of each layer, site and width, before the search. 0: every "
                      "bit on every image, of tiny networks."),
        schema::field("images", &T::images, 1, 1'000'000,
                      "Of accuracy.search_images, that these flips take turns on; of the test set "
                      "as many for the picks."),
        schema::field("measured_flips", &T::measured_flips, 1, 1'000'000'000,
                      "Single flips that every finished plan and every plan drawn for the check of "
                      "the predictor are measured by, of all their stored bits alike."),
        schema::field("checked_plans", &T::checked_plans, 0, 1000,
                      "Plans of the front, spread over its failure rates, that are measured as the "
                      "search saw them: how well the predictor ranks. 0: no check.")};
  }
};

}  // namespace hwflow::study
