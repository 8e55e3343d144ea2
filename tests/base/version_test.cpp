#include "base/version.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace hwflow {
namespace {

TEST(Version, IsTheOneOfTheCitationFile) {
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  std::ifstream file(std::string(root) + "/CITATION.cff");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("version: " + std::string(version())), std::string::npos);
}

}  // namespace
}  // namespace hwflow
