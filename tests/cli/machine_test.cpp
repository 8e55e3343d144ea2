#include "cli/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace hwflow::cli {
namespace {

TEST(ProcessorName, IsThatOfTheFirstProcessor) {
  EXPECT_EQ(processor_name("processor\t: 0\nmodel name\t: Some CPU 7B13\nflags\t: a\n"
                           "processor\t: 1\nmodel name\t: Another\n"),
            "Some CPU 7B13");
}

TEST(ProcessorName, IsUnknownWhereTheTextSaysNone) {
  EXPECT_EQ(processor_name(""), "unknown processor");
  EXPECT_EQ(processor_name("BogoMIPS : 50.00\n"), "unknown processor");
  EXPECT_EQ(processor_name("model name"), "unknown processor");
  EXPECT_EQ(processor_name("model name\t:\nflags : x\n"), "unknown processor");
  EXPECT_EQ(processor_name("model name\t: \n"), "unknown processor");
}

TEST(MachineText, NamesSystemCompilerAndLibrary) {
  utsname system{};
  ASSERT_EQ(uname(&system), 0);
  const std::string text = machine_text();
  EXPECT_THAT(text, testing::HasSubstr(system.release));
  EXPECT_THAT(text, testing::HasSubstr(" core"));
  EXPECT_THAT(text, testing::HasSubstr("libtorch "));
}

}  // namespace
}  // namespace hwflow::cli
