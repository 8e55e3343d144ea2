#include "report/format.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hwflow::report {
namespace {

TEST(Format, PicksTheUnitThatReadsBest) {
  EXPECT_EQ(energy_text(0.0), "0 pJ");
  EXPECT_EQ(energy_text(999.4), "999 pJ");
  EXPECT_EQ(energy_text(1234.0), "1.23 nJ");
  EXPECT_EQ(energy_text(4.56e7), "45.6 \u00b5J");
  EXPECT_EQ(energy_text(7.8e14), "780 J");
  EXPECT_EQ(time_text(0.00155), "1.55 ms");
  EXPECT_EQ(time_text(2e-9), "2.00 ns");
  EXPECT_EQ(bytes_text(8.0), "1.00 B");
  EXPECT_EQ(bytes_text(8.0 * 1500.0), "1.50 kB");
  EXPECT_EQ(macs_text(640.0), "640 MAC");
  EXPECT_EQ(macs_text(41'984.0), "42.0 kMAC");
  EXPECT_EQ(macs_text(4.0551e7), "40.6 MMAC");
  EXPECT_EQ(macs_text(4.1e9), "4.10 GMAC");
}

TEST(Format, ConvertsCyclesByTheClock) {
  EXPECT_DOUBLE_EQ(seconds_of(200'000, 200.0), 1e-3);  // 2e5 cycles at 2e8 per second
  EXPECT_EQ(seconds_of(5, 0.0), 0.0);
}

TEST(Format, ShowsSharesCountsAndErrors) {
  EXPECT_EQ(percent_text(0.1234), "12.3 %");
  EXPECT_EQ(percent_text(-0.5, 0, true), "-50 %");
  EXPECT_EQ(percent_text(0.5, 0, true), "+50 %");
  EXPECT_EQ(percent_text(-0.0, 1, true), "0.0 %");
  EXPECT_EQ(percent_text(-0.0004, 1, true), "0.0 %");
  EXPECT_EQ(percent_text(-0.0006, 1, true), "-0.1 %");
  EXPECT_EQ(count_text(1234567), "1\u202f234\u202f567");
  EXPECT_EQ(count_text(-123456), "-123\u202f456");
  EXPECT_EQ(count_text(999), "999");
  // 9000 of 10000: sqrt(0.9 * 0.1 / 10000) = 0.003.
  EXPECT_EQ(accuracy_text({9000, 10000}), "90.00 \u00b1 0.30 %");
}

TEST(Format, KeepsThreeDigits) {
  EXPECT_EQ(number_text(0.0), "0");
  EXPECT_EQ(number_text(0.001234), "0.00123");
  EXPECT_EQ(number_text(1.005), "1.00");
  EXPECT_EQ(number_text(-12.34), "-12.3");
  EXPECT_EQ(number_text(1234.5), "1234");  // ties to even
  EXPECT_EQ(number_text(1.5e9), "1.5e+09");
  EXPECT_EQ(number_text(std::nan("")), "nan");
}

TEST(Format, EscapesMarkup) {
  EXPECT_EQ(escape("<a href=\"x\">'&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escape("plain \u00b5 \u202f\xf0\x9f\x98\x80\n\t"),
            "plain \u00b5 \u202f\xf0\x9f\x98\x80\n\t");
}

// Witness: table 3-7 (well-formed byte sequences) of the Unicode standard.
TEST(Format, ReplacesBytesThatAreNoText) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(escape("\x1b"), bad);
  EXPECT_EQ(escape(std::string_view("\0", 1)), bad);
  EXPECT_EQ(escape("\xff<"), bad + "&lt;");
  EXPECT_EQ(escape("\xc0\xaf"), bad + bad);                      // overlong '/'
  EXPECT_EQ(escape("\xe0\x80\xaf"), bad + bad + bad);            // overlong '/'
  EXPECT_EQ(escape("\xed\xa0\x80"), bad + bad + bad);            // surrogate
  EXPECT_EQ(escape("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // beyond U+10FFFF
  EXPECT_EQ(escape("\xe2\x82"), bad + bad);                      // cut short
  EXPECT_EQ(escape("\xef\xbf\xbf"), bad);                        // U+FFFF is no character of XML
}

TEST(Format, TimesLess) {
  EXPECT_EQ(times_less_text(3.0, 1.5), "2.00x");
  EXPECT_EQ(times_less_text(1.0, 3.0), "0.33x");
  EXPECT_EQ(times_less_text(1.0, 0.0), "-");
}

}  // namespace
}  // namespace hwflow::report
