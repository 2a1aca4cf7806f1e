#include "core/dataset/source_folder.h"

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::timbre::testing::IsOk;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;

class SourceFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_.path() / "rock" / "live");
    fs::create_directory_symlink(outside_.path(), root_.path() / "out");
    fs::create_directory_symlink(root_.path() / "rock", root_.path() / "alias");
  }

  TempDir root_;
  TempDir outside_;
};

TEST_F(SourceFolderTest, AFolderUnderTheRootIsFoundAlsoThroughALinkThatStaysInside) {
  for (const char* path : {"rock", "rock/live/..", "./rock/", "alias"}) {
    TIMBRE_ASSERT_OK_AND_ASSIGN(const fs::path found, ResolveSource(root_.path(), path));
    EXPECT_EQ(found, fs::canonical(root_.path() / "rock")) << path;
  }
  EXPECT_THAT(ResolveSource(root_.path(), ""), IsOk());
}

TEST_F(SourceFolderTest, NoPathLeavesTheRoot) {
  const std::string nul("rock\0/../..", 11);
  for (const std::string& path :
       {std::string("../x"), std::string("/etc"), std::string("rock/../../x"), std::string("out"), nul}) {
    EXPECT_THAT(ResolveSource(root_.path(), path),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("leaves the data root")))
        << path;
  }
}

TEST_F(SourceFolderTest, AMissingFolderAndAMissingRootAreSaid) {
  EXPECT_THAT(ResolveSource(root_.path(), "jazz"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("jazz")));
  EXPECT_THAT(ResolveSource({}, "rock"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("data_root")));
}

}  // namespace
}  // namespace timbre::dataset
