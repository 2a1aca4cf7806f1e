#include "client/folder.h"

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::client {
namespace {

using ::testing::HasSubstr;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WriteFile;

TEST(FolderTest, AFileIsReadAsItIs) {
  TempDir folder;
  const std::string content("a\0b\r\n\xFF", 6);
  WriteFile(folder / "x", content);
  TIMBRE_ASSERT_OK_AND_ASSIGN(const std::string read, ReadFile(folder / "x"));
  EXPECT_EQ(read, content);
}

TEST(FolderTest, AFileThatIsMissingIsNamed) {
  EXPECT_THAT(ReadFile("/no/such/song.mp3"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("song.mp3")));
}

TEST(FolderTest, AFolderIsNotReadAsAFile) {
  TempDir folder;
  EXPECT_THAT(ReadFile(folder.path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("folder")));
}

TEST(FolderTest, AFolderThatIsMissingIsNotFound) {
  EXPECT_THAT(ScanFolder("/no/such/folder"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace timbre::client
