#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "chip/arch/accelerator_format.hpp"

namespace hwflow::chip {
namespace {

TEST(AcceleratorFormat, ShippedPageIsTheGeneratedOne) {
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  const std::string path = std::string(root) + "/docs/formats/accelerator.md";
  std::ifstream stream(path);
  const std::string shipped{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  if (std::getenv("HWFLOW_APPROVE") != nullptr) {
    std::ofstream(path) << accelerator_manual();
    return;
  }
  EXPECT_EQ(shipped, accelerator_manual()) << "HWFLOW_APPROVE=1 writes " << path;
}

TEST(AcceleratorFormat, JsonSchemasNameEveryKey) {
  for (const char* key : {"\"levels\"", "\"capacity_bits\"", "\"hop_energy\"", "\"bit_serial\""}) {
    EXPECT_NE(accelerator_json_schema().find(key), std::string::npos) << key;
  }
  for (const char* key : {"\"memories\"", "\"access_bits\"", "\"normalised\""}) {
    EXPECT_NE(energy_table_json_schema().find(key), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace hwflow::chip
