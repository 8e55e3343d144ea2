#include "report/fusion_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chip/fusion/pipeline.hpp"
#include "chip/fusion/tensor_bits.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 1120.0;
constexpr double kNames = 170.0;
constexpr std::size_t kPixels = 1000;
constexpr std::size_t kMostTensors = 60;

double bits(std::int64_t count) { return static_cast<double>(count); }

std::string cut(const std::string& text, std::size_t characters) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && length++ == characters) return text.substr(0, at) + "\u2026";
  }
  return text;
}

std::string group_name(const chip::FusedGroup& group) {
  return group.layers.size() == 1 ? group.layers.front()
                                  : fmt::format("{} .. {} ({} layers)", group.layers.front(),
                                                group.layers.back(), group.layers.size());
}

/// Calls visit(first pixel, last pixel) for what a span touches.
template <class Visit>
void visit_pixels(const Span& span, double cycles, std::size_t pixels, const Visit& visit) {
  const double scale = static_cast<double>(pixels) / cycles;
  const auto last = static_cast<double>(pixels - 1);
  const auto first = static_cast<std::size_t>(std::clamp(span.begin * scale, 0.0, last));
  // A span that ends where a pixel begins is not in it.
  const auto end = static_cast<std::size_t>(std::clamp(std::ceil(span.end * scale) - 1, 0.0, last));
  for (std::size_t p = first; p <= std::max(first, end); ++p) visit(p);
}

/// Steps of a fused group, one image after the other.
void add_steps(const FusionReport& report, const chip::FusedGroup& group, double at,
               GroupSpans& spans) {
  const chip::GroupTimeline& line = group.cost->timeline;
  const chip::GroupSchedule& schedule = group.plan->schedule;
  const chip::Group shape = make_group(report.graph, group.slice, schedule.read_again);
  const chip::TileScans scans(shape, schedule);
  const chip::TiledGroup tiled(shape, scans, schedule.outer);
  const std::vector<std::int64_t> live =
      line.stages.empty() ? tiled.live_bits_by_step(schedule)
                          : live_bits_by_slot(shape, tiled.scan(), line.stages, schedule);
  const chip::GroupRoom& room = group.plan->room;
  const double fixed = bits(room.total() - room.live.bits);
  const bool overlaps = report.machine.room.double_buffered;
  spans.layers.resize(shape.layers.size());
  const auto transfer = [&](double cycles) {
    if (cycles > 0) {
      spans.dram.push_back({at, at + cycles, cycles});
      spans.room.push_back({at, at + cycles, fixed});
    }
    at += cycles;
  };
  transfer(bits(line.prologue_cycles));
  /// A layer at work from `begin` on; returns when it ends.
  const auto busy = [&](std::size_t layer, std::int64_t step, double begin) {
    const double cycles = bits(line.step(step).layers[layer].cycles);
    if (cycles > 0) spans.layers[layer].push_back({begin, begin + cycles, cycles});
    return begin + cycles;
  };
  /// Stages side by side, the layers of a stage one after the other; returns when the last ends.
  const auto work = [&](std::int64_t number, double begin) {
    std::vector<double> ends(line.stages.empty() ? 1 : line.stages.back() + 1, begin);
    for (std::size_t l = 0; l < shape.layers.size(); ++l) {
      const std::size_t stage = line.stages.empty() ? 0 : line.stages[l];
      const std::int64_t step = number - static_cast<std::int64_t>(stage);
      if (step >= 0 && step < line.steps()) ends[stage] = busy(l, step, ends[stage]);
    }
    return *std::max_element(ends.begin(), ends.end());
  };
  for (std::int64_t image = 0; image < line.images; ++image) {
    for (std::size_t k = 0; k < line.slots.size(); ++k) {
      const chip::SlotWork& slot = line.slot(image, k);
      const double moved = bits(slot.transfer_cycles), cycles = bits(slot.cycles);
      if (moved > 0) spans.dram.push_back({at, at + moved, moved});
      const double begin = overlaps ? at : at + moved;
      const double end = work(static_cast<std::int64_t>(k), begin);
      if (end > begin) spans.array.push_back({begin, end, end - begin});
      spans.room.push_back({at, at + cycles, fixed + bits(live[k])});
      at += cycles;
    }
  }
  transfer(bits(line.epilogue_cycles));
}

