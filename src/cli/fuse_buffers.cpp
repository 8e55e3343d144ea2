#include "cli/fuse_buffers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "report/buffer_page.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostBits = std::int64_t{1} << 50;
constexpr double kBitsOfKib = 8192.0;
constexpr const char* kHint =
    "a list such as 32KiB,64KiB,1MiB or a range such as 32KiB:2MiB; "
    "units KiB, MiB, bits (none: bits)";

std::optional<std::int64_t> bits_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "bits" || unit == "bit") return 1;
  if (unit == "KiB") return std::int64_t{8} << 10;
  if (unit == "MiB") return std::int64_t{8} << 20;
  return std::nullopt;
}

/// Bits of one size.
std::optional<std::int64_t> parse_size(std::string_view text, Diagnostics& problems) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::invalid_argument) {
    problems.push_back({"--buffers", fmt::format("'{}' is no size", text), kHint});
    return std::nullopt;
  }
  const std::string_view word(rest, static_cast<std::size_t>(end - rest));
  const auto unit = bits_of_unit(word);
  if (!unit) {
    std::string hint = nearest_name_hint(std::string(word), {"KiB", "MiB", "bits"});
    problems.push_back({"--buffers", fmt::format("'{}' has an unknown unit '{}'", text, word),
                        hint.empty() ? kHint : std::move(hint)});
    return std::nullopt;
  }
  if (error != std::errc() || number < 1 || number > kMostBits / *unit) {
    problems.push_back({"--buffers", fmt::format("'{}' is out of range", text),
                        fmt::format("1 to {} bits", kMostBits)});
    return std::nullopt;
  }
  return number * *unit;
}

chip::BufferSizes parse_list(const std::string& text, char separator, Diagnostics& problems) {
  chip::BufferSizes sizes;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    const auto size = parse_size(std::string_view(text).substr(from, to - from), problems);
    if (size) sizes.push_back(*size);
    from = to + 1;
  }
  return sizes;
}

chip::BufferRange parse_range(const BufferArguments& arguments, Diagnostics& problems) {
  const std::size_t before = problems.size();
  const chip::BufferSizes ends = parse_list(arguments.sizes, ':', problems);
  chip::BufferRange range;
  range.step = arguments.step.value_or(range.step);
  if (problems.size() > before) return range;
  if (ends.size() != 2 || arguments.sizes.find(',') != std::string::npos) {
    problems.push_back(
        {"--buffers", fmt::format("'{}' is neither a list nor a range", arguments.sizes), kHint});
  } else if (ends[0] > ends[1]) {
    problems.push_back({"--buffers", fmt::format("'{}' ends before it begins", arguments.sizes),
                        "the smaller size first"});
  } else {
    range.least_bits = ends[0];
    range.most_bits = ends[1];
  }
  return range;
}

std::string size_text(std::int64_t bits) {
  return fmt::format("{:.6g} KiB", static_cast<double>(bits) / kBitsOfKib);
}

double saved(double before, double after) { return before > 0 ? 100 * (1 - after / before) : 0.0; }

std::string certificate(const chip::NetworkFusion& fusion) {
  return fusion.optimal ? "proved" : fmt::format("gap {:.2f} %", 100 * fusion.gap());
}

void print_front(const chip::BufferFront& front, const FusionTitle& title) {
  fmt::print("{} on {}, least {} by size of the buffer\n\n", title.network, title.accelerator,
             name(title.objective));
  fmt::print("{:>13}  {:>13}  {:>11}  {:>11}  {:>12}  {:>6}  {:>8}  {:>13}\n", "buffer", "holds",
             "DRAM bits", "energy pJ", "cycles", "groups", "saved", "certificate");
  bool any_dominated = false;
  for (const chip::BufferPoint& point : front.points) {
    const chip::NetworkFusion& fusion = point.fusion;
    const auto before = report::single_layer_value(fusion, title.objective);
    any_dominated = any_dominated || point.is_dominated;
    fmt::print("{:>13}  {:>13}  {:>11.5g}  {:>11.5g}  {:>12}  {:>6}  {:>8}  {:>13}{}\n",
               size_text(point.buffer_bits), size_text(point.peak_bits),
               static_cast<double>(fusion.total.dram_bits), fusion.total.energy_pj,
               fusion.total.cycles, fusion.groups.size(),
               before ? fmt::format("{:.2f} %", saved(*before, fusion.value)) : "-",
               certificate(fusion), point.is_dominated ? "  *" : "");
  }
  fmt::print("\nsaved: {} against single layers with the same buffer{}\n", name(title.objective),
             any_dominated ? "; *: another point holds no more and costs no more" : "");
  if (front.too_small_bits)
    fmt::print("nothing fits into {} or less\n", size_text(*front.too_small_bits));
  fmt::print("{} points, {:.2f} s\n", front.points.size(), front.seconds);
}

