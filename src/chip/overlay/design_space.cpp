#include "chip/overlay/design_space.hpp"

#include <fmt/format.h>

#include <bit>
#include <string>

#include "base/ceil_div.hpp"
#include "base/check.hpp"

namespace hwflow::chip {
namespace {

constexpr std::int64_t kMostRows = 256;
constexpr std::int64_t kMostEntries = 1 << 16;

bool is_power_of_two(std::int64_t value) {
  return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value));
}

void require_range(const char* key, std::int64_t value, std::int64_t least, std::int64_t most,
                   Diagnostics& problems) {
  if (value < least || value > most)
    problems.push_back({key, fmt::format("must be in [{}, {}], got {}", least, most, value), ""});
}

std::int64_t compressor_depth(std::int64_t dk) {
  switch (dk) {
    case 32: return 2;
    case 64:
    case 128: return 3;
    case 256: return 4;
    default: return 5;
  }
}

void check_dk(std::int64_t dk, const OverlayOptions& options, Diagnostics& problems) {
  if (dk < 32 || dk > 512 || !is_power_of_two(dk)) {
    problems.push_back({"dk", fmt::format("must be 32, 64, 128, 256 or 512, got {}", dk), ""});
  } else if (dk % options.fetch_channel_bits != 0) {
    problems.push_back({"dk",
                        fmt::format("must be a multiple of the fetch channel of {} bits, got {}",
                                    options.fetch_channel_bits, dk),
                        ""});
  }
}

void check_word(const char* key, std::int64_t rows, std::int64_t dk, const OverlayOptions& options,
                Diagnostics& problems) {
  if (rows * dk > options.stripe_bytes * 8) {
    problems.push_back({key,
                        fmt::format("{} rows of {} bits are more than the {} bytes of one fetch",
                                    rows, dk, options.stripe_bytes),
                        ""});
  }
}

}  // namespace

std::string_view name(PipelineFill fill) {
  switch (fill) {
    case PipelineFill::per_run: return "per_run";
    case PipelineFill::per_sync: return "per_sync";
    case PipelineFill::hidden: return "hidden";
  }
  return "";
}

std::string_view name(Im2col im2col) { return im2col == Im2col::in_dram ? "in_dram" : "on_chip"; }

std::string_view name(ResultWidth width) {
  return width == ResultWidth::accumulator ? "accumulator" : "outputs";
}

std::string_view name(ScheduleRule rule) {
  switch (rule) {
    case ScheduleRule::cycles: return "cycles";
    case ScheduleRule::dram: return "dram";
    case ScheduleRule::balanced: return "balanced";
  }
  return "";
}

Diagnostics validate(const OverlayOptions& options) {
  Diagnostics problems;
  const auto require_channel = [&problems](const char* key, std::int64_t bits) {
    if (bits < 8 || bits > 512 || !is_power_of_two(bits))
      problems.push_back(
          {key, fmt::format("must be a power of two in [8, 512], got {}", bits), ""});
  };
  require_channel("fetch_channel_bits", options.fetch_channel_bits);
  require_channel("result_channel_bits", options.result_channel_bits);
  require_range("regions", options.regions, 2, 64, problems);
  require_range("stripe_bytes", options.stripe_bytes, 1, std::int64_t{1} << 30, problems);
  require_range("base_bram36", options.base_bram36, 0, 1'000'000, problems);
  if (!(options.base_lut >= 0.0 && options.base_lut <= 1e9))
    problems.push_back(
        {"base_lut", fmt::format("must be in [0, 1e9], got {}", options.base_lut), ""});
  return problems;
}

std::int64_t pipeline_depth(BismoModel model, std::int64_t dk) {
  constexpr std::int64_t kMemoryAndBroadcast = 3 + 1;
  if (model == BismoModel::trets19) return kMemoryAndBroadcast + 3 + compressor_depth(dk);
  // 6 registers of the unit, 2 around the counters, 1 for every level of the tree that adds them.
  const auto counters = static_cast<std::uint64_t>(ceil_div(dk, 36));
  return kMemoryAndBroadcast + 8 + static_cast<std::int64_t>(std::bit_width(counters - 1));
}

Diagnostics validate(const BismoShape& design, const OverlayOptions& options) {
  Diagnostics problems;
  require_range("dm", design.dm, 1, kMostRows, problems);
  check_dk(design.dk, options, problems);
  require_range("dn", design.dn, 1, kMostRows, problems);
  require_range("bm", design.bm, options.regions, kMostEntries, problems);
  require_range("bn", design.bn, options.regions, kMostEntries, problems);
  if (problems.empty()) {
    check_word("dm", design.dm, design.dk, options, problems);
    check_word("dn", design.dn, design.dk, options, problems);
  }
  return problems;
}

FpgaResources overlay_resources(const BismoShape& design, const OverlayOptions& options) {
  auto resources = fpga_resources(design, options.model);
  HWFLOW_CHECK(resources.has_value(), "resources of a valid design");
  resources->lut += options.base_lut;
  resources->bram36 += options.base_bram36;
  return *resources;
}

std::vector<std::int64_t> DesignSpace::default_rows() {
  std::vector<std::int64_t> rows(16);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i) + 1;
  return rows;
}

std::vector<std::int64_t> DesignSpace::default_entries() {
  return {1024, 2048, 4096, 8192, 16'384, 32'768};
}

Diagnostics validate(const DesignSpace& space, const OverlayOptions& options) {
  Diagnostics problems;
  const auto check_list = [&](const char* key, const std::vector<std::int64_t>& values,
                              std::int64_t BismoShape::*member) {
    if (values.empty()) problems.push_back({key, "must list one value at least", ""});
    for (std::size_t i = 0; i < values.size(); ++i) {
      // All else at its smallest, so that what is said is about this value.
      BismoShape design{1, space.dk.empty() ? 64 : space.dk.front(), 1, kMostEntries, kMostEntries};
      design.*member = values[i];
      for (Diagnostic& problem : validate(design, options)) {
        if (problem.place != key) continue;
        problem.place = fmt::format("{}[{}]", key, i);
        problems.push_back(std::move(problem));
      }
      if (i > 0 && values[i] <= values[i - 1])
        problems.push_back({fmt::format("{}[{}]", key, i),
                            fmt::format("must be more than {}, got {}", values[i - 1], values[i]),
                            "list values in ascending order"});
    }
  };
  check_list("dm", space.dm, &BismoShape::dm);
  check_list("dk", space.dk, &BismoShape::dk);
  check_list("dn", space.dn, &BismoShape::dn);
  check_list("bm", space.bm, &BismoShape::bm);
  check_list("bn", space.bn, &BismoShape::bn);
  if (problems.empty()) {
    // The widest row and word together.
    for (Diagnostic& problem :
         validate(BismoShape{space.dm.back(), space.dk.back(), space.dn.back(), space.bm.back(),
                             space.bn.back()},
                  options))
      problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace hwflow::chip