/// Calls visit(group, start).
template <class Visit>
void visit_groups(const FusionReport& report, const Visit& visit) {
  double at = 0.0;
  for (std::size_t g = 0; g < report.fusion.groups.size(); ++g) {
    visit(g, at);
    at += bits(report.fusion.groups[g].total.cycles);
  }
}

Scale cycles_scale(const FusionReport& report, const Box& area) {
  Scale x =
      Scale::linear(0.0, bits(std::max<std::int64_t>(1, report.fusion.total.cycles)) * 1e-3, 8);
  x.on(area.x, area.right());
  return x;
}

/// Busy time as bars whose height is the share of the pixel.
void draw_lane(Svg& svg, const Scale& x, const std::vector<double>& shares, double cycles,
               const Box& lane, std::string_view css, double tolerance = 0.02) {
  for (std::size_t p = 0; p < shares.size();) {
    std::size_t end = p + 1;
    while (end < shares.size() && (shares[end] > 0) == (shares[p] > 0) &&
           std::abs(shares[end] - shares[p]) < tolerance)
      ++end;
    const double height = std::min(1.0, shares[p]) * lane.height;
    const auto pixel = [&](std::size_t at) {
      return x(cycles * 1e-3 * static_cast<double>(at) / static_cast<double>(shares.size()));
    };
    if (height > 0.05)
      svg.rect({pixel(p), lane.bottom() - height, pixel(end) - pixel(p), height},
               fmt::format("{} crisp", css));
    p = end;
  }
}

}  // namespace

std::vector<double> largest_by_pixel(const std::vector<Span>& spans, double cycles,
                                     std::size_t pixels) {
  std::vector<double> largest(pixels, 0.0);
  for (const Span& span : spans)
    visit_pixels(span, cycles, pixels,
                 [&](std::size_t p) { largest[p] = std::max(largest[p], span.amount); });
  return largest;
}

std::vector<double> share_by_pixel(const std::vector<Span>& spans, double cycles,
                                   std::size_t pixels) {
  std::vector<double> shares(pixels, 0.0);
  const double width = cycles / static_cast<double>(pixels);
  for (const Span& span : spans) {
    if (span.end <= span.begin) continue;
    visit_pixels(span, cycles, pixels, [&](std::size_t p) {
      const double from = std::max(span.begin, width * static_cast<double>(p));
      const double to = std::min(span.end, width * static_cast<double>(p + 1));
      shares[p] += std::max(0.0, to - from) * span.amount / (span.end - span.begin) / width;
    });
  }
  return shares;
}

GroupSpans spans_of(const FusionReport& report, std::size_t group_number, double start) {
  const chip::FusedGroup& group = report.fusion.groups[group_number];
  GroupSpans spans;
  if (group.cost) {
    add_steps(report, group, start, spans);
    return spans;
  }
  const double end = start + bits(group.total.cycles);
  spans.room.push_back({start, end, bits(group.peak_buffer_bits)});
  if (!group.alone) return spans;
  const chip::Cost& cost = group.alone->cost;
  spans.array.push_back({start, end, bits(cost.compute_cycles)});
  spans.dram.push_back({start, end, bits(cost.levels.front().bandwidth_cycles)});
  spans.layers.push_back(spans.array);
  return spans;
}

