#include "chip/overlay/design_list.hpp"

#include <algorithm>
#include <tuple>

namespace hwflow::chip {

template <class Visit>
void DesignList::for_each_place(const Visit& visit) const {
  Place at;
  for (at.dm = 0; at.dm < space_.dm.size(); ++at.dm)
    for (at.dk = 0; at.dk < space_.dk.size(); ++at.dk)
      for (at.dn = 0; at.dn < space_.dn.size(); ++at.dn)
        for (at.bm = 0; at.bm < space_.bm.size(); ++at.bm)
          for (at.bn = 0; at.bn < space_.bn.size(); ++at.bn) visit(at);
}

DesignList::DesignList(const DesignSpace& space, const OverlayOptions& options,
                       const std::optional<FpgaDevice>& device)
    : space_(space), is_symmetric_(space.dm == space.dn && space.bm == space.bn) {
  list(options, device);
  set_positions();
}

std::size_t DesignList::index(const Place& place) const {
  return (((place.dm * space_.dk.size() + place.dk) * space_.dn.size() + place.dn) *
              space_.bm.size() +
          place.bm) *
             space_.bn.size() +
         place.bn;
}

BismoShape DesignList::design(const Place& place) const {
  return {space_.dm[place.dm], space_.dk[place.dk], space_.dn[place.dn], space_.bm[place.bm],
          space_.bn[place.bn]};
}

bool DesignList::is_listed(const Place& place) const {
  if (!is_symmetric_) return true;
  const BismoShape shape = design(place);
  if (shape.dm % 2 != shape.dn % 2) return shape.dm % 2 == 0;
  return std::tie(shape.dm, shape.bm) >= std::tie(shape.dn, shape.bn);
}

void DesignList::list(const OverlayOptions& options, const std::optional<FpgaDevice>& device) {
  for_each_place([&](const Place& place) {
    Entry entry;
    entry.design = design(place);
    const FpgaResources resources = overlay_resources(entry.design, options);
    if (device && !fits(resources, *device)) return;
    ++feasible_;
    entry.lut = resources.lut;
    entry.bram36 = resources.bram36;
    if (is_listed(place)) entries_.push_back(entry);
  });
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.lut, a.bram36) < std::tie(b.lut, b.bram36);
  });
  std::vector<std::int64_t> brams;
  for (const Entry& entry : entries_) brams.push_back(entry.bram36);
  std::sort(brams.begin(), brams.end());
  brams.erase(std::unique(brams.begin(), brams.end()), brams.end());
  bram_ranks_ = brams.size();
  for (Entry& entry : entries_) {
    entry.bram_rank = static_cast<std::uint32_t>(
        std::lower_bound(brams.begin(), brams.end(), entry.bram36) - brams.begin());
  }
}

void DesignList::set_positions() {
  const auto find = [](const std::vector<std::int64_t>& values, std::int64_t value) {
    return static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) -
                                    values.begin());
  };
  const auto place_of = [&](const BismoShape& shape) {
    return Place{find(space_.dm, shape.dm), find(space_.dk, shape.dk), find(space_.dn, shape.dn),
                 find(space_.bm, shape.bm), find(space_.bn, shape.bn)};
  };
  positions_.assign(space_.size(), -1);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Place place = place_of(entries_[i].design);
    positions_[index(place)] = static_cast<std::int32_t>(i);
    if (is_symmetric_)
      positions_[index({place.dn, place.dk, place.dm, place.bn, place.bm})] =
          static_cast<std::int32_t>(i);
  }
  for (Entry& entry : entries_) {
    Place place = place_of(entry.design);
    if (place.bm > 0) {
      --place.bm;
      entry.smaller_bm = position(place);
      ++place.bm;
    }
    if (place.bn > 0) {
      --place.bn;
      entry.smaller_bn = position(place);
    }
  }
}

}  // namespace hwflow::chip
