#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/svg.hpp"

namespace hwflow::report {

/// Finds room for texts beside points, so that none covers another or a marked point.
class Labels {
 public:
  /// `area` is where texts may stand.
  explicit Labels(const Box& area) : area_(area) {}

  /// Keeps texts off a point.
  void avoid(Point point, double radius);
  void avoid(const Box& box) { taken_.push_back(box); }
  /// Draws `text` near `point`, with a leader line when it stands apart. Without room, nothing.
  /// returns  whether it was drawn.
  bool place(Svg& svg, Point point, std::string_view text, std::string_view css);

 private:
  Box area_;
  std::vector<Box> taken_;
};

}  // namespace hwflow::report
