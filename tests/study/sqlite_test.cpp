#include "study/sqlite.hpp"

#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

TEST(Database, ReadsBackWhatItWasGiven) {
  const TemporaryFolder folder;
  const Database database(folder.path() / "a.sqlite");
  database.run("CREATE TABLE t (i INTEGER, s TEXT, b BLOB)");
  const std::string bytes("zero\0inside", 11);
  database.prepare("INSERT INTO t VALUES (?, ?, ?)")
      .bind(1, std::int64_t{1} << 60)
      .bind(2, "it's")
      .bind_blob(3, bytes)
      .step();
  Statement select = database.prepare("SELECT i, s, b FROM t");
  ASSERT_TRUE(select.step());
  EXPECT_EQ(select.integer(0), std::int64_t{1} << 60);
  EXPECT_EQ(select.text(1), "it's");
  EXPECT_EQ(select.text(2), bytes);
  EXPECT_FALSE(select.step());
}

TEST(Database, ErrorsNameTheFile) {
  const TemporaryFolder folder;
  const Database database(folder.path() / "a.sqlite");
  try {
    database.run("SELECT * FROM nowhere");
    FAIL() << "no error";
  } catch (const SqliteError& error) {
    EXPECT_NE(std::string(error.what()).find("a.sqlite"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos);
  }
}

}  // namespace
}  // namespace hwflow::study
