#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run.hpp"

namespace hwflow::cli {

/// What a command line did.
struct Outcome {
  int exit_code = 0;
  std::string output, errors;
};

/// Runs hwflow in this process.
inline Outcome run_hwflow(const std::vector<std::string>& words) {
  std::vector<const char*> argv{"hwflow"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.exit_code = run(static_cast<int>(argv.size()), argv.data());
  outcome.output = testing::internal::GetCapturedStdout();
  outcome.errors = testing::internal::GetCapturedStderr();
  return outcome;
}

inline void expect_keys(const nlohmann::json& object, const std::vector<const char*>& keys) {
  for (const char* key : keys) EXPECT_TRUE(object.contains(key)) << key;
}

}  // namespace hwflow::cli
