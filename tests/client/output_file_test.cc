#include "client/output_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "client/folder.h"
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

TEST(OutputFileTest, TheOldFileStaysUntilTheNewOneIsKept) {
  TempDir folder;
  WriteFile(folder / "x", "old");
  OutputFile file;
  ASSERT_THAT(file.Open(folder / "x"), IsOk());
  ASSERT_THAT(file.Append("ne"), IsOk());
  ASSERT_THAT(file.Append("w"), IsOk());
  EXPECT_EQ(ReadFile(folder / "x").value(), "old");
  ASSERT_THAT(file.Keep(), IsOk());
  EXPECT_EQ(ReadFile(folder / "x").value(), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
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
  fs::create_symlink("later", folder / "far/there");
  fs::create_symlink("far/there", folder / "dangling");
  ASSERT_THAT(WriteWhole(folder / "link", "new"), IsOk());
  ASSERT_THAT(WriteWhole(folder / "dangling", "made"), IsOk());
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
  EXPECT_EQ(ReadFile(folder / "far/target").value(), "new");
  EXPECT_EQ(ReadFile(folder / "far/later").value(), "made");
}

TEST(OutputFileTest, APipeTakesTheBytesAndStays) {
  TempDir folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::fstream pipe(folder / "pipe",
                    std::ios::in | std::ios::out);  // so that nobody waits for the other side
  EXPECT_THAT(WriteWhole(folder / "pipe", "through\n"), IsOk());
  std::string line;
  std::getline(pipe, line);
  EXPECT_EQ(line, "through");
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
}

TEST(OutputFileTest, AFullDiskIsSaid) {
  EXPECT_THAT(WriteWhole("/dev/full", "new"),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("No space left")));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST(OutputFileTest, TheNewFileHasTheModeOfTheOld) {
  TempDir folder;
  WriteFile(folder / "x", "old");
  fs::permissions(folder / "x", fs::perms(0640));
  ASSERT_THAT(WriteWhole(folder / "x", "new"), IsOk());
  EXPECT_EQ(fs::status(folder / "x").permissions(), fs::perms(0640));
  ASSERT_THAT(WriteWhole(folder / "y", "new"), IsOk());
  WriteFile(folder / "z", "plain");
  EXPECT_EQ(fs::status(folder / "y").permissions(), fs::status(folder / "z").permissions());
}

TEST(OutputFileTest, AFolderAndOneThatIsMissingAreRefused) {
  TempDir folder;
  EXPECT_THAT(WriteWhole(folder.path(), "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
  EXPECT_THAT(WriteWhole(folder / "no/x", "x"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("make it first")));
}

}  // namespace
}  // namespace timbre::client
