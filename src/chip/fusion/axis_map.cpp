#include "chip/fusion/axis_map.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

using Taps = std::vector<std::int32_t>;

void add_tap(const AxisStage& stage, std::int64_t index, Taps& taps) {
  if (index >= 0 && index < stage.extent) taps.push_back(static_cast<std::int32_t>(index));
}

void add_range(const AxisStage& stage, std::int64_t begin, std::int64_t end, Taps& taps) {
  for (std::int64_t i = begin; i < end; ++i) add_tap(stage, i, taps);
}

void add_taps(const AxisStage& stage, std::int64_t out, Taps& taps) {
  switch (stage.kind) {
    case AxisStage::Kind::window:
      for (std::int64_t k = 0; k < stage.kernel; ++k)
        add_tap(stage, out * stage.stride + stage.offset + k * stage.dilation, taps);
      break;
    case AxisStage::Kind::spread:
      for (std::int64_t k = 0; k < stage.kernel; ++k) {
        const std::int64_t scaled = out - stage.offset - k * stage.dilation;
        if (scaled >= 0 && scaled % stage.stride == 0) add_tap(stage, scaled / stage.stride, taps);
      }
      break;
    case AxisStage::Kind::whole: add_range(stage, 0, stage.extent, taps); break;
    case AxisStage::Kind::scale: {
      const std::int64_t centre = out * stage.extent / stage.out_extent;
      add_range(stage, centre - 1, centre + 2, taps);
    }
  }
}

void sort_unique(Taps& taps) {
  std::sort(taps.begin(), taps.end());
  taps.erase(std::unique(taps.begin(), taps.end()), taps.end());
}

}  // namespace

AxisMap::AxisMap(const std::vector<AxisStage>& stages) {
  starts_.push_back(0);
  Taps taps, next;
  for (std::int64_t out = 0; out < stages.front().out_extent; ++out) {
    taps.assign(1, static_cast<std::int32_t>(out));
    for (const AxisStage& stage : stages) {
      next.clear();
      for (const std::int32_t tap : taps) add_taps(stage, tap, next);
      sort_unique(next);
      taps.swap(next);
    }
    taps_.insert(taps_.end(), taps.begin(), taps.end());
    starts_.push_back(taps_.size());
  }
  for (const AxisStage& stage : stages)
    if (stage.kind == AxisStage::Kind::spread) period_ *= stage.stride;
}

}  // namespace hwflow::chip
