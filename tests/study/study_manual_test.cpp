#include "study/study_manual.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "study/study.hpp"

namespace hwflow::study {
namespace {

std::string source_folder() { return std::getenv("HWFLOW_SOURCE_DIR"); }

TEST(StudyManual, ShippedPageIsTheGeneratedOne) {
  const std::string path = source_folder() + "/docs/formats/study.md";
  std::ifstream stream(path);
  const std::string shipped{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  if (std::getenv("HWFLOW_APPROVE") != nullptr) {
    std::ofstream(path) << study_manual();
    return;
  }
  EXPECT_EQ(shipped, study_manual()) << "HWFLOW_APPROVE=1 writes " << path;
}

std::string example() {
  const std::string page = study_manual();
  const std::size_t start = page.find("```yaml\n") + 8;
  return page.substr(start, page.find("```", start) - start);
}

TEST(StudyManual, ItsExampleIsAStudy) {
  const auto study = parse_study(example(), source_folder() + "/examples/example.yaml");
  ASSERT_TRUE(study.has_value()) << to_text(study.error());
  EXPECT_EQ(study->options.search.pinned.size(), 1U);
  EXPECT_EQ(study->options.finish.picks, 4);
  EXPECT_EQ(study->network.name(), "fmnist_resnet");
}

}  // namespace
}  // namespace hwflow::study
