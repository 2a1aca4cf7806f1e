#include "client/output_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::client {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;
namespace fs = std::filesystem;

std::string Slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::Status Write(const fs::path& path, const std::string& text) {
  OutputFile file;
  absl::Status status = file.Open(path);
  if (status.ok()) status = file.Append(text);
  return status.ok() ? file.Keep() : status;
}

TEST(OutputFileTest, TheOldFileStaysUntilTheNewOneIsKept) {
  TempDir folder;
  WriteFile(folder / "x", "old");
  OutputFile file;
  ASSERT_THAT(file.Open(folder / "x"), IsOk());
  ASSERT_THAT(file.Append("ne"), IsOk());
  ASSERT_THAT(file.Append("w"), IsOk());
  EXPECT_EQ(Slurp(folder / "x"), "old");
  ASSERT_THAT(file.Keep(), IsOk());
  EXPECT_EQ(Slurp(folder / "x"), "new");
  EXPECT_FALSE(fs::exists(folder / "x.partial"));
}

TEST(OutputFileTest, WhatIsNotKeptLeavesNothing) {
  TempDir folder;
  {
    OutputFile file;
    ASSERT_THAT(file.Open(folder / "x"), IsOk());
    ASSERT_THAT(file.Append("half"), IsOk());
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(OutputFileTest, ALinkStaysAndItsTargetIsWritten) {
  TempDir folder;
  fs::create_directory(folder / "far");
  WriteFile(folder / "far/target", "old");
  fs::create_symlink("far/target", folder / "link");
  fs::create_symlink("far/later", folder / "dangling");
  ASSERT_THAT(Write(folder / "link", "new"), IsOk());
  ASSERT_THAT(Write(folder / "dangling", "made"), IsOk());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
  EXPECT_EQ(Slurp(folder / "far/target"), "new");
  EXPECT_EQ(Slurp(folder / "far/later"), "made");
}

TEST(OutputFileTest, APipeTakesTheBytesAndStays) {
  TempDir folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [&] { return Slurp(folder / "pipe"); });
  EXPECT_THAT(Write(folder / "pipe", "through"), IsOk());
  EXPECT_EQ(reader.get(), "through");
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
}

TEST(OutputFileTest, AFullDiskIsSaidAndLeavesTheOldFile) {
  TempDir folder;
  WriteFile(folder / "x", "old");
  fs::create_symlink("/dev/full", folder / "x.partial");
  EXPECT_THAT(Write(folder / "x", "new"),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("No space left")));
  EXPECT_EQ(Slurp(folder / "x"), "old");
  EXPECT_FALSE(fs::is_symlink(folder / "x.partial"));
}

TEST(OutputFileTest, AFolderAndOneThatIsMissingAreRefused) {
  TempDir folder;
  EXPECT_THAT(Write(folder.path(), "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
  EXPECT_THAT(Write(folder / "no/x", "x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("make it first")));
}

}  // namespace
}  // namespace timbre::client
