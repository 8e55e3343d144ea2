#include "report/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace hwflow::report {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Step {
  double size;  ///< of one unit in raw numbers
  std::string_view name;
};

/// The largest step that `largest` reaches; the first when it reaches none.
template <std::size_t kCount>
Unit pick_unit(const std::array<Step, kCount>& steps, double largest) {
  const Step* best = &steps.front();
  for (const Step& step : steps) {
    if (std::abs(largest) >= step.size) best = &step;
  }
  return {1.0 / best->size, std::string(best->name)};
}

std::string in_unit(double raw, const Unit& unit) {
  return fmt::format("{} {}", number_text(raw * unit.factor), unit.name);
}

/// Bytes of the UTF-8 character at the start of `text`, 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (length > 1) {  // overlong forms, surrogates, beyond U+10FFFF
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
  }
  return length;
}

}  // namespace

Unit energy_unit(double largest_pj) {
  static constexpr std::array<Step, 5> kSteps{
      {{1.0, "pJ"}, {1e3, "nJ"}, {1e6, "\u00b5J"}, {1e9, "mJ"}, {1e12, "J"}}};
  return pick_unit(kSteps, largest_pj);
}

Unit time_unit(double largest_seconds) {
  static constexpr std::array<Step, 4> kSteps{
      {{1e-9, "ns"}, {1e-6, "\u00b5s"}, {1e-3, "ms"}, {1.0, "s"}}};
  return pick_unit(kSteps, largest_seconds);
}

Unit bytes_unit(double largest_bits) {
  static constexpr std::array<Step, 4> kSteps{{{8.0, "B"}, {8e3, "kB"}, {8e6, "MB"}, {8e9, "GB"}}};
  return pick_unit(kSteps, largest_bits);
}

Unit macs_unit(double largest) {
  static constexpr std::array<Step, 4> kSteps{
      {{1.0, "MAC"}, {1e3, "kMAC"}, {1e6, "MMAC"}, {1e9, "GMAC"}}};
  return pick_unit(kSteps, largest);
}

std::string energy_text(double pj) { return in_unit(pj, energy_unit(pj)); }
std::string time_text(double seconds) { return in_unit(seconds, time_unit(seconds)); }
std::string bytes_text(double bits) { return in_unit(bits, bytes_unit(bits)); }
std::string macs_text(double macs) { return in_unit(macs, macs_unit(macs)); }

std::string percent_text(double share, int digits, bool sign) {
  const double percent = share * 100.0;
  // What reads as zero has no sign.
  if (std::abs(percent) < 0.5 * std::pow(10.0, -digits))
    return fmt::format("{:.{}f} %", 0.0, digits);
  return sign ? fmt::format("{:+.{}f} %", percent, digits)
              : fmt::format("{:.{}f} %", percent, digits);
}

std::string times_less_text(double whole, double part) {
  return part > 0.0 ? fmt::format("{:.2f}x", whole / part) : std::string("-");
}

std::string accuracy_text(const train::AccuracyEstimate& accuracy) {
  return fmt::format("{:.2f} \u00b1 {:.2f} %", 100.0 * accuracy.top1(),
                     100.0 * accuracy.standard_error());
}

std::string count_text(std::int64_t count) {
  const std::string digits = fmt::format("{}", count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    const bool after_digit = i > 0 && digits[i - 1] != '-';
    if (after_digit && left % 3 == 0) text += "\u202f";  // narrow no-break space
    text += digits[i];
  }
  return text;
}

std::string number_text(double x) {
  const double size = std::abs(x);
  if (x == 0.0) return "0";
  if (!std::isfinite(x) || size >= 1e6 || size < 1e-4) return fmt::format("{:.3g}", x);
  if (size >= 100.0) return fmt::format("{:.0f}", x);
  const int decimals = 2 - static_cast<int>(std::floor(std::log10(size)));
  return fmt::format("{:.{}f}", x, decimals);
}

double seconds_of(std::int64_t cycles, double clock_mhz) {
  return clock_mhz > 0.0 ? static_cast<double>(cycles) / (clock_mhz * 1e6) : 0.0;
}

std::string escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const char c = text.front();
    if (length == 0) {
      out += kReplacement;
    } else if (length > 1) {
      const bool not_a_character = text.substr(0, 3) == "\xef\xbf\xbe" ||
                                   text.substr(0, 3) == "\xef\xbf\xbf";  // U+FFFE, U+FFFF
      out += not_a_character ? kReplacement : text.substr(0, length);
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') {
      out += kReplacement;
    } else {
      out += c;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace hwflow::report
