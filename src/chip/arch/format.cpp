#include "chip/arch/format.hpp"

#include <fmt/format.h>

#include <array>

namespace hwflow::chip {
namespace {

constexpr std::array kFormats{Format::hwflow, Format::timeloop, Format::timeloop_0_3,
                              Format::zigzag};

}  // namespace

std::string_view name(Format format) {
  switch (format) {
    case Format::hwflow: return "hwflow";
    case Format::timeloop: return "timeloop";
    case Format::timeloop_0_3: return "timeloop-0.3";
    case Format::zigzag: return "zigzag";
  }
  return "";
}

Expected<Format> format_from_name(std::string_view text) {
  std::vector<std::string_view> names;
  for (const Format format : kFormats) {
    if (name(format) == text) return format;
    names.push_back(name(format));
  }
  return Unexpected{Diagnostics{{"--to", fmt::format("no format '{}'", text),
                                 fmt::format("one of {}", fmt::join(names, ", "))}}};
}

}  // namespace hwflow::chip