std::string fusion_timeline_chart(const FusionReport& report) {
  constexpr double kLane = 36.0;
  const std::size_t layers = report.graph.layers.size();
  const double row = layers <= 60 ? 14.0 : 6.0;
  const double height = 200.0 + row * static_cast<double>(layers);
  Svg svg(kWidth, height, "What runs where and when");
  const Box area = plot_area(kWidth, height, {kNames, 40.0, 6.0, 42.0});
  const Scale x = cycles_scale(report, area);
  draw_axes(svg, area, x, Scale{}, "time (1000 cycles)", "");
  const double cycles = bits(std::max<std::int64_t>(1, report.fusion.total.cycles));
  std::vector<Span> array, dram;
  const double top = area.y + 6.0;
  double lane = top + 3.0 * (kLane + 10.0);
  visit_groups(report, [&](std::size_t g, double start) {
    const chip::FusedGroup& group = report.fusion.groups[g];
    const GroupSpans spans = spans_of(report, g, start);
    array.insert(array.end(), spans.array.begin(), spans.array.end());
    dram.insert(dram.end(), spans.dram.begin(), spans.dram.end());
    for (std::size_t l = 0; l < spans.layers.size(); ++l) {
      draw_lane(svg, x, share_by_pixel(spans.layers[l], cycles, kPixels), cycles,
                {area.x, lane, area.width, row - 1.0}, fmt::format("c{}", g % 8), 0.1);
      if (row > 10.0)
        svg.text({kNames - 10.0, lane + 10.0}, cut(group.layers[l], 26), "small", Anchor::end);
      lane += row;
    }
    const double from = x(start * 1e-3), to = x((start + bits(group.total.cycles)) * 1e-3);
    const std::string steps =
        group.plan ? fmt::format("{} steps", count_text(group.plan->steps)) : "by itself";
    svg.rect({from, top, to - from, kLane}, fmt::format("c{}", g % 8),
             fmt::format("group {}: {}\n{}, cycles {} to {}", g + 1, group_name(group), steps,
                         count_text(static_cast<std::int64_t>(start)),
                         count_text(static_cast<std::int64_t>(start) + group.total.cycles)));
    const std::string number = fmt::format("{}", g + 1);
    if (to - from > text_width(number) + 4.0)
      svg.text({(from + to) / 2, top + 22.0}, number, "label", Anchor::middle);
  });
  const Box upper{area.x, top + kLane + 10.0, area.width, kLane};
  const Box lower{area.x, upper.bottom() + 10.0, area.width, kLane};
  draw_lane(svg, x, share_by_pixel(array, cycles, kPixels), cycles, upper, "c2");
  draw_lane(svg, x, share_by_pixel(dram, cycles, kPixels), cycles, lower, "c1");
  if (std::all_of(dram.begin(), dram.end(), [](const Span& span) { return span.amount == 0.0; }))
    svg.text({area.x + area.width / 2, lower.y + 22.0},
             "never busy: the machine does not limit its bandwidth", "label roof-text",
             Anchor::middle);
  svg.text({kNames - 10.0, top + 22.0}, "group", "name", Anchor::end);
  svg.text({kNames - 10.0, upper.y + 22.0}, "PE array", "name", Anchor::end);
  svg.text({kNames - 10.0, lower.y + 22.0}, "DRAM port", "name", Anchor::end);
  return svg.str();
}

std::string occupancy_chart(const FusionReport& report) {
  constexpr double kHeight = 300.0;
  std::int64_t capacity = report.machine.room.feature_bits;
  if (report.machine.room.weight_bits) capacity += *report.machine.room.weight_bits;
  double most = bits(capacity);
  for (const auto& group : report.fusion.groups)
    most = std::max(most, bits(group.peak_buffer_bits));
  const Unit unit = bytes_unit(most);
  Svg svg(kWidth, kHeight, "Buffer occupancy over time");
  const Box area = plot_area(kWidth, kHeight, {kNames, 40.0, 16.0, 42.0});
  const Scale x = cycles_scale(report, area);
  Scale y = Scale::linear(0.0, most * unit.factor, 6);
  y.on(area.bottom(), area.y);
  draw_axes(svg, area, x, y, "time (1000 cycles)", fmt::format("buffer ({})", unit.name));
  const double cycles = bits(std::max<std::int64_t>(1, report.fusion.total.cycles));
  visit_groups(report, [&](std::size_t g, double start) {
    const chip::FusedGroup& group = report.fusion.groups[g];
    const double length = bits(group.total.cycles);
    const double from = x(start * 1e-3), to = x((start + length) * 1e-3);
    const auto pixels = static_cast<std::size_t>(
        std::clamp(std::ceil(length / cycles * static_cast<double>(kPixels)), 1.0, bits(kPixels)));
    std::vector<Span> spans = spans_of(report, g, 0.0).room;
    const std::vector<double> room = largest_by_pixel(spans, std::max(1.0, length), pixels);
    for (std::size_t p = 0; p < pixels;) {
      std::size_t end = p + 1;
      while (end < pixels && room[end] == room[p]) ++end;
      const auto at = [&](std::size_t place) {
        return from + (to - from) * static_cast<double>(place) / static_cast<double>(pixels);
      };
      const double level = y(room[p] * unit.factor);
      svg.rect({at(p), level, at(end) - at(p), area.bottom() - level},
               fmt::format("c{} crisp", g % 8),
               fmt::format("group {}: {}\n{} bits here, {} at most", g + 1, group_name(group),
                           count_text(static_cast<std::int64_t>(room[p])),
                           count_text(group.peak_buffer_bits)));
      p = end;
    }
  });
  const double line = y(bits(capacity) * unit.factor);
  svg.line({area.x, line}, {area.right(), line}, "roof");
  svg.text({area.right() - 4.0, line - 5.0}, fmt::format("capacity {}", bytes_text(bits(capacity))),
           "label roof-text", Anchor::end);
  return svg.str();
}