Json to_json(const chip::BufferFront& front, const chip::BufferSweep& sweep,
             const chip::FusionGraph& graph, const FusionTitle& title) {
  Json points = Json::array();
  FusionTitle alike = title;
  alike.notes.clear();
  for (const chip::BufferPoint& point : front.points) {
    Json json = to_json(point.fusion, graph, point.machine, alike);
    json["peak_bits"] = point.peak_bits;
    json["dominated"] = point.is_dominated;
    points.push_back(std::move(json));
  }
  Json json{{"network", title.network},           {"accelerator", title.accelerator},
            {"objective", name(title.objective)}, {"notes", title.notes},
            {"seconds", front.seconds},           {"threads", title.threads}};
  if (const auto* range = std::get_if<chip::BufferRange>(&sweep.sizes))
    json["buffers"] = {
        {"least_bits", range->least_bits}, {"most_bits", range->most_bits}, {"step", range->step}};
  else
    json["buffers"] = std::get<chip::BufferSizes>(sweep.sizes);
  json["complete"] = front.is_complete;
  json["too_small_bits"] = front.too_small_bits ? Json(*front.too_small_bits) : Json(nullptr);
  json["points"] = std::move(points);
  return json;
}

}  // namespace

chip::BufferSweep buffer_sweep(const BufferArguments& arguments, Diagnostics& problems) {
  chip::BufferSweep sweep;
  const bool is_range = arguments.sizes.find(':') != std::string::npos;
  if (is_range)
    sweep.sizes = parse_range(arguments, problems);
  else
    sweep.sizes = parse_list(arguments.sizes, ',', problems);
  if (!arguments.step) return sweep;
  if (!(*arguments.step >= 0.0 && std::isfinite(*arguments.step)))
    problems.push_back({"--buffer-step",
                        fmt::format("must be a number >= 0, got {}", *arguments.step),
                        "a share such as 0.1; 0: every point"});
  if (!is_range)
    problems.push_back({"--buffer-step", "is of a range of --buffers only",
                        "leave it out, or state a range such as --buffers 32KiB:2MiB"});
  return sweep;
}

int run_fuse_buffers(const chip::FusionGraph& graph, const chip::Accelerator& accelerator,
                     const chip::BufferSweep& sweep, const chip::FusionOptions& options,
                     const GlobalOptions& global, FusionTitle title) {
  const InterruptWatch interrupts;
  ProgressLine line(global.quiet, Log(global.logs()));
  const auto front = chip::fuse_buffers(
      graph, accelerator, sweep, options,
      [&line](std::int64_t bits, std::size_t points, std::int64_t slices) {
        line.show({"buffers", static_cast<std::int64_t>(points), 0,
                   fmt::format("{}, {} slices searched", size_text(bits), slices)});
      },
      interrupts.token());
  line.close();
  if (!front) return report_unmapped(front.error());
  if (!front->is_complete) title.notes.emplace_back("interrupted: the sizes searched by then");
  const chip::FusionMachine& machine = front->points.front().machine;
  if (machine.room.weight_bits)
    title.notes.push_back(fmt::format("the buffer of weights keeps its {} bits at every size",
                                      *machine.room.weight_bits));
  if (global.out)
    report::write_buffer_page({*front, graph.name, title.accelerator, title.objective,
                               machine.whole.fields().clock_mhz, title.notes},
                              *global.out);
  write_json_tree(global, to_json(*front, sweep, graph, title));
  if (!global.quiet && global.json != "-") {
    print_front(*front, title);
    for (const std::string& note : title.notes) fmt::print("note: {}\n", note);
    if (global.out) fmt::print("report: {}\n", (*global.out / "buffers.html").string());
  }
  return kDone;
}

}  // namespace hwflow::cli
