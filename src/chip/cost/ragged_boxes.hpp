#pragma once

#include <cstdint>
#include <vector>

#include "chip/cost/chain.hpp"

namespace hwflow::chip {

/// Words of one operand that cross a boundary when its tiles are boxes and some loop of the nest
/// leaves a smaller last tile (docs/model.md, "Boxes").
///
/// A loop inside the innermost one that moves the box moves nothing. The step of that loop brings
/// in what lies past the old box; the step of any other loop brings in the whole box, unless all
/// tiles along its axis are equal: then what box_fetch_traffic() says of its shift holds.
///
/// Requires  `chains` with `boxes` set; `temporal`: the chain of every temporal loop, outermost
///           first.
class RaggedBoxes {
 public:
  RaggedBoxes(const std::vector<Chain>& chains, const std::vector<std::size_t>& temporal);
  [[nodiscard]] std::int64_t moved() const;

 private:
  /// What the step of a loop brings in.
  enum class Enters : std::uint8_t { nothing, slide, whole };
  struct Step {
    std::size_t chain = 0;
    std::int64_t shift = 0;  ///< of the box along the chain, inner loops standing still
    Enters enters = Enters::whole;
    bool innermost = false;  ///< of those that move the box
  };

  void classify();
  [[nodiscard]] Enters what_enters(const Step& step, const Step& slide,
                                   const std::vector<std::int64_t>& inside) const;
  [[nodiscard]] std::int64_t slid_words(const Step& step, int free) const;

  const std::vector<Chain>& chains_;
  std::vector<Step> steps_;  ///< outermost first
  std::int64_t slide_ = 0;   ///< shift of the innermost loop that moves the box
};

}  // namespace hwflow::chip
