#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace hwflow::testing {

/// `text` with the first `from` replaced; the test fails where there is none.
inline std::string edited(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// One change that makes a good text wrong, and what its reader must say of it.
struct Wrong {
  const char* from;
  const char* to;
  const char* message;
};

/// `problems_of` reads a text and says what is wrong with it, or "accepted".
template <class ProblemsOf>
void expect_refusals(const std::string& good, const ProblemsOf& problems_of,
                     std::initializer_list<Wrong> wrongs) {
  for (const auto& [from, to, message] : wrongs) {
    const std::string problems = problems_of(edited(good, from, to));
    EXPECT_THAT(problems, ::testing::HasSubstr(message)) << to;
    EXPECT_NE(problems, "accepted") << to;
  }
}

}  // namespace hwflow::testing
