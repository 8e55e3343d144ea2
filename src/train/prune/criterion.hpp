#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace hwflow::train {

/// What a channel's importance is taken from.
enum class Criterion : std::uint8_t {
  l1,               ///< sum of |w| over the channel's filter (Li et al., ICLR 2017)
  l2,               ///< root of the sum of w^2
  batch_norm,       ///< |gain| of its BatchNorm (Liu et al., "Network slimming", ICCV 2017)
  taylor,           ///< squared change of the loss, to first order, were the channel scaled to 0
                    ///< (Molchanov et al., CVPR 2019): see taylor_scores()
  geometric_median  ///< sum of distances to the layer's other filters (He et al., CVPR 2019)
};
constexpr auto enum_names(Criterion) {
  return std::array{std::pair{std::string_view{"l1"}, Criterion::l1},
                    std::pair{std::string_view{"l2"}, Criterion::l2},
                    std::pair{std::string_view{"batch_norm"}, Criterion::batch_norm},
                    std::pair{std::string_view{"taylor"}, Criterion::taylor},
                    std::pair{std::string_view{"geometric_median"}, Criterion::geometric_median}};
}

}  // namespace hwflow::train
