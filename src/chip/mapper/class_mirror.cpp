#include "chip/mapper/class_mirror.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace hwflow::chip {
namespace {

Dim mirrored(Dim dim) {
  switch (dim) {
    case Dim::p: return Dim::q;
    case Dim::q: return Dim::p;
    case Dim::r: return Dim::s;
    case Dim::s: return Dim::r;
    default: return dim;
  }
}

Operand mirrored(Operand operand) {
  for (Rank& rank : operand.ranks)
    for (AffineTerm& term : rank.terms) term.dim = mirrored(term.dim);
  return operand;
}

/// The same tensor, whatever the order of its axes and of the terms of each?
bool same_tensor(const Operand& a, const Operand& b) {
  return std::is_permutation(a.ranks.begin(), a.ranks.end(), b.ranks.begin(), b.ranks.end(),
                             [](const Rank& x, const Rank& y) {
                               return x.offset == y.offset && x.extent == y.extent &&
                                      std::is_permutation(x.terms.begin(), x.terms.end(),
                                                          y.terms.begin(), y.terms.end());
                             });
}

bool is_symmetric(const Layer& layer, const MapSpace& space) {
  const auto& operands = layer.op.operands();
  const bool same = std::all_of(operands.begin(), operands.end(), [](const Operand& operand) {
    return same_tensor(operand, mirrored(operand));
  });
  if (!same) return false;
  for (const Dim dim : kDims) {
    if (layer.op.bound(dim) != layer.op.bound(mirrored(dim))) return false;
    for (std::size_t slot = 0; slot < space.slot_count(); ++slot)
      if (space.allows(slot, dim) != space.allows(slot, mirrored(dim))) return false;
  }
  return true;
}

/// All that a class says of costs; its orders are one example of it.
template <class Renamed>
std::string text_of(const LoopClass& loop_class, Renamed renamed) {
  std::string text;
  for (const DimSet absent : loop_class.absent) {
    DimSet set = 0;
    for (const Dim dim : kDims)
      if ((absent & set_of(dim)) != 0) set |= set_of(renamed(dim));
    text += static_cast<char>(set);
  }
  for (const BoundaryOrder& boundary : loop_class.boundaries) {
    for (const Dim dim : kDims) {
      const std::uint16_t levels = boundary.repeats[index(renamed(dim))];
      text += static_cast<char>(levels & 0xff);
      text += static_cast<char>(levels >> 8);
    }
    text += static_cast<char>(boundary.run.size());
    for (const LoopPlace& place : boundary.run) {
      text += static_cast<char>(index(renamed(place.dim)));
      text += static_cast<char>(place.level);
    }
    text += boundary.still_inside ? 'y' : 'n';
  }
  return text;
}

}  // namespace

std::vector<LoopClass> without_mirror_images(std::vector<LoopClass> classes, const Layer& layer,
                                             const MapSpace& space) {
  if (!is_symmetric(layer, space)) return classes;
  std::set<std::string> seen;
  std::erase_if(classes, [&](const LoopClass& loop_class) {
    const std::string own = text_of(loop_class, [](Dim dim) { return dim; });
    const std::string image = text_of(loop_class, [](Dim dim) { return mirrored(dim); });
    if (own != image && seen.contains(image)) return true;
    seen.insert(own);
    return false;
  });
  return classes;
}

}  // namespace hwflow::chip