std::string tensor_traffic_chart(const FusionReport& report) {
  constexpr double kRow = 22.0, kNameColumn = 250.0;
  std::vector<chip::TensorBits> tensors = tensor_bits(report.fusion, report.graph);
  const auto most = [](const chip::TensorBits& tensor) {
    return std::max({tensor.fused_bits, tensor.single_bits.value_or(0), tensor.compulsory_bits});
  };
  chip::TensorBits rest{"", false, 0, std::nullopt, 0};
  if (tensors.size() > kMostTensors) {
    std::vector<std::int64_t> sizes;
    for (const auto& tensor : tensors) sizes.push_back(most(tensor));
    std::nth_element(sizes.begin(), sizes.begin() + kMostTensors, sizes.end(), std::greater<>());
    const std::int64_t least = sizes[kMostTensors];
    std::size_t left_out = 0;
    std::erase_if(tensors, [&](const chip::TensorBits& tensor) {
      if (most(tensor) > least) return false;
      rest.fused_bits += tensor.fused_bits;
      rest.compulsory_bits += tensor.compulsory_bits;
      if (tensor.single_bits) rest.single_bits = rest.single_bits.value_or(0) + *tensor.single_bits;
      ++left_out;
      return true;
    });
    rest.name = fmt::format("{} smaller ones together", left_out);
    tensors.push_back(rest);
  }
  double largest = 1.0;
  for (const auto& tensor : tensors) largest = std::max(largest, bits(most(tensor)));
  const Unit unit = bytes_unit(largest);
  const double height = static_cast<double>(tensors.size()) * kRow + 50.0;
  Svg svg(kWidth, height, "DRAM traffic by tensor");
  const Box area = plot_area(kWidth, height, {kNameColumn, 90.0, 4.0, 42.0});
  Scale x = Scale::linear(0.0, largest * unit.factor, 8);
  x.on(area.x, area.right());
  draw_axes(svg, area, x, Scale{}, fmt::format("DRAM traffic ({})", unit.name), "");
  double y = area.y;
  for (const auto& tensor : tensors) {
    const std::string label = tensor.is_weights ? "weights of " + tensor.name : tensor.name;
    svg.text({area.x - 8.0, y + 15.0}, cut(label, 36), "name", Anchor::end);
    const std::string single = tensor.single_bits ? count_text(*tensor.single_bits) : "unknown";
    const std::string hover =
        fmt::format("{}\nfused {} bits\nsingle layers {} bits\ncompulsory {} bits", label,
                    count_text(tensor.fused_bits), single, count_text(tensor.compulsory_bits));
    const auto bar = [&](std::int64_t amount, double from, double thick, std::string_view css) {
      svg.rect({area.x, from, x(bits(amount) * unit.factor) - area.x, thick}, css, hover);
    };
    bar(tensor.fused_bits, y + 2.0, 8.0, "front");
    if (tensor.single_bits) bar(*tensor.single_bits, y + 11.0, 7.0, "seen");
    const double bound = x(bits(tensor.compulsory_bits) * unit.factor);
    svg.line({bound, y + 1.0}, {bound, y + 19.0}, "roof");
    y += kRow;
  }
  return svg.str();
}

}  // namespace hwflow::report
